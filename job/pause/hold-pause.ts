// Room: the heart: pause all servers at once, work inside, unpause whatever happens, and say what it proves.
// Read hold-pause, preconditions, run-inside, recover.

import { formatDuration } from '../../operation/duration.ts'
import { messageOf } from '../../operation/failure.ts'
import type { PauseWindowRecord } from '../../operation/record.ts'
import { workerClock } from '../clocks/clock-reading.ts'
import type { GuardedPause, GuardWord } from '../guard/in-worker/guard-link.ts'
import { standBy } from './stand-by.ts'
import type { ReleaseChange, ReleaseState } from '../kubernetes/cluster.ts'
import type { OperationContext } from '../context/operation-context.ts'
import { formatAddress } from '../servers/client.ts'
import { clockStep } from './proof/clock-jump.ts'
import { pauseAround, type HeldPause } from './run-inside.ts'
import {
  journalEnd,
  journalIntent,
  openPauses,
  recordWindow,
  takeNumber,
  type PauseIntent,
} from '../journal/pause-steps.ts'
import { refuseForeignPauses, refuseUnsteady } from './preconditions.ts'
import { verifyWindow } from './proof/verify-window.ts'
import { adminTls, closeAll, connectOrRefuse, serversOf } from '../servers/servers.ts'
import { changesBetween } from './proof/diff-state.ts'
import { endpointOf, findTargets, type PauseTarget, type Targets } from '../servers/targets.ts'

/** What a pause gave: the value made inside it, and its proof. */
export interface Paused<T> {
  value: T
  window: PauseWindowRecord
}

/**
 * Pauses every server of the request at once, runs `inside`, and unpauses whatever happens.
 *
 * Connections, Leases, watch, guard, journal and record are ready before the first Pause. Nothing is written from then
 * until all servers are unpaused. The last look for somebody else's pause comes right before the first Pause
 * (`lookedAt`): a pause that somebody begins in between cannot be told from ours, and ends with it.
 *
 * The window runs from the last Pause answer to the first Unpause sent. It is void where a pod appeared, restarted or
 * vanished in it, or where somebody else unpaused a server. Servers that never answered the Unpause are in
 * `record.stillPaused`.
 * @throws Failure where no guard came or something else is not ready (nothing was paused); Failure where a server could
 * not be paused or the pause had to end early (all is unpaused again); whatever `inside` threw; the signal's reason on
 * SIGTERM
 */
export type HoldPause = <T>(
  context: OperationContext<'backup' | 'pause'>,
  inside: (held: HeldPause) => Promise<T>,
) => Promise<Paused<T>>

export const holdPause: HoldPause = async (context, inside) => {
  const { cluster, guard, request, journal, record, signal } = context
  const found = await findTargets(request.target, cluster)
  const leases = await cluster.takeLeases(found.releases, request.operation)
  const tls = adminTls(request.target)
  const servers = serversOf(found.targets, tls)
  const over = new AbortController()
  const changes: ReleaseChange[] = []
  const watching = cluster.watchReleases(found.releases, (change) => changes.push(change), over.signal)
  watching.catch(() => undefined) // a server that cannot be reached says more
  // The guard has a while to come, in which all else is made ready.
  const standing = standBy({ ...context, signal: AbortSignal.any([signal, over.signal]) })
  standing.catch(() => undefined)
  try {
    await connectOrRefuse(servers, tls)
    const [unguarded, watched, number] = await Promise.all([standing, watching, takeNumber(journal)])
    const [silent, before] = await Promise.all([
      refuseForeignPauses(servers, cluster.namespace),
      cluster.releaseState(found.releases),
    ])
    const unchecked = [...silent, ...unwatched(found), ...unguarded]
    refuseUnsteady(before, [...changesBetween(found.state, before), ...changes])

    const index = record.current.windows.length
    const window: PauseWindowRecord = {
      pause: number,
      endpoints: found.targets.map(endpointOf),
      pauseSentAt: new Date().toISOString(),
      verdict: 'open',
      reasons: [],
    }
    const intent = intentTo(found.targets, before)
    const guarded = await guard.hold({ pause: number, ...intent, releases: found.releases }, leases, signal)
    const clocks = workerClock.read()
    sayPausing(context, found)
    try {
      await Promise.all([recordWindow(context, index, window), journalIntent(context, number, intent)])
      // The last step before the first Pause: what somebody else has paused by now is not taken for ours.
      window.lookedAt = new Date().toISOString()
      await refuseForeignPauses(servers, cluster.namespace)
    } catch (error) {
      await guarded.release()
      // No Pause was sent, so there is no window, even where that cannot be written now.
      record.update(({ windows }) => void windows.splice(index)).catch(() => undefined)
      if (openPauses(journal).length > 0) await journalEnd(context, number).catch(() => undefined)
      throw error
    }

    const lost = guarded.guarded ? leases.taken : leases.lost
    const outcome = await pauseAround(context, { servers, window, lost, guarded }, inside)
    const step = clockStep(clocks, workerClock.read())
    const [word, changed] = await Promise.all([
      close(context, guarded, { number, index, window, stillPaused: outcome.unpaused.stillPaused }),
      verifyWindow(before, { context, watched, changes, releases: found.releases }),
    ])
    window.reasons.push(...doubtsOf(word, silent))
    window.reasons.push(...notPaused(found), ...(step === undefined ? [] : [step]), ...changed)
    if ('failure' in outcome) window.reasons.push(messageOf(outcome.failure))
    window.verdict = window.reasons.length === 0 ? 'valid' : 'void'
    if (window.verdict === 'valid') window.reasons.push(...unchecked)
    await recordWindow(context, index, window)
    if ('failure' in outcome) throw outcome.failure
    return { value: outcome.value, window }
  } finally {
    over.abort()
    closeAll(servers)
    await leases.release()
  }
}

