import { jobState } from '../../../operation/outcome/job-state.ts'
import { guardJobName } from '../../../operation/names.ts'
import { delay } from '../api/api-error.ts'
import { guardPods, isRunning, readGuardJob } from './guard-job.ts'
import type { Session } from '../api/session.ts'
import type { Obstacle } from './start-obstacle.ts'
import { obstacleOf } from './wait-for-job.ts'

const betweenLooksMs = 1000

/**
 * Says what keeps an operation's guard from starting, as often as that changes: no pause begins without it. Ends once
 * it has started, or has nothing to start for; answers at once where there is no guard.
 * @param say gets what is new; an obstacle that is gone at the next look is not told
 */
export async function watchGuardStart(
  session: Session,
  operation: string,
  say: (obstacle: Obstacle) => void,
  signal: AbortSignal,
): Promise<void> {
  let seen: string | undefined
  let ran = false
  let said: string | undefined
  while (!signal.aborted) {
    if (jobState(await readGuardJob(session, operation)).phase !== 'active') return
    const pods = await guardPods(session, operation)
    const runs = pods.some(isRunning)
    // one whose program fails at its start runs for a moment, again and again
    if (runs && ran) return
    ran = runs
    const obstacle = await obstacleOf(session, guardJobName(operation), pods)
    if (obstacle !== undefined && obstacle.title === seen && obstacle.title !== said) {
      said = obstacle.title
      say(obstacle)
    }
    seen = obstacle?.title
    await delay(betweenLooksMs, signal)
  }
}
