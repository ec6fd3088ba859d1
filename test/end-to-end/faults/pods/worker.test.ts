import t from 'tap'
import { exhaustMemory, signalPod } from '../../../local-kubernetes/pod-processes.ts'
import { Matrix, unusable, usable, type Case } from '../fault-case.ts'
import { FaultStage, type FoundPod } from '../fault-stage.ts'

/** The worker's end, in four ways, before and in its pause. */
const at = await FaultStage.open('faults-worker')
t.teardown(() => at.close())
const matrix = new Matrix(at, import.meta.filename)

/** What ends a worker. */
const ends: Record<string, { title: string; act: (worker: FoundPod) => unknown }> = {
  killed: { title: 'killed (SIGKILL)', act: ({ uid }) => signalPod(uid, 'SIGKILL') },
  'out-of-memory': { title: 'out of memory', act: ({ uid }) => exhaustMemory(uid) },
  evicted: { title: 'evicted', act: ({ name }) => evict(name) },
  deleted: { title: 'its pod deleted', act: ({ name }) => at.stage.kubectl(['delete', 'pod', name, '--wait=false']) },
}

function evict(name: string): Promise<string> {
  const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: at.stage.namespace } }
  return at.stage.kubectl(['create', '--raw', `/api/v1/namespaces/${at.stage.namespace}/pods/${name}/eviction`, '-f', '-'], JSON.stringify(eviction))
}

for (const [name, { title, act }] of Object.entries(ends)) {
  matrix.case(`${name}-before`, `worker ${title} before its pause`, usable, async (one: Case) => {
    await at.setFaults(one.pods[0], { delayMs: { CheckPaused: 3000 } })
    await one.begin('backup')
    const worker = await one.worker()
    await one.inPhase('preflight')
    await one.fault(() => act(worker))
    await at.setFaults(one.pods[0], {})
  })

  matrix.case(`${name}-paused`, `worker ${title} in its pause`, unusable(/worker was replaced|interrupted|pause/), async (one: Case) => {
    await one.slowPause()
    await one.begin('backup')
    const worker = await one.worker()
    await one.allPaused()
    await one.fault(() => act(worker))
  })
}
