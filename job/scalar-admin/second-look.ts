import { messageOf } from '../../operation/failure.ts'
import type { ReleaseChange, ReleaseState, ReleaseWatch } from '../kubernetes/cluster.ts'
import type { OperationContext } from '../operation-context.ts'
import { unlessAborted } from './pause-all.ts'
import { changesBetween, harmOf } from './state-changes.ts'

/** Everything is unpaused by then, so an API server that is away may take its time to come back. */
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
 * Why the window that has just ended proves nothing: what the watch told, and what a second look at the releases finds changed.
 * What cannot be seen proves nothing either. Never throws.
 */
export async function harmSince(before: ReleaseState, seen: Watched): Promise<string[]> {
  const { changes, troubles } = await changesSince(before, seen)
  return [...new Set([...changes.map(harmOf).filter((harm) => harm !== undefined), ...troubles])]
}

async function changesSince(before: ReleaseState, { context, watched, changes, releases }: Watched): Promise<{ changes: ReleaseChange[]; troubles: string[]; after?: ReleaseState }> {
  const { cluster, events, signal } = context
  const waiting = setTimeout(() => events.say('note', 'waiting for the API server, to see whether anything changed in the pause', { level: 'warning' }), silentMs)
  try {
    const after = await unlessAborted(cluster.releaseState(releases, patienceMs), signal)
    await unlessAborted(watched.catchUp(patienceMs), signal)
    return { changes: [...changesBetween(before, after), ...changes], troubles: [], after }
  } catch (error) {
    return { changes: [...changes], troubles: [`the pods after the pause could not be compared with those before: ${messageOf(error)}`] }
  } finally {
    clearTimeout(waiting)
  }
}
