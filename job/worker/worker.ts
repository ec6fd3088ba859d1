// Room: the worker's process: from a request to its finished record.
// Read worker, write-patience, end-on-uncaught.

import { ExitCode } from '../../operation/exit-code.ts'
import { Failure, messageOf } from '../../operation/failure.ts'
import { newRecord, type OperationRecord } from '../../operation/record.ts'
import { pauseRequestOf, type OperationRequest } from '../../operation/request.ts'
import { programVersion } from '../../operation/version.ts'
import type { Events } from '../process/events.ts'
import { toldOnReleases } from '../process/told-on-releases.ts'
import { guardLink } from '../guard/in-worker/open-guard-link.ts'
import { noGuard, type GuardLink } from '../guard/in-worker/guard-link.ts'
import type { OperationKey } from '../guard/protocol/operation-key.ts'
import type { Journal } from '../journal/journal.ts'
import { Interrupted, interruptedExitCode } from '../process/interrupted.ts'
import { GaveWay } from '../process/gave-way.ts'
import { openJournal } from '../journal/persisted-journal.ts'
import type { Cluster } from '../kubernetes/cluster.ts'
import type { PodsElsewhere } from '../kubernetes/elsewhere/pods-elsewhere.ts'
import type { ReleaseSecrets } from '../kubernetes/secrets/release-secrets.ts'
import { run } from '../operations/run.ts'
import { doubtsOf, signedJournal, signedWhileRunning, withoutBackup } from '../context/left-behind.ts'
import { phases } from '../context/phases.ts'
import { signedAsWritten, type Signing } from '../context/signing.ts'
import { recordStore, type RecordStore } from '../journal/record-store.ts'
import { endLeftoverPause } from '../pause/recover.ts'
import { writePatience } from './write-patience.ts'

/**
 * Of a worker that could not read or write how the operation stands, since the API server was away: none of the
 * verdicts that end its Job, so that the Job starts another, which goes on from the journal.
 */
export const unrecordedExitCode = 70

/** What a worker is given. */
export interface WorkerContext {
  cluster: Cluster
  /** the pods of another namespace, of the operation's own where none is named */
  podsIn?: (namespace?: string) => PodsElsewhere
  /** the Secrets that the worker's Role names */
  secrets?: ReleaseSecrets
  events: Events
  /** aborted to end at once: with Interrupted on SIGTERM, with anything else that cannot be gone on after */
  signal: AbortSignal
  /** what tells its guard from others; without it no guarded pause begins */
  key?: OperationKey | undefined
  /** whose records are trusted, and what records are signed with */
  signing?: Signing | undefined
  /** where to listen for the guard, in place of the usual port */
  guardPort?: number
}

/**
 * Does an operation from its request to its finished record, or goes on with one that an earlier worker left.
 * @returns the process's exit code
 * @throws Failure where not even the record can be read or written
 */
export async function work(request: OperationRequest, given: WorkerContext): Promise<number> {
  const { cluster } = given
  const releases = request.target.releases.map(({ name }) => name)
  const events = toldOnReleases(given.events, { ...request, releases }, (event) => cluster.tellOnReleases(event))
  const surroundings = { ...given, events }
  const guard = guardOf(request, surroundings)
  try {
    const exitCode = await workGuarded(request, guard, surroundings)
    // With something still paused the guard goes on until that serves, and ends by itself.
    if (exitCode !== interruptedExitCode && exitCode !== unrecordedExitCode && exitCode !== ExitCode.stillPaused)
      guard.done()
    return exitCode
  } finally {
    guard.close()
    await events.settled()
  }
}

async function workGuarded(
  request: OperationRequest,
  guard: GuardLink,
  { cluster, events, podsIn, secrets, signing, signal: stop }: WorkerContext,
): Promise<number> {
  const { operation } = request
  await cluster.takeOver(operation)
  const succeeded = new AbortController()
  const signal = AbortSignal.any([stop, succeeded.signal])
  /** What runs ends as soon as a write shows that another worker has taken over. */
  const fenced = (write: Promise<void>) =>
    write.catch((error: unknown) => {
      if (error instanceof GaveWay) succeeded.abort(error)
      throw error
    })
  const journalled = cluster.readJournal(operation)
  journalled.catch(() => undefined) // nobody asks for it where the record is finished
  const known = await cluster.findRecord(operation)
  if (known?.finishedAt !== undefined) return sayFinished(events, known.exitCode ?? ExitCode.failed)
  const left = {
    // The plugin's, which says nothing that the request does not.
    record: known?.state === 'pending' ? undefined : known,
    journal: await journalled,
  }
  const doubts = doubtsOf(left, request, signing)
  const record = recordStore(left.record ?? recordOf(request), (current) => {
    const vouching = doubts.record === undefined ? signing : undefined
    const written = signedWhileRunning(signedAsWritten(current, vouching), vouching)
    return fenced(cluster.writeRecord(written, writePatience(current, signal)))
  })
  const journal = await openJournal(operation, {
    read: async () => left.journal,
    write: (document) => {
      const written = signedJournal(document, request.createdAt, doubts.journal === undefined ? signing : undefined)
      return fenced(cluster.writeJournal(written, writePatience(record.current, signal)))
    },
  })
  const attempt = await countAttempt(journal)
  // Once that is durable: no worker goes on from a record that has no journal.
  await record.update((current) => {
    current.state = 'running'
    current.startedAt ??= new Date().toISOString()
    current.by.worker = programVersion
  })
  events.say('started', `${operation}${attempt === 1 ? '' : `, worker ${attempt}`}`, {
    data: {
      operation,
      kind: request.kind,
      version: programVersion,
      attempt,
      // since the process began
      upMs: Math.round(performance.now()),
    },
  })

  let failure: Failure | undefined
  const phase = phases(record, events)
  const surroundings = { cluster, podsIn, secrets, guard, events, journal, record, signing, signal, phase }
  try {
    await endLeftoverPause({ ...surroundings, request })
    const doubt = doubts.record ?? doubts.journal
    if (doubt !== undefined) {
      await record.update((current) => {
        current.backup = withoutBackup(doubts, current)
      })
      throw doubt
    }
    await run(request, surroundings)
  } catch (error) {
    if (error instanceof GaveWay || succeeded.signal.aborted) return sayGaveWay(events)
    if (signal.reason instanceof Interrupted) {
      // Without an answer another worker may still come; if none does, the guard and the plugin say so.
      if (!(await cluster.cancelled(operation).catch(() => false))) return sayInterrupted(events, record)
      failure = cancelledBy(operation)
    } else failure = asFailure(request, signal.aborted && !(error instanceof Failure) ? signal.reason : error, events)
  }
  return finish(record, events, failure, signal.reason instanceof Interrupted && failure !== undefined)
}

