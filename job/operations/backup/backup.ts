// Room: the backup, from its checks to its record; what a storage holds, and copies of it.
// Read backup, restore-point, refusals, give-up, backup-record; then list and copy.

import { setTimeout as sleep } from 'node:timers/promises'
import { pathAt } from '../../../operation/location.ts'
import { middleOf } from '../../../operation/outcome/pause-window.ts'
import type { BackupPart } from '../../../operation/record.ts'
import type { Snapshot } from '../../databases/database.ts'
import type { DatabaseGroup } from '../../databases/open.ts'
import { decidePause } from '../../databases/pause-decision.ts'
import { isHandedOn } from '../../context/handed-on.ts'
import type { OperationContext } from '../../context/operation-context.ts'
import { readRecipients } from '../../encryption/recipients.ts'
import { operatorCommand } from '../../exec/operator-command.ts'
import { concludePreflight, refuseOnErrors } from '../conclude-preflight.ts'
import type { HeldPause } from '../../pause/run-inside.ts'
import { holdPause } from '../../pause/hold-pause.ts'
import { preflight } from '../../pause/preflight.ts'
import { untilSteady } from '../../pause/until-steady.ts'
import { limited } from '../../storage/limited.ts'
import { openStorageAt } from '../../storage/open.ts'
import type { Storage } from '../../storage/storage.ts'
import { backupContext } from '../database-contexts.ts'
import { backupName, claimFolder, describeBackup, publishRecord } from './backup-record.ts'
import { distinctTitles } from './distinct-titles.ts'
import { holdReleases } from '../hold-releases.ts'
import { asUnusable, giveUp, stillRestorable, wasTried } from './give-up.ts'
import { databasesOnce, openSources, type OpenSource } from '../open-databases.ts'
import { checkTogether } from '../restored-together.ts'
import { lostWindow, refuseIdleTool, refuseShortPause, refuseUnencrypted, refuseWithoutStorage } from './refusals.ts'
import { keepPoint, keptPoint, type Point } from './restore-point.ts'
import { tidyUp } from '../tidy-up.ts'

type Context = OperationContext<'backup'>

const materializing = 'materialize'
/** How long the record of a backup whose materializing was given up may take to be written, ms. */
const publishMs = 60_000

/**
 * Takes a backup: check everything, pause all, fix every database's point in time, unpause. Only then dump, or wait for
 * the service that keeps the data.
 * @throws Failure with exit code 3 once a restore point was tried and did not come to a usable backup.
 */
export async function backup(context: Context): Promise<void> {
  const { request } = context
  const databases = await databasesOnce(request.target, context)
  refuseWithoutStorage(request, databases)
  refuseIdleTool(request, databases)
  const together = checkTogether(databases.map(({ kind }) => ({ kind: kind.name })))
  refuseOnErrors(`backup of ${request.target.releases.map(({ name }) => name).join(', ')}`, together)
  const storage = limited(openStorageAt(request.to), request.bytesPerSecond)
  const pauseDecision = decidePause(request.pauseMode, databases, request.target.releases)
  const encrypted = await encryptionOnce(context, databases)
  const { recipients } = encrypted.encryption ?? {}
  const sources = openSources(databases, backupContext(context, storage, recipients, operatorCommand(context)))
  const pause = { mode: request.pauseMode, ...pauseDecision }
  await describeBackup(context, { state: 'incomplete', pause, ...encrypted })
  try {
    await holdReleases(context, async () => {
      await take(context, storage, sources, pauseDecision.paused)
      if (request.materialize) await context.phase(materializing, () => materializeAll(context, storage, sources))
    })
  } catch (error) {
    // A worker that is stopped may be started again and go on; only one that failed by itself, or was cancelled, gives
    // up.
    if (await isHandedOn(context)) throw error
    if (context.record.current.phases.some(({ name }) => name === materializing)) {
      await tidyUp(context, [...discardMaterials(context, sources), describeBackup(context, { state: 'restorable' })])
      const left = AbortSignal.timeout(publishMs)
      if (request.to !== undefined) await tidyUp(context, [publishRecord(context, storage, left)])
      throw stillRestorable(error)
    }
    await giveUp(context, storage, sources, error)
    throw wasTried(context) ? asUnusable(error) : error
  } finally {
    await Promise.allSettled(sources.map(({ source }) => source.close()))
  }
}

