// Room: whether a window proves anything: what changed in it, and who may have opened a server.
// Read verify-window, diff-state, watch-servers, clock-jump.

import { messageOf } from '../../../operation/failure.ts'
import type { ReleaseChange, ReleaseState, ReleaseWatch } from '../../kubernetes/cluster.ts'
import type { OperationContext } from '../../context/operation-context.ts'
import { unlessAborted } from '../../servers/pause-all.ts'
import { changesBetween, harmsOf } from './diff-state.ts'

/** How long to wait for the API server, ms. Everything is unpaused by then. */
const patienceMs = 150_000
const silentMs = 3000

interface Watched {
  context: OperationContext<'backup' | 'pause'>
  watched: ReleaseWatch
  /** filled by the watch */
  changes: readonly ReleaseChange[]
  releases: readonly string[]
}

/**
 * Judges the window that has just ended, by what the watch told and by what has changed since the releases were looked
 * at before it. What cannot be seen proves nothing. Never throws.
 * @returns the reasons against it
 */
export async function verifyWindow(
  before: ReleaseState,
  { context, watched, changes, releases }: Watched,
): Promise<string[]> {
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
    const [state] = await unlessAborted(
      Promise.all([cluster.releaseState(releases, patienceMs), watched.catchUp(patienceMs)]),
      signal,
    )
    after = state
  } catch (error) {
    blind = [
      { of: 'watch', trouble: `the pods after the pause could not be compared with those before: ${messageOf(error)}` },
    ]
  } finally {
    clearTimeout(waiting)
  }
  return harmsOf([...(after === undefined ? [] : changesBetween(before, after)), ...changes, ...blind])
}