/** It listens from the beginning, so that the guard connects while the operation is still being checked. */
function guardOf(request: OperationRequest, { cluster, events, key, guardPort }: WorkerContext): GuardLink {
  const pause = pauseRequestOf(request)?.pause
  if (pause?.guard !== true) return noGuard
  return guardLink({
    cluster,
    events,
    key,
    operation: request.operation,
    ...(pause.guardWaitMs !== undefined && { patienceMs: pause.guardWaitMs }),
    ...(guardPort !== undefined && { port: guardPort }),
  })
}

function recordOf(request: OperationRequest): OperationRecord {
  const { operation, kind, namespace, createdAt, createdBy, requestedBy, target } = request
  return newRecord({
    operation,
    kind,
    namespace,
    releases: target.releases.map(({ name }) => name),
    createdAt,
    plugin: createdBy,
    requestedBy,
  })
}

/** Which worker of the operation this is, from 1. */
async function countAttempt(journal: Journal): Promise<number> {
  let attempt = 1
  while (journal.begun(`worker ${attempt}`)) attempt += 1
  await journal.keep(`worker ${attempt}`, { version: programVersion })
  return attempt
}

/** Closes the record with what the operation came to. */
async function finish(
  record: RecordStore,
  events: Events,
  failure: Failure | undefined,
  cancelled: boolean,
): Promise<number> {
  const stillPaused = record.current.stillPaused.length > 0
  const exitCode = stillPaused ? ExitCode.stillPaused : (failure?.exitCode ?? ExitCode.done)
  const close = record.update((current) => {
    current.state = failure === undefined ? 'succeeded' : cancelled ? 'cancelled' : 'failed'
    current.finishedAt = new Date().toISOString()
    current.exitCode = exitCode
    if (failure !== undefined) current.failure = failure.text
  })
  const recorded = await close.then(
    () => true,
    (error: unknown) => sayUnrecorded(events, error),
  )
  if (failure !== undefined) events.say('failed', failure.message, { level: 'error', data: { ...failure.text } })
  return recorded ? sayFinished(events, exitCode) : unrecordedExitCode
}

function sayFinished(events: Events, exitCode: number): number {
  events.say('finished', `exit code ${exitCode}`, {
    level: exitCode === ExitCode.done ? 'info' : 'error',
    data: { exitCode },
  })
  return exitCode
}

function sayUnrecorded(events: Events, error: unknown): false {
  events.say('note', `the record could not be finished, which is left to another worker: ${messageOf(error)}`, {
    level: 'error',
  })
  return false
}

/** The record stays as it is, running: the next worker goes on with it. */
function sayInterrupted(events: Events, { current }: RecordStore): number {
  events.say('note', `interrupted; another worker goes on with ${current.operation}`, { level: 'warning' })
  return interruptedExitCode
}

/** The record and the journal are another worker's. */
function sayGaveWay(events: Events): number {
  events.say('note', 'another worker has taken this operation over; this one gives way', { level: 'warning' })
  return unrecordedExitCode
}

function cancelledBy(operation: string): Failure {
  return new Failure({
    what: `${operation} was cancelled`,
    why: 'its Job was suspended or deleted',
    next: 'start it anew when it is wanted after all',
  })
}

/** Anything but a Failure is a fault of this program; its stack goes to the log, for `-v`. */
function asFailure({ kind }: OperationRequest, error: unknown, events: Events): Failure {
  if (error instanceof Failure) return error
  if (error instanceof Error) events.say('note', 'unexpected error', { level: 'error', data: { stack: error.stack } })
  return new Failure(
    {
      what: `the ${kind} failed`,
      why: messageOf(error),
      next: 'this was not foreseen; run it again with -v, and report it with the log if it comes again',
    },
    { cause: error },
  )
}