async function take(
  context: Context,
  storage: Storage,
  sources: readonly OpenSource[],
  paused: boolean,
): Promise<void> {
  const { to } = context.request
  const kept = keptPoint(context)
  let completed: BackupPart['databases'] | undefined
  if (pointLives(context, sources, kept)) {
    const { databases = [] } = context.record.current.backup ?? {}
    // An earlier worker recorded the databases once all were complete, and may have materialized them since.
    if (kept !== undefined && databases.length > 0) completed = databases
    if (kept !== undefined) await describeBackup(context, { state: 'recorded', restorePoint: kept.restorePoint })
  } else {
    await context.phase('preflight', () => check(context, sources, storage, paused))
    await context.phase('connect', () => prepare(sources))
    if (paused) refuseShortPause(context, sources)
    const point = paused ? await pointInPause(context, sources) : await pointWithoutPause(context, sources)
    await keepPoint(context, point)
    await describeBackup(context, { state: 'recorded', restorePoint: point.restorePoint })
  }
  // A dump may take hours; nobody has to stand by who has nothing left to guard.
  if (!paused || !mayPauseAgain(context)) context.guard.done()
  const databases =
    completed ??
    (await context.phase(to === undefined ? 'wait until restorable' : 'dump', () => complete(context, sources)))
  const location = to === undefined ? {} : { location: pathAt(to, backupName(context)) }
  await describeBackup(context, { state: 'restorable', databases, ...location })
  // What materializing adds is in the record too, which is written once.
  if (to !== undefined && !context.request.materialize)
    await context.phase('publish', () => publishRecord(context, storage))
}

/**
 * For whom the dumps are encrypted, read once: a worker that is started again encrypts for nobody else.
 * @throws Failure where nobody can be encrypted for, or there is no dump that could be
 */
async function encryptionOnce(
  { events, journal, request: { encryption } }: Context,
  databases: readonly DatabaseGroup[],
): Promise<Pick<BackupPart, 'encryption'>> {
  if (encryption === undefined) return {}
  refuseUnencrypted(databases)
  const found = await journal.once('read recipients', () => readRecipients(encryption))
  events.say(
    'note',
    `a restore needs the key of one of these; once all are lost, so is the backup: ${found.recipients.join(', ')}`,
  )
  return { encryption: found }
}

/** Whether a successor of this worker, if it were killed now, would lose the snapshots and may pause again. */
function mayPauseAgain(context: Context): boolean {
  const lasting = keptPoint(context)?.snapshots.every(({ durable }) => durable !== undefined) ?? false
  return !lasting && context.record.current.windows.length <= context.request.retries
}

/**
 * Whether an earlier worker's restore point still holds: each database's data is complete, or its snapshot outlives its
 * worker.
 */
function pointLives(context: Context, sources: readonly OpenSource[], kept: Point | undefined): boolean {
  return sources.every(({ source, folder }, index) => {
    if (context.journal.result(completeStep(context, folder)) !== undefined) return true
    const snapshot = kept?.snapshots[index]
    if (snapshot?.durable === undefined || source.resume === undefined) return false
    source.resume(snapshot)
    return true
  })
}

async function check(
  context: Context,
  sources: readonly OpenSource[],
  storage: Storage,
  paused: boolean,
): Promise<void> {
  const described = await Promise.all(sources.map(({ source }) => source.describe()))
  const bytes = described.reduce((sum, source) => sum + source.estimatedBytes, 0)
  const findings = await Promise.all([
    checkTogether(described),
    ...(paused ? [preflight(context)] : []),
    ...sources.map(({ source }) => source.preflight()),
    storage.preflight(bytes, context.request.operation),
  ])
  await concludePreflight(context, `backup of ${context.record.current.releases.join(', ')}`, findings.flat())
  const { operation, createdAt } = context.record.current
  const { to } = context.request
  if (to === undefined) return
  await claimFolder(context, storage, backupName(context), { operation, createdAt })
  // Whoever deletes this backup, should its worker never end it, has to know where its folder is.
  await describeBackup(context, { location: pathAt(to, backupName(context)) })
}

/** Checks the databases once more before another pause: what voided the last one may have changed them. */
async function checkAgain({ record }: Context, sources: readonly OpenSource[]): Promise<void> {
  const findings = (await Promise.all(sources.map(({ source }) => source.preflight()))).flat()
  refuseOnErrors(`another pause of ${record.current.releases.join(', ')}`, findings)
}

async function prepare(sources: readonly OpenSource[]): Promise<void> {
  await Promise.all(sources.map(({ source }) => source.prepare()))
}