interface EndedPause {
  /** in the journal */
  number: number
  /** in the record */
  index: number
  window: PauseWindowRecord
  stillPaused: readonly string[]
}

/**
 * Writes down at once that all servers are unpaused: a pause from here on is somebody else's. The verdict comes later.
 */
async function close(
  context: OperationContext<'backup' | 'pause'>,
  guarded: GuardedPause,
  { number, index, window, stillPaused }: EndedPause,
): Promise<GuardWord> {
  if (stillPaused.length > 0) {
    guarded.leave()
    await recordWindow(context, index, window, stillPaused)
    return { unknown: false }
  }
  const [word] = await Promise.all([
    guarded.release(),
    recordWindow(context, index, window),
    journalEnd(context, number),
  ])
  return word
}

/** Told before, so that nothing is told inside, and a worker that is killed in a pause has told of it. */
function sayPausing({ events, request }: OperationContext<'backup' | 'pause'>, { targets, releases }: Targets): void {
  const longest = formatDuration(request.pause.maxPauseMs)
  events.say('pausing', `about to pause ${targets.length} servers, for at most ${longest}`, { data: { releases } })
}

/** The doubts that the guard leaves about a pause. @param silent servers that cannot say whether they are paused */
function doubtsOf({ fired, unknown }: GuardWord, silent: readonly string[]): string[] {
  if (fired !== undefined) return [`the guard ended the pause: ${fired}`]
  if (!unknown || silent.length === 0) return []
  return [`the guard was lost in the pause and may have ended it, and ${silent.join(', and ')}`]
}

function intentTo(targets: readonly PauseTarget[], { pods }: ReleaseState): PauseIntent {
  return {
    servers: targets.map(({ pod, serverName, ...at }) => ({
      address: formatAddress(at),
      ...(serverName && { serverName }),
      ...(pod && { uid: pod.uid }),
    })),
    restarts: Object.fromEntries(pods.map(({ uid, restarts }) => [uid, restarts])),
  }
}

/** Pods of the same releases that nobody asked to pause (addresses given by hand may leave some out). */
function notPaused({ state, targets }: Targets): string[] {
  const paused = new Set(targets.map(({ pod }) => pod?.uid))
  return state.pods
    .filter(({ uid }) => !paused.has(uid))
    .map(({ name, release }) => `pod ${name} of ${release} was not among the servers paused`)
}

function unwatched({ targets }: Targets): string[] {
  const strangers = targets.filter(({ pod }) => pod === undefined)
  return strangers.map(
    (target) =>
      `${endpointOf(target).address} is not a pod of this namespace, so its restart would not have been noticed`,
  )
}
