// Room: the restore, its undo and the removal of what it kept.
// Read restore, stop-and-start, switch-databases, roll-back, hand-over, resume, undo, drop.

import { restoreCommand } from '../../../operation/outcome/restore-command.ts'
import { Failure } from '../../../operation/failure.ts'
import type { BackupPart } from '../../../operation/record.ts'
import type { RestoreDestination } from '../../databases/database.ts'
import { readIdentities, requireKey } from '../../encryption/key.ts'
import { isHandedOn } from '../../context/handed-on.ts'
import type { OperationContext } from '../../context/operation-context.ts'
import { verifyRecord } from '../../context/signing.ts'
import { concludePreflight, refuseOnErrors } from '../conclude-preflight.ts'
import { restoreContext } from '../database-contexts.ts'
import { dropFormerData, withoutPrevious } from './drop-previous.ts'
import { describeRestore } from './describe-restore.ts'
import { databasesBackedUp, databasesOf, openDestinations } from '../open-databases.ts'
import { holdReleases } from '../hold-releases.ts'
import { handOver, leftToDo } from './hand-over.ts'
import { keepStopped, type StoppedReleases } from './keep-stopped.ts'
import { startReleases, stopReleases } from './stop-and-start.ts'
import { refuseLost, restorable } from '../backup/restorable.ts'
import { refuseApart } from '../restored-together.ts'
import { markEndangered, recordStandings, refuseLosses } from './standing.ts'
import { verifyMoment } from './proven-moment.ts'
import { switchAll } from './switch-databases.ts'
import { takeBack, wasTakenBack } from './roll-back.ts'

type Context = OperationContext<'restore'>

/**
 * Restores a backup. The releases serve on until every database is loaded and verified beside the one in service. Only
 * then they are stopped, all databases are switched, and they start again. Where anything fails before the last switch,
 * the former data serves again.
 */
export async function restore(context: Context): Promise<void> {
  const { request, signal } = context
  const record = await context.cluster.readRecord(request.backup)
  const backup = restorable(record)
  verifyRecord(context, record, request.trust)
  const identities = await readIdentities()
  if (!context.journal.resumed) {
    refuseLost(backup)
    refuseApart(request.backup, backup, request.choice)
    await requireKey(backup, identities)
    await verifyMoment(context, record.releases)
  }
  const stopped = keepStopped(context)
  // An earlier worker may have pointed some of the releases to restored data already.
  const present = context.journal.resumed
    ? await databasesBackedUp(request.target, backup.databases, signal)
    : await databasesOf(request.target, backup.databases, signal)
  const databases = openDestinations(
    present,
    backup.databases,
    restoreContext(context, backup, identities, AbortSignal.any([signal, stopped.broughtBack])),
  )
  try {
    await begin(context, backup, databases)
    await holdReleases(context, (lost) => run(context, databases, lost, stopped))
  } finally {
    stopped.release()
    await Promise.allSettled(databases.map((database) => database.close()))
  }
}

/** The step after which the former data may be gone, so the restore cannot be rolled back. */
const servingStep = 'restored data in service'

/** Restores into opened databases, under the Leases of the releases. */
export async function run(
  context: Context,
  databases: readonly RestoreDestination[],
  lost: AbortSignal,
  stopped: StoppedReleases,
): Promise<void> {
  const { journal, phase, request } = context
  if (journal.result(servingStep) === undefined) {
    await putInService(context, databases, lost, stopped)
    if (isPrinted(context)) return tellHow(context, databases)
    await describeRestore(context, databases, leftToDo(databases).length === 0 ? 'restored' : 'nothing')
    await journal.once(servingStep, () => Promise.resolve('done'))
  }
  await handOver(context, databases)
  await phase('start', () => startReleases(context))
  try {
    if (request.dropPrevious) await phase('drop previous', () => dropPrevious(context, databases))
  } finally {
    await recordStandings(context, request.backup, databases)
  }
}

/** Loads and switches every database; with `--repoint print` it only loads them. */
async function putInService(
  context: Context,
  databases: readonly RestoreDestination[],
  lost: AbortSignal,
  stopped: StoppedReleases,
): Promise<void> {
  const { journal, phase, request } = context
  const preflight = async () => {
    await phase('preflight', () => check(context, databases))
    // all of them before the first is loaded: a damaged one makes the others useless
    await phase('verify', () => all(databases, (database) => database.verify()))
  }
  // An earlier worker may have stopped the releases, so a refusal now must start them again.
  if (!journal.resumed) await preflight()
  await untilSwitched(context, databases, stopped, async () => {
    if (journal.resumed) await preflight()
    await phase('load', () => all(databases, (database) => database.load(journal)))
    await describeRestore(context, databases)
    if (isPrinted(context)) return
    lost.throwIfAborted()
    await phase('check switch', () => checkSwitch(context, databases))
    await markEndangered(context, databases, 'activate')
    await phase('stop', () => stopReleases(context, stopped))
    lost.throwIfAborted()
    // While tables are replaced neither the former nor the restored data is whole; an undo has to know if nobody is
    // left to tell.
    if (request.choice?.strategy === 'replace') await describeRestore(context, databases, 'nothing')
    await phase('switch', () => switchAll(databases, journal, stopped))
    if (leftToDo(databases).length === 0) context.events.say('switched', `the data of ${request.backup} is in service`)
  })
}

