import { messageOf } from '../../../operation/failure.ts'
import type { ReleaseChange, ReleaseState, ReleaseWatch } from '../../kubernetes/cluster.ts'
import type { OperationContext } from '../../context/operation-context.ts'
import { judge, type Judgement } from './judge-changes.ts'
import type { JoinedPods } from '../new-pods.ts'
import { unlessAborted } from '../../servers/pause-all.ts'
import { changesBetween } from './diff-state.ts'

/** Everything is unpaused by then, so an API server that is away may take its time to come back. */
const patienceMs = 150_000
const silentMs = 3000

interface Watched {
  context: OperationContext<'backup' | 'pause'>
  watched: ReleaseWatch
  /** filled by the watch */
  changes: readonly ReleaseChange[]
  joined: JoinedPods
  releases: readonly string[]
}

/**
 * Judges the window that has just ended: by what the watch told, and by what a second look at the releases finds changed. What
 * cannot be seen proves nothing. Never throws.
 */
export async function lookAgain(
  before: ReleaseState,
  { context, watched, changes, joined, releases }: Watched,
): Promise<Judgement> {
  const { cluster, events, signal } = context
  const waiting = setTimeout(
    () =>
      events.say('note', 'waiting for the API server, to see whether anything changed in the pause', {
        level: 'warning',
      }),
    silentMs,
  )
  let after: ReleaseState | undefined
  let blind: ReleaseChange[] = []
  try {
    after = await unlessAborted(cluster.releaseState(releases, patienceMs), signal)
    await unlessAborted(watched.catchUp(patienceMs), signal)
  } catch (error) {
    blind = [
      { of: 'watch', trouble: `the pods after the pause could not be compared with those before: ${messageOf(error)}` },
    ]
  } finally {
    clearTimeout(waiting)
  }
  const all = [...(after === undefined ? [] : changesBetween(before, after)), ...changes, ...blind]
  return judge(all, await joined.outcome(after))
}
