import { setTimeout as sleep } from 'node:timers/promises'
import type { OperationJobs, OperationPod } from '../../kubernetes/cluster.ts'
import { pace } from '../protocol/pace.ts'

/** The pods of an operation, as far as the API server has shown them. */
export interface GuardPods {
  /** whether it is one of the guard's */
  has(uid: string): boolean
  /** where a pod of the operation is, by its name; undefined for one that was not shown, or has no node yet */
  nodeOf(name: string): string | undefined
  /** Whether a guard may speak from there. Of pods on the host's network nobody can say where they speak from. */
  speakFrom(address: string): boolean
  /**
   * Answers after a look that was not begun yet, or in a while where there is no answer. However many connections wait
   * for looks, they are as far apart as pace() says.
   */
  look(): Promise<void>
}

export function guardPods(cluster: OperationJobs, operation: string): GuardPods {
  const guards = new Map<string, OperationPod>()
  const nodes = new Map<string, string>()
  const everyMs = pace()
  let onHostNetwork = false
  let looking: Promise<void> | undefined
  let nextMs = 0
  async function look(): Promise<void> {
    await sleep(Math.max(0, nextMs - performance.now()), undefined, { ref: false })
    nextMs = performance.now() + everyMs()
    const pods = await cluster.operationPods(operation).catch(() => [])
    for (const pod of pods) {
      if (pod.role === 'guard') guards.set(pod.uid, pod)
      if (pod.node !== '') nodes.set(pod.name, pod.node)
      onHostNetwork ||= pod.hostNetwork === true
    }
  }
  return {
    has: (uid) => guards.has(uid),
    nodeOf: (name) => nodes.get(name),
    speakFrom: (address) =>
      onHostNetwork || isLoopback(address) || [...guards.values()].some(({ ip }) => ip === address),
    look() {
      looking ??= look().finally(() => (looking = undefined))
      return looking
    },
  }
}

/** A sidecar of this very pod hands connections on from there; another pod cannot. */
function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.')
}