/** Drops the former data; the record keeps the databases as they were switched, perhaps by an earlier worker. */
async function dropPrevious(context: Context, databases: readonly RestoreDestination[]): Promise<void> {
  await dropFormerData(context, databases)
  await context.record.update(({ restore: restored }) => {
    if (restored !== undefined) restored.databases = withoutPrevious(restored.databases)
  })
}

async function begin(context: Context, backup: BackupPart, databases: readonly RestoreDestination[]): Promise<void> {
  const { request } = context
  await context.record.update((record) => {
    record.restore ??= {
      backup: request.backup,
      ...(backup.restorePoint === undefined ? {} : { restorePoint: backup.restorePoint }),
      ...(request.choice === undefined ? {} : { choice: request.choice }),
      ...(request.flags === undefined ? {} : { flags: request.flags }),
      databases: databases.map((database) => database.describe()),
      serving: 'previous',
      wayBack: [],
    }
  })
}

async function check(context: Context, databases: readonly RestoreDestination[]): Promise<void> {
  const findings = (await Promise.all(databases.map((database) => database.preflight(context.journal)))).flat()
  await concludePreflight(context, `restore of ${context.request.backup}`, findings)
  // The restored point outlives its tables, in the backups that a restore in place makes on the way.
  const kept = context.request.choice?.at === undefined ? context.request.backup : undefined
  await refuseLosses(context, databases, 'activate', kept)
  if (context.request.dropPrevious) await refuseLosses(context, databases, 'dropPrevious')
  if (isPrinted(context) && databases.some((database) => database.instructions === undefined)) throw notPrinted()
  const plans = await Promise.all(databases.map((database) => database.plan()))
  for (const plan of plans) {
    for (const step of plan.steps) context.events.say('note', `${plan.title}: ${step}`)
  }
}

/** Checks the switch again before anything is stopped: hours may have passed since the preflight. */
async function checkSwitch(context: Context, databases: readonly RestoreDestination[]): Promise<void> {
  const findings = await Promise.all(databases.map((database) => database.checkSwitch?.() ?? []))
  refuseOnErrors(`the switch of ${context.request.operation}`, findings.flat())
}

/** Whether the restored data is only made ready, and the administrator puts it in service. */
function isPrinted({ request }: Context): boolean {
  return request.choice?.repoint === 'print'
}

/** Tells what is left for the administrator: the restored data is ready, and the releases serve on as they did. */
async function tellHow(context: Context, databases: readonly RestoreDestination[]): Promise<void> {
  const told = await Promise.all(databases.map((database) => database.instructions?.()))
  const lines = [
    ...told.flatMap((of) => of ?? []),
    `to remove the restored data instead: ${restoreCommand(context.request, '--undo')}`,
  ]
  await context.record.update((record) => {
    if (record.restore !== undefined) record.restore.wayBack = lines
  })
}

function notPrinted(): Failure {
  return new Failure({
    what: 'the restore was not begun, nothing was touched',
    why:
      '--repoint print leaves it to you to point the releases to restored tables; ' +
      'one of the databases keeps its names, and is switched or not',
    next: 'omit --repoint',
  })
}

/**
 * Runs the part of a restore that can be rolled back. Where it fails, or failed for an earlier worker, the former data
 * serves again and the error says so.
 */
async function untilSwitched(
  context: Context,
  databases: readonly RestoreDestination[],
  stopped: StoppedReleases,
  run: () => Promise<void>,
): Promise<void> {
  if (wasTakenBack(context)) return takeBack(context, databases)
  try {
    await run()
    stopped.release()
  } catch (error) {
    stopped.release()
    if (await isHandedOn(context)) throw error
    await takeBack(context, databases, error)
  }
}

/** Does one thing on all databases at once and waits for all, so that nothing runs on when one has failed. */
async function all(
  databases: readonly RestoreDestination[],
  run: (database: RestoreDestination) => Promise<void>,
): Promise<void> {
  const settled = await Promise.allSettled(databases.map(run))
  const failed = settled.find((one) => one.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}
