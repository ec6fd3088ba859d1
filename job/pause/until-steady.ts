import { setTimeout as sleep } from 'node:timers/promises'
import type { Releases, ReleaseState } from '../kubernetes/cluster.ts'
import { changesBetween } from './proof/diff-state.ts'

export interface SteadyLimits {
  /** the longest wait, ms */
  atMostMs: number
  /** between two looks, ms */
  everyMs: number
}
/** As long as a rollout of a few pods may take. A longer one is refused afterwards, by name. */
const usualLimits: SteadyLimits = { atMostMs: 180_000, everyMs: 2000 }

/**
 * Waits until all pods of the releases are ready and nothing has changed between two looks: a pause in the middle of
 * the rollout that voided the last one would be void too.
 * @returns whether they became steady in time
 * @throws the signal's reason
 */
export async function untilSteady(
  cluster: Releases,
  releases: readonly string[],
  signal: AbortSignal,
  limits = usualLimits,
): Promise<boolean> {
  const endMs = performance.now() + limits.atMostMs
  let last: ReleaseState | undefined
  for (;;) {
    const now = await cluster.releaseState(releases)
    if (last !== undefined && now.pods.every(({ ready }) => ready) && changesBetween(last, now).length === 0)
      return true
    if (performance.now() > endMs) return false
    last = now
    await sleep(limits.everyMs, undefined, { signal }).catch(() => signal.throwIfAborted())
  }
}
