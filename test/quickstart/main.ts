// Room: the tour of README.md, run as its reader runs it.
// Read main, tour.

import { parseArgs } from 'node:util'
import { Failure, messageOf } from '../../operation/failure.ts'
import { prepareGround } from '../end-to-end/stage/ground.ts'
import { stopCluster } from '../local-kubernetes/local-cluster.ts'
import { Demonstration } from './demonstration.ts'
import { tour } from './tour.ts'

const cluster = 'quickstart'

/** `npm run quickstart`: everything once, on a cluster of its own; `-- --down` removes what it made. */
const { values } = parseArgs({
  options: {
    down: { type: 'boolean', default: false },
    context: { type: 'string' },
    kubeconfig: { type: 'string' },
    'image-load': { type: 'string' },
    registry: { type: 'string' },
  },
})

async function main(): Promise<void> {
  const { down, 'image-load': imageLoad, ...target } = values
  if (down) {
    if (target.context === undefined) await stopCluster(cluster)
    else await new Demonstration(await prepareGround({ ...target, imageLoad, cluster })).remove()
    process.stderr.write('removed\n')
    return
  }
  process.stderr.write(
    'preparing a Kubernetes cluster, the plugin and the images; the first time takes several minutes\n',
  )
  await tour(new Demonstration(await prepareGround({ ...target, imageLoad, cluster })))
}

try {
  await main()
} catch (error) {
  const text = error instanceof Failure ? `${error.what}\n  why: ${error.why}\n  next: ${error.next}` : messageOf(error)
  process.stderr.write(`\nthe quickstart stopped: ${text}\n`)
  process.exitCode = 1
}
