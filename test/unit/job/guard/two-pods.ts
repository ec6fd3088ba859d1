import type { OperationKey } from '../../../../job/guard/protocol/operation-key.ts'
import type { OperationPod } from '../../../../job/kubernetes/cluster.ts'

/** What worker and guard of the operation have in common. */
export const key: OperationKey = { operation: 'pause-test', secret: Buffer.alloc(32, 7) }

/** The pods of one operation as the API server shows them, both on this machine. */
export const workerPod: OperationPod = {
  name: 'worker-1',
  uid: 'w1',
  role: 'worker',
  ip: '127.0.0.1',
  node: 'node-a',
  running: true,
}
export const guardPod: OperationPod = {
  name: 'guard-1',
  uid: 'g1',
  role: 'guard',
  ip: '127.0.0.1',
  node: 'node-b',
  running: true,
}
