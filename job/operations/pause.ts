import { setTimeout as sleep } from 'node:timers/promises'
import { formatDuration } from '../../operation/duration.ts'
import { ExitCode } from '../../operation/exit-code.ts'
import { Failure, messageOf } from '../../operation/failure.ts'
import { wholeSecondOf } from '../../operation/outcome/pause-window.ts'
import type { PauseWindowRecord } from '../../operation/record.ts'
import type { OperationContext } from '../context/operation-context.ts'
import { concludePreflight } from './conclude-preflight.ts'
import type { HeldPause } from '../pause/run-inside.ts'
import { holdPause } from '../pause/hold-pause.ts'
import { preflight } from '../pause/preflight.ts'
import { formatAddress } from '../servers/client.ts'
import { dividedAddresses } from '../servers/one-server.ts'
import { adminTls } from '../servers/servers.ts'
import { findTargets, type PauseTarget } from '../servers/targets.ts'

type Context = OperationContext<'pause'>

const pollMs = 500
/** The releases, or where none is known, the names or addresses given. */
function titleOfTarget({ record, request: { target } }: Context): string {
  const { releases } = record.current
  return (releases.length > 0 ? releases : [...target.serviceUrls, ...target.addresses]).join(', ')
}

/** How long before its limit a planned pause ends, ms: at the limit it would fail. */
const marginMs = 250
/** The same for a pause without a time, which ends there by plan: the last look at its servers must be over by then. */
const lastLookMs = 2000

/**
 * Pauses for the time asked for, else until `unpause` asks for the end or the longest pause is reached. The record then
 * holds the verdict and the restore point. A worker that finds the pause of an earlier one does not pause again:
 * whoever relies on the pause would not notice the gap.
 * @throws Failure with exit code 3 where the pause is void, since a backup taken in it cannot be relied on
 */
export async function pause(context: Context): Promise<void> {
  const { record } = context
  const earlier = record.current.windows.at(-1)
  if (earlier !== undefined) return conclude(context, earlier)
  const findings = await context.phase('preflight', () => preflight(context))
  await concludePreflight(context, `pause of ${titleOfTarget(context)}`, findings)
  const strangers = await strangersOf(context)
  const { window } = await context.phase('pause', () =>
    holdPause(context, async (held) => {
      await refuseDivided(context, strangers)
      await hold(context, held)
    }),
  )
  return conclude(context, window)
}

/** Addresses given by hand that are not those of pods; what a release's labels find are pods. */
async function strangersOf({ cluster, request: { target } }: Context): Promise<PauseTarget[]> {
  if (target.serviceUrls.length + target.addresses.length === 0) return []
  const { targets } = await findTargets(target, cluster)
  return targets.filter(({ pod }) => pod === undefined)
}

/**
 * Looks whether an address that is not a pod's leads to several servers.
 * @throws Failure where not all of them are paused
 */
async function refuseDivided({ request }: Context, strangers: readonly PauseTarget[]): Promise<void> {
  const [divided] = await dividedAddresses(strangers, adminTls(request.target))
  if (divided === undefined) return
  throw new Failure(
    {
      what: `${formatAddress(divided)} leads to several servers, of which not all were paused`,
      why:
        'of connections to it, some find a server that is paused, and some one that is not: ' +
        'it is a load balancer or a Service',
      next: 'name the release in its place, or give the address of each server',
    },
    { exitCode: ExitCode.backupUnusable },
  )
}

/** Records the restore point of a valid window. @throws Failure (exit code 3) where the window is void */
async function conclude({ record }: Context, window: PauseWindowRecord): Promise<void> {
  if (window.verdict !== 'valid') throw unreliable(window)
  await record.update(({ windows }) => {
    const last = windows.at(-1)
    if (last !== undefined) last.restorePoint = wholeSecondOf(last)
  })
}

function unreliable({ reasons }: PauseWindowRecord): Failure {
  return new Failure(
    {
      what: 'the pause cannot be relied on, and neither can a backup that was taken in it',
      why: reasons.join('; '),
      next: 'pause again once what spoilt this one is over, and take the backup anew',
    },
    { exitCode: ExitCode.backupUnusable },
  )
}

async function hold(context: Context, held: HeldPause): Promise<void> {
  const { durationMs, pause: limits } = context.request
  announce(context, held)
  const beforeMs = durationMs === undefined ? Math.min(lastLookMs, limits.maxPauseMs / 2) : marginMs
  const limitMs = held.endsAtMs - beforeMs
  const endMs = durationMs === undefined ? limitMs : Math.min(limitMs, Date.parse(held.allPausedAt) + durationMs)
  const over = new AbortController()
  const signal = AbortSignal.any([held.signal, over.signal])
  await Promise.race([
    sleep(Math.max(0, endMs - Date.now()), undefined, { signal }),
    untilAsked(context, signal),
    ...(durationMs === undefined ? [untilUnpaused(held, signal)] : []),
  ]).finally(() => over.abort())
  if (Date.now() < endMs || endMs < limitMs) return
  context.events.say(
    'note',
    `the pause ends here: nothing may stay paused for longer than ${formatDuration(limits.maxPauseMs)} (--max-pause)`,
    { level: 'warning' },
  )
}

/**
 * Records that all servers are paused, for whoever waits for that. The pause does not wait for the API server.
 */
function announce({ record, events }: Context, { allPausedAt }: HeldPause): void {
  const written = record.update(({ windows }) => {
    const window = windows.at(-1)
    if (window !== undefined) window.allPausedAt = allPausedAt
  })
  written.catch((error: unknown) =>
    events.say('note', `the record does not say yet that all are paused: ${messageOf(error)}`, { level: 'warning' }),
  )
}

/**
 * Waits until `unpause` asks for the end. It asks instead of unpausing itself, so that this worker's checks run first.
 */
async function untilAsked({ cluster, events, request }: Context, signal: AbortSignal): Promise<void> {
  for (;;) {
    // Without an answer it is asked again.
    const asker = await cluster.askedToEnd(request.operation).catch(() => undefined)
    if (asker !== undefined) {
      events.say('note', `${asker} ends the pause`)
      return
    }
    await sleep(pollMs, undefined, { signal })
  }
}

/** Waits until somebody has unpaused every server. The window is void then, since nobody knows since when. */
async function untilUnpaused(held: HeldPause, signal: AbortSignal): Promise<void> {
  for (;;) {
    const answers = (await held.checkPaused()).filter((paused) => paused !== undefined)
    if (answers.length > 0 && !answers.includes(true)) return
    await sleep(pollMs, undefined, { signal })
  }
}
