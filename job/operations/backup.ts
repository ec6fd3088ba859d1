import { ExitCode } from '../../operation/exit-code.ts'
import { Failure, messageOf } from '../../operation/failure.ts'
import { formatLocation, joinLocation, parseLocation } from '../../operation/location.ts'
import type { BackupPart, PauseWindowRecord } from '../../operation/record.ts'
import { decidePause } from '../databases/pause-decision.ts'
import { isHandedOn } from '../interrupted.ts'
import type { OperationContext } from '../operation-context.ts'
import { refuseOnErrors } from '../preflight.ts'
import { endLeftoverPause } from '../scalar-admin/leftover-pause.ts'
import { holdPause } from '../scalar-admin/pause-window.ts'
import { preflight } from '../scalar-admin/preflight.ts'
import { openStorage } from '../storage/open.ts'
import type { Storage } from '../storage/storage.ts'
import { backupName, describeBackup, publishRecord, refuseTaken } from './backup-record.ts'
import { holdReleases } from './hold-releases.ts'
import { databasesOf, openSources, type OpenSource } from './open-databases.ts'

type Context = OperationContext<'backup'>

/**
 * Takes a backup: check everything, pause all, fix every database's point in time, unpause, then dump at leisure.
 * @throws Failure with exit code 3 once a restore point was tried and did not come to a usable backup.
 */
export async function backup(context: Context): Promise<void> {
  const { request } = context
  const storage = openStorage(parseLocation(request.to))
  const databases = databasesOf(request.target)
  const pauseDecision = decidePause(request.pauseMode, databases, request.target.releases)
  const { events, signal } = context
  const { operation, parallel, schemas } = request
  const sources = openSources(databases, { events, signal, storage, operation, parallel, schemas })
  await describeBackup(context, { state: 'incomplete', pause: { mode: request.pauseMode, ...pauseDecision } })
  try {
    // Before anything else, the Lease included: whatever keeps this worker from going on, nothing stays paused.
    await endLeftoverPause(context)
    await holdReleases(context, () => take(context, storage, sources, pauseDecision.paused))
  } catch (error) {
    // A worker that is stopped may be started again and go on; only one that failed by itself, or was cancelled, gives up.
    if (await isHandedOn(context)) throw error
    await giveUp(context, storage, error)
    throw wasTried(context) ? asUnusable(error) : error
  } finally {
    await Promise.allSettled(sources.map(({ source }) => source.close()))
  }
}

async function take(context: Context, storage: Storage, sources: readonly OpenSource[], paused: boolean): Promise<void> {
  const location = formatLocation(joinLocation(parseLocation(context.request.to), backupName(context)))
  if (!allDumped(context, sources)) {
    await context.phase('preflight', () => check(context, sources, storage, paused))
    await context.phase('connect', () => Promise.all(sources.map(({ source }) => source.prepare())))
    const restorePoint = paused ? await pointInPause(context, sources) : await pointWithoutPause(context, sources)
    await describeBackup(context, { state: 'recorded', restorePoint })
  }
  const databases = await context.phase('dump', () => dump(context, sources))
  await describeBackup(context, { state: 'restorable', databases, location })
  await context.phase('publish', () => publishRecord(context, storage))
}

/** A killed worker's dumps are whole or nothing: only when every one was finished does its restore point live on. */
function allDumped(context: Context, sources: readonly OpenSource[]): boolean {
  return sources.every(({ folder }) => context.journal.result(dumpStep(context, folder)) !== undefined)
}

async function check(context: Context, sources: readonly OpenSource[], storage: Storage, paused: boolean): Promise<void> {
  await refuseTaken(context, storage)
  const described = await Promise.all(sources.map(({ source }) => source.describe()))
  const bytes = described.reduce((sum, source) => sum + source.estimatedBytes, 0)
  const findings = await Promise.all([
    ...(paused ? [preflight(context)] : []),
    ...sources.map(({ source }) => source.preflight()),
    storage.preflight(bytes),
  ])
  await context.record.update((record) => {
    record.findings = findings.flat()
  })
  refuseOnErrors(`backup of ${context.record.current.releases.join(', ')}`, findings.flat())
}

