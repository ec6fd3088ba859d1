import { messageOf } from '../../../operation/failure.ts'
import { pauseRequestOf } from '../../../operation/request.ts'
import type { OperationContext } from '../../context/operation-context.ts'
import { holdPause } from '../../pause/hold-pause.ts'

type Context = OperationContext<'restore' | 'undo' | 'resume'>

/**
 * Stops the releases while they are paused, so that no request is acknowledged once the stop has begun. A server that
 * is told to end answers on for its decommissioning_duration_secs (ScalarDL, ScalarDB Cluster), and what it
 * acknowledged then would go out of service with the former data. Held requests end with their servers.
 *
 * Servers that cannot be paused, perhaps because their database is damaged, are stopped too, with a warning.
 * @param stop resolves once no pod is left; its signal tells it to give up
 * @throws what `stop` threw; every server that still runs is unpaused then
 */
export async function keepRequestsOut(context: Context, stop: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const { cluster, events, record, request, signal } = context
  const { pods } = await cluster.releaseState(request.target.releases.map(({ name }) => name))
  const pausing = pauseRequestOf(request)
  if (pausing === undefined || pods.length === 0) return stop(signal)
  const windows = record.current.windows.length
  let stoppedAt: string | undefined
  try {
    await holdPause({ ...context, request: pausing }, async (held) => {
      stoppedAt = held.allPausedAt
      await stop(held.signal)
      held.letGo()
    })
  } catch (error) {
    if (stoppedAt !== undefined || signal.aborted) throw error
    events.say(
      'note',
      `the releases are stopped without a pause: ${messageOf(error)}. ` +
        'What their servers acknowledge until they have ended goes out of service too',
      { level: 'warning' },
    )
    return stop(signal)
  }
  // This pause proves no restore point, and its servers are gone as intended.
  await record.update((current) => {
    current.windows.splice(windows)
    if (current.restore !== undefined && stoppedAt !== undefined) current.restore.stoppedAt = stoppedAt
  })
}
