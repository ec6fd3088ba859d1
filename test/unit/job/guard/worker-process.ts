// A worker in a process of its own: pauses what it is given, says so, and goes on until it is killed.
import { jsonLineEvents } from '../../../../job/process/events.ts'
import { guardLink } from '../../../../job/guard/in-worker/open-guard-link.ts'
import { holdPause } from '../../../../job/pause/hold-pause.ts'
import type { ReleasePod } from '../../../../job/kubernetes/cluster.ts'
import { inMemoryCluster } from '../in-memory-cluster.ts'
import { contextOf, type PauseRequest } from '../pausing-context.ts'
import { guardPod, key, workerPod } from './two-pods.ts'

const { pods, request, port } = JSON.parse(process.argv[2] ?? '') as {
  pods: ReleasePod[]
  request: PauseRequest
  port: number
}
const cluster = inMemoryCluster(pods)
cluster.podsOfOperation = [workerPod, guardPod]
const { context } = await contextOf(request, cluster)
const guard = guardLink({ cluster, events: jsonLineEvents(() => undefined), key, operation: request.operation, port })
process.on('SIGUSR2', () => (cluster.renewing = false))
try {
  const { window } = await holdPause({ ...context, guard }, async ({ signal }) => {
    process.stdout.write('paused\n')
    await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
  })
  process.stdout.write(`${window.verdict}\n`)
} catch {
  process.stdout.write(`${JSON.stringify(context.record.current.windows)}\n`)
}
guard.close()
process.exit(0)