/** Takes one window, and as many more as the request allows where a window is void or could not be had. */
async function pointInPause(context: Context, sources: readonly OpenSource[]): Promise<Point> {
  const { cluster, events, record, request, signal } = context
  for (;;) {
    const taken = record.current.windows.length
    if (taken > request.retries) throw lostWindow(record.current.windows.at(-1))
    const left = request.retries - taken
    const snapshot = async (held: HeldPause) => {
      const snapshots = await Promise.all(sources.map(({ source }) => source.snapshot(held)))
      await stayPaused(held, request.holdMs ?? 0)
      return snapshots
    }
    const paused = await context
      .phase(taken === 0 ? 'pause' : `pause ${taken + 1}`, () => holdPause(context, snapshot))
      .catch((error: unknown) => {
        if (left === 0 || !wasEnded(context, taken)) throw error
      })
    const window = paused?.window ?? record.current.windows[taken]
    if (paused?.window.verdict === 'valid')
      return { restorePoint: pointOfServices(paused.value) ?? middleOf(paused.window), snapshots: paused.value }
    events.say(
      'note',
      `pause window ${taken + 1} is void: ` +
        `${window?.reasons.join('; ')}${left > 0 ? `; trying another (${left} left)` : ''}`,
      { level: 'warning' },
    )
    if (left === 0) continue
    await untilSteady(cluster, record.current.releases, signal)
    await checkAgain(context, sources)
    await prepare(sources)
  }
}

/** Keeps all servers paused until they have been for that long. */
async function stayPaused({ allPausedAt, signal }: HeldPause, leastMs: number): Promise<void> {
  await sleep(Math.max(0, Date.parse(allPausedAt) + leastMs - Date.now()), undefined, { signal })
}

/** Whether a window was tried and is over, with nothing paused and nobody asking this worker to end. */
function wasEnded({ record, signal }: Context, index: number): boolean {
  const { windows, stillPaused } = record.current
  return windows[index]?.verdict === 'void' && stillPaused.length === 0 && !signal.aborted
}

/** The moment that the databases' own services bring back, where those that have one agree on it. */
function pointOfServices(snapshots: readonly Snapshot[]): string | undefined {
  const [at, ...others] = new Set(
    snapshots
      .filter(({ anyMoment }) => anyMoment !== true)
      .map((snapshot) => (snapshot.durable === undefined ? undefined : snapshot.at)),
  )
  return others.length === 0 ? at : undefined
}

/** The restore point where one transactional database holds everything: its own snapshot. */
async function pointWithoutPause(context: Context, sources: readonly OpenSource[]): Promise<Point> {
  const snapshots = await context.phase('snapshot', () => Promise.all(sources.map(({ source }) => source.snapshot())))
  return { restorePoint: snapshots[0]?.at ?? new Date().toISOString(), snapshots }
}

/** The name of a step, with the restore point in it: a dump of an earlier point is never taken for one of this. */
function completeStep({ record }: Context, folder: string): string {
  return `dump ${folder} of ${record.current.backup?.restorePoint ?? 'no point yet'}`
}

async function complete(context: Context, sources: readonly OpenSource[]): Promise<BackupPart['databases']> {
  const name = backupName(context)
  const point = keptPoint(context)
  const databases = await all([...sources.entries()], ([index, { source, folder }]) => {
    const act = () => source.complete(`${name}/${folder}`)
    // Nothing is made of a durable snapshot, so there is no step to keep, and the journal has room for what hundreds of
    // tables are like.
    if (point?.snapshots[index]?.durable !== undefined) return act()
    // A dump begun by a killed worker has lost its snapshot; complete() writes a new one in its place.
    return context.journal.once(completeStep(context, folder), act)
  })
  return distinctTitles(databases)
}

/**
 * Makes the restore point outlive what the databases' services keep of it. It can be restored before that as well.
 */
async function materializeAll(context: Context, storage: Storage, sources: readonly OpenSource[]): Promise<void> {
  const { backup } = context.record.current
  const databases = await all([...(backup?.databases ?? []).entries()], async ([index, database]) => {
    return (await sources[index]?.source.materialize?.(database, context.journal)) ?? database
  })
  await describeBackup(context, { databases })
  if (context.request.to !== undefined) await publishRecord(context, storage)
}

function discardMaterials(context: Context, sources: readonly OpenSource[]): (Promise<void> | undefined)[] {
  const databases = context.record.current.backup?.databases ?? []
  return databases.map((database, index) => sources[index]?.source.discardMaterials?.(database))
}

/** Waits for all, so that nothing still writes when a failed backup removes what was written. */
async function all<One, Result>(ones: readonly One[], run: (one: One) => Promise<Result>): Promise<Result[]> {
  const settled = await Promise.allSettled(ones.map(run))
  const failed = settled.find((one) => one.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  return settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
}
