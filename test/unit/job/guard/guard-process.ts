// A guard in a process of its own, with a cluster that shows the operation's pods and a Lease that is renewed.
import { jsonLineEvents } from '../../../../job/process/events.ts'
import { guard } from '../../../../job/guard/process/guard.ts'
import type { ReleasePod } from '../../../../job/kubernetes/cluster.ts'
import { inMemoryCluster } from '../in-memory-cluster.ts'
import type { PauseRequest } from '../pausing-context.ts'
import { guardPod, key, workerPod } from './two-pods.ts'

const { pods, request, port } = JSON.parse(process.argv[2] ?? '') as {
  pods: ReleasePod[]
  request: PauseRequest
  port: number
}
const cluster = inMemoryCluster(pods)
cluster.podsOfOperation = [workerPod, guardPod]
cluster.held.set('my-ledger', request.operation)
process.on('SIGUSR2', () => (cluster.renewing = false))
const ended = guard(request, {
  cluster,
  events: jsonLineEvents(() => undefined),
  key,
  signal: new AbortController().signal,
  pod: guardPod.name,
  port,
})
// No top-level await: a bundle of it is CommonJS.
void ended.then((code) => process.exit(code))
