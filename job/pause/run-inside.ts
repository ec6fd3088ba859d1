import { formatDuration } from '../../operation/duration.ts'
import { messageOf } from '../../operation/failure.ts'
import type { PauseWindowRecord } from '../../operation/record.ts'
import { PauseCutShort } from '../guard/in-worker/errors.ts'
import type { GuardedPause } from '../guard/in-worker/guard-link.ts'
import type { OperationContext } from '../context/operation-context.ts'
import { pauseAll, unlessAborted, type OurPauses } from '../servers/pause-all.ts'
import { answerMs, type Server } from '../servers/servers.ts'
import { watchServers, type ServersWatch } from './proof/watch-servers.ts'
import type { Unpaused } from '../servers/unpause-all.ts'
import { unpauseOurs } from '../servers/unpause-ours.ts'

/** The pause as those inside it see it. */
export interface HeldPause {
  /** the last Pause answer, RFC 3339 */
  allPausedAt: string
  /** when the pause ends by itself, ms since the epoch (`maxPauseMs` after the first Pause was sent) */
  endsAtMs: number
  /** aborted when the pause has to end at once: SIGTERM, the longest pause reached, the Lease or the guard lost */
  signal: AbortSignal
  /** asks every server; undefined for those that could not say */
  checkPaused(): Promise<(boolean | undefined)[]>
  /** Says that every server has ended as intended, and its pause with it: nobody is asked or unpaused any more. */
  letGo(): void
}

/** How a pause ended. It always ends: what could not be unpaused is in `unpaused.stillPaused`. */
export type PauseOutcome<T> = { unpaused: Unpaused } & ({ value: T } | { failure: unknown })

interface Around {
  servers: readonly Server[]
  /** gets its times and the reasons against it */
  window: PauseWindowRecord
  /** aborted when the Lease is no longer ours */
  lost: AbortSignal
  guarded: GuardedPause
}

/** Pauses all servers, runs `inside` while each is asked whether it is still paused, and unpauses. Never throws. */
export async function pauseAround<T>(
  context: OperationContext<'backup' | 'pause'>,
  { servers, window, lost, guarded }: Around,
  inside: (held: HeldPause) => Promise<T>,
): Promise<PauseOutcome<T>> {
  const { drainMs, maxPauseMs } = context.request.pause
  const limit = new AbortController()
  const sentMs = Date.now()
  const timer = setTimeout(() => limit.abort(tooLong(maxPauseMs)), maxPauseMs)
  const signal = AbortSignal.any([context.signal, lost, guarded.ended, limit.signal])
  const ours: OurPauses = new Map()
  let watch: ServersWatch | undefined
  let result: { value: T } | { failure: unknown }
  window.pauseSentAt = new Date(sentMs).toISOString()
  try {
    signal.throwIfAborted()
    guarded.begin(maxPauseMs)
    await pauseAll(servers, drainMs, signal, ours)
    const allPausedAt = new Date().toISOString()
    watch = watchServers(servers, (doubt) => context.events.say('note', doubt, { level: 'warning' }))
    window.allPausedAt = allPausedAt
    context.events.say('paused', `${servers.length} paused`, {
      data: { count: servers.length, ms: Date.now() - sentMs },
    })
    const held = {
      allPausedAt,
      endsAtMs: sentMs + maxPauseMs,
      signal,
      checkPaused: () => checkPaused(servers),
      letGo: () => ours.clear(),
    }
    const value = await unlessAborted(inside(held), signal)
    if (ours.size > 0) window.reasons.push(...(await unlessAborted(watch.lastLook(), signal)))
    result = { value }
  } catch (failure) {
    if (watch !== undefined) sayEnding(context, failure)
    result = { failure }
  }
  clearTimeout(timer)
  watch?.stop()
  const gapMs = watch?.longestGapMs()
  if (gapMs !== undefined) window.checkedEveryMs = gapMs
  window.unpauseSentAt = new Date().toISOString()
  const letGo = 'value' in result && ours.size === 0
  const unpaused = await unpauseOurs(ours, context.cluster, context.signal, guarded)
  if (unpaused.stillPaused.length === 0) window.allUnpausedAt = new Date().toISOString()
  if (!letGo) sayUnpaused(context, window, unpaused)
  return { ...result, unpaused }
}

function checkPaused(servers: readonly Server[]): Promise<(boolean | undefined)[]> {
  return Promise.all(servers.map(({ client }) => client.checkPaused(answerMs).catch(() => undefined)))
}

/** Said at once, before the last server has answered its Unpause. */
function sayEnding({ events }: OperationContext<'backup' | 'pause'>, failure: unknown): void {
  events.say('note', `the pause ends early: ${messageOf(failure)}`, { level: 'warning' })
}

function sayUnpaused(
  { events }: OperationContext<'backup' | 'pause'>,
  window: PauseWindowRecord,
  { answered, gone, stillPaused }: Unpaused,
): void {
  const ms = Date.now() - Date.parse(window.pauseSentAt)
  const count = answered.length + gone.length
  const goneText = gone.length === 0 ? '' : `, ${gone.length} of them gone`
  events.say('unpaused', `${count} unpaused${goneText}, ${formatDuration(ms)} after the first pause`, {
    data: { count, ms },
  })
  if (stillPaused.length > 0) {
    events.say('still-paused', `STILL PAUSED: ${stillPaused.join(', ')}`, {
      level: 'error',
      data: { addresses: stillPaused },
    })
  }
}

function tooLong(maxPauseMs: number): PauseCutShort {
  return new PauseCutShort(
    `nothing may stay paused for longer than ${formatDuration(maxPauseMs)}`,
    'see in the log what took so long, or allow a longer pause with --max-pause',
  )
}