/** One window, and as many more as the request allows where one proved nothing. */
async function pointInPause(context: Context, sources: readonly OpenSource[]): Promise<string> {
  for (;;) {
    const taken = context.record.current.windows.length
    if (taken > context.request.retries) throw lostWindow(context.record.current.windows.at(-1))
    const { window } = await context.phase(taken === 0 ? 'pause' : `pause ${taken + 1}`, () =>
      holdPause(context, () => Promise.all(sources.map(({ source }) => source.snapshot()))),
    )
    if (window.verdict === 'valid') return middleOf(window)
    context.events.say('note', `pause window void: ${window.reasons.join('; ')}`, { level: 'warning' })
  }
}

/** The restore point is the middle of the pause (ScalarDL's backup guide). */
function middleOf(window: PauseWindowRecord): string {
  const from = Date.parse(window.allPausedAt ?? window.pauseSentAt)
  const until = Date.parse(window.unpauseSentAt ?? window.allPausedAt ?? window.pauseSentAt)
  return new Date((from + until) / 2).toISOString()
}

/** One transactional database holds everything: its own snapshot is the point. */
async function pointWithoutPause(context: Context, sources: readonly OpenSource[]): Promise<string> {
  const snapshots = await context.phase('snapshot', () => Promise.all(sources.map(({ source }) => source.snapshot())))
  return snapshots[0]?.at ?? new Date().toISOString()
}

/** Named after the restore point, so that a dump of an earlier point is never taken for one of this. */
function dumpStep({ record }: Context, folder: string): string {
  return `dump ${folder} of ${record.current.backup?.restorePoint ?? 'no point yet'}`
}

async function dump(context: Context, sources: readonly OpenSource[]): Promise<BackupPart['databases']> {
  const name = backupName(context)
  const dumps = sources.map(({ source, folder }) =>
    context.journal.step(dumpStep(context, folder), {
      // A dump begun by a killed worker has lost its snapshot; complete() writes a new one in its place.
      look: () => Promise.resolve(undefined),
      act: () => source.complete(`${name}/${folder}`),
    }),
  )
  // Wait for all, so that no tool still writes when a failure removes the folder.
  const settled = await Promise.allSettled(dumps)
  const failed = settled.find((one) => one.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  return settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
}

function lostWindow(window: PauseWindowRecord | undefined): Failure {
  return new Failure(
    {
      what: 'the backup is unusable',
      why:
        window?.verdict === 'valid'
          ? 'the worker was replaced before the dump was done, and the snapshot of its pause was lost with it'
          : `the pause proves nothing: ${window?.reasons.join('; ') ?? 'no window was completed'}`,
      next: 'run the backup again when no rollout or scaling is under way, or with --retries 3 to have further windows tried',
    },
    { exitCode: ExitCode.backupUnusable },
  )
}

/** Leaves no half backup behind: what this operation wrote is removed, and the record says that it must not be restored. */
async function giveUp(context: Context, storage: Storage, error: unknown): Promise<void> {
  // Dumps are written only after their point was recorded, by this worker or one before it.
  const wrote = context.record.current.backup?.restorePoint !== undefined
  await Promise.allSettled([
    // A folder of that name that is not ours was refused before anything was written, and stays.
    wrote ? storage.remove(backupName(context)) : undefined,
    describeBackup(context, { state: 'unusable', reason: messageOf(error), databases: [] }),
  ])
}

/** Whether a point in time was tried, in a pause or without one. */
function wasTried({ record }: Context): boolean {
  return record.current.windows.length > 0 || record.current.backup?.restorePoint !== undefined
}

function asUnusable(error: unknown): Failure {
  const text = error instanceof Failure ? error.text : { what: 'the backup failed', why: messageOf(error), next: 'run it again; -v shows more' }
  return new Failure({ ...text, next: `the backup is unusable and its data is not kept. ${text.next}` }, { exitCode: ExitCode.backupUnusable, cause: error })
}
