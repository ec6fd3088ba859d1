import { setTimeout as sleep } from 'node:timers/promises'
import { formatDuration } from '../../operation/duration.ts'
import { ExitCode } from '../../operation/exit-code.ts'
import { Failure, messageOf } from '../../operation/failure.ts'
import type { PauseWindowRecord } from '../../operation/record.ts'
import type { OperationContext } from '../context/operation-context.ts'
import { refuseOnErrors } from './refuse-on-errors.ts'
import type { HeldPause } from '../pause/run-inside.ts'
import { holdPause } from '../pause/hold-pause.ts'
import { preflight } from '../pause/preflight.ts'

type Context = OperationContext<'pause'>

const pollMs = 500
/** Ends a planned pause before its limit would end it as a failure. */
const marginMs = 250

/**
 * Pauses for the time asked for; without one until somebody unpauses, or the longest pause is reached.
 * A worker that finds the pause of an earlier one does not pause again: whoever relies on it would not notice the gap.
 * @throws Failure with exit code 3 where a pause of a fixed time proves nothing, since a backup taken in it cannot be relied on,
 * and where the worker that held it was replaced
 */
export async function pause(context: Context): Promise<void> {
  const { request, record } = context
  const earlier = record.current.windows.at(-1)
  if (earlier?.verdict === 'valid') return
  if (earlier !== undefined) throw unreliable(earlier)
  const findings = await context.phase('preflight', () => preflight(context))
  await record.update((current) => {
    current.findings = findings
  })
  refuseOnErrors(`pause of ${record.current.releases.join(', ')}`, findings)
  const { window } = await context.phase('pause', () => holdPause(context, (held) => hold(context, held)))
  if (request.durationMs === undefined || window.verdict === 'valid') return
  throw unreliable(window)
}

function unreliable({ reasons }: PauseWindowRecord): Failure {
  return new Failure(
    {
      what: 'the pause cannot be relied on, and neither can a backup that was taken in it',
      why: reasons.join('; '),
      next: 'pause again when no rollout or scaling is under way',
    },
    { exitCode: ExitCode.backupUnusable },
  )
}

async function hold(context: Context, held: HeldPause): Promise<void> {
  const { durationMs, pause: limits } = context.request
  announce(context, held)
  const endMs = Math.min(
    held.endsAtMs - marginMs,
    durationMs === undefined ? Infinity : Date.parse(held.allPausedAt) + durationMs,
  )
  if (durationMs === undefined) await untilUnpaused(held, endMs)
  else await sleep(Math.max(0, endMs - Date.now()), undefined, { signal: held.signal })
  if (Date.now() < endMs || endMs < held.endsAtMs - marginMs) return
  context.events.say(
    'note',
    `the pause ends here: nothing may stay paused for longer than ${formatDuration(limits.maxPauseMs)} (--max-pause)`,
    { level: 'warning' },
  )
}

/** Whoever waits for the pause learns of it from the record. Nobody is kept paused for an API server that does not answer. */
function announce({ record, events }: Context, { allPausedAt }: HeldPause): void {
  const written = record.update(({ windows }) => {
    const window = windows.at(-1)
    if (window !== undefined) window.allPausedAt = allPausedAt
  })
  written.catch((error: unknown) =>
    events.say('note', `the record does not say yet that all are paused: ${messageOf(error)}`, { level: 'warning' }),
  )
}

async function untilUnpaused(held: HeldPause, endMs: number): Promise<void> {
  for (;;) {
    const answers = (await held.checkPaused()).filter((paused) => paused !== undefined)
    if (answers.length > 0 && !answers.includes(true)) return
    const restMs = endMs - Date.now()
    if (restMs <= 0) return
    await sleep(Math.min(pollMs, restMs), undefined, { signal: held.signal })
  }
}
