import { setTimeout as sleep } from 'node:timers/promises'
import type { OperationJobs, OperationPod } from '../../kubernetes/cluster.ts'

/** The pods of an operation's guard, as far as the API server has shown them. */
export interface GuardPods {
  has(uid: string): boolean
  /** Whether a guard may speak from there. Of pods on the host's network nobody can say where they speak from. */
  speakFrom(address: string): boolean
  /** Answers after a look that was not begun yet, or in a while where there is no answer: one for all who wait. */
  look(): Promise<void>
}

/** At most two looks a second, however many connections wait for them. ms */
const betweenMs = 500

export function guardPods(cluster: OperationJobs, operation: string): GuardPods {
  const guards = new Map<string, OperationPod>()
  let onHostNetwork = false
  let looking: Promise<void> | undefined
  let nextMs = 0
  async function look(): Promise<void> {
    await sleep(Math.max(0, nextMs - performance.now()), undefined, { ref: false })
    nextMs = performance.now() + betweenMs
    const pods = await cluster.operationPods(operation).catch(() => [])
    for (const pod of pods) {
      if (pod.role === 'guard') guards.set(pod.uid, pod)
      onHostNetwork ||= pod.hostNetwork === true
    }
  }
  return {
    has: (uid) => guards.has(uid),
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
