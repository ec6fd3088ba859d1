import { restoreCommand } from '../../../operation/outcome/restore-command.ts'
import * as z from 'zod'
import { ExitCode } from '../../../operation/exit-code.ts'
import { Failure, messageOf } from '../../../operation/failure.ts'
import { failureSchema } from '../../../operation/record.ts'
import type { RestoredData } from '../../databases/database.ts'
import type { OperationContext } from '../../context/operation-context.ts'
import { describeRestore } from './describe-restore.ts'
import { tidyUp } from '../tidy-up.ts'
import { recordStandings } from './standing.ts'
import { notedReplicas, startReleases } from './stop-and-start.ts'
import { NotPutBack, putBack } from './switch-databases.ts'

type Context = OperationContext<'restore'>

const step = 'take back'
const causeSchema = failureSchema.extend({ exitCode: z.enum(ExitCode) })

/**
 * Whether an earlier worker gave this restore up. The former data may have been written to since, so it must not go
 * forward again.
 */
export function wasTakenBack({ journal }: Pick<Context, 'journal'>): boolean {
  return journal.begun(step)
}

/**
 * Puts the former data of every database back in service and starts the releases. Only then removes what the restore
 * made.
 * @param cause why the restore is given up, unless an earlier worker gave another cause
 * @throws Failure always: with the cause, and what became of the data
 */
export async function takeBack(
  context: Context,
  databases: readonly RestoredData[],
  cause: unknown = forgotten(),
): Promise<never> {
  const { events, journal, request } = context
  let failure = failureOf(cause)
  try {
    // Written down first, so that no later worker goes forward from half-way back. Where that fails, the data is put
    // back all the same.
    await noted(context, failure).catch(() => undefined)
    await putBack(databases, journal)
    events.say('switched', 'the data that was in service before is in service')
    failure = await noted(context, failure)
  } catch (notBack) {
    if (isFinal(notBack)) {
      // Nothing can undo this restore, so that what it loaded would stay for ever.
      const back = databases.filter((database) => !notBack.databases.includes(database))
      await discardAll(context, back)
      await describeRestore(context, databases, 'nothing')
      throw leftFinal(context, notBack, failure)
    }
    await describeRestore(context, databases, 'nothing')
    throw leftStopped(context, databases, failure, notBack)
  }
  await describeRestore(context, databases, 'previous')
  let changed: string[] = []
  try {
    await startReleases(context)
  } finally {
    changed = await recordStandings(context, request.backup, databases)
    await discardAll(context, databases)
    await describeRestore(context, databases, 'previous')
  }
  throw takenBack(failure, changed)
}

/** Removes what was loaded; the record says how to remove what stays. */
async function discardAll(context: Context, databases: readonly RestoredData[]): Promise<void> {
  const { events, journal, record, request } = context
  const left = await tidyUp(
    context,
    databases.map((database) => database.discard(journal)),
  )
  if (left.length === 0) return
  const way = `to remove what is left of the restore: ${restoreCommand(request, '--undo')}`
  events.say('note', way)
  await record.update(({ restore }) => {
    if (restore !== undefined) restore.wayBack = [way]
  })
}

async function noted({ journal }: Context, { text, exitCode, cause }: Failure): Promise<Failure> {
  const first = causeSchema.parse(
    await journal.once<z.infer<typeof causeSchema>>(step, () => Promise.resolve({ ...text, exitCode })),
  )
  return new Failure(first, { exitCode: first.exitCode, cause })
}

function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error
  return new Failure(
    { what: 'the restore failed', why: messageOf(error), next: 'Run it again, with -v for details.' },
    { cause: error },
  )
}

function forgotten(): Failure {
  return new Failure({
    what: 'the restore failed',
    why: 'its worker was killed before it could tell',
    next: 'run it again',
  })
}

/**
 * The failure where some databases hold the former data and some the restored: the releases stay stopped until the rest
 * is put back, or a backup is restored again.
 */
function leftStopped(
  context: Context,
  databases: readonly RestoredData[],
  failure: Failure,
  notBack: unknown,
): Failure {
  return new Failure(
    {
      what: messageOf(notBack),
      why:
        `${notBack instanceof Failure ? notBack.text.why : 'see the log'}. ` +
        `The restore had failed before: ${failure.message}`,
      next: nextOfStopped(context, databases),
    },
    { cause: notBack },
  )
}

/** Whether nothing of what the databases that were not put back held before is kept. */
function isFinal(error: unknown): error is NotPutBack {
  return error instanceof NotPutBack && error.databases.every(isKeptNowhere)
}

/** The failure where some of the former data is kept nowhere: the releases stay stopped until another restore. */
function leftFinal(context: Context, { databases }: NotPutBack, { text, exitCode, cause }: Failure): Failure {
  const reasons = databases.map(({ noWayBack }) => noWayBack)
  return new Failure(
    { what: text.what, why: [text.why, ...reasons].join('; '), next: nextOfStopped(context, databases) },
    { exitCode, cause },
  )
}

/** What brings stopped releases back: --undo, unless it would be refused for what nothing is kept of. */
function nextOfStopped(context: Context, databases: readonly RestoredData[]): string {
  const way = databases.some(isKeptNowhere)
    ? ` restore a backup again, with --replicas N${before(context)}`
    : `: ${restoreCommand(context.request, '--undo')}`
  return `nothing writes while the releases stay scaled to 0; fix the cause, then${way}`
}

function isKeptNowhere({ noWayBack }: RestoredData): boolean {
  return noWayBack !== undefined
}

/** How many replicas there were, for whoever has to say how many to start. */
function before(context: Pick<Context, 'journal'>): string {
  const counts = Object.entries(notedReplicas(context)).map(([name, count]) => `${name} ${count}`)
  return counts.length === 0 ? '' : ` (before: ${counts.join(', ')})`
}

function takenBack({ text, exitCode, cause }: Failure, changed: readonly string[]): Failure {
  const served =
    'The data that was in service before serves ' +
    `again${changed.length === 0 ? '; nothing was changed.' : `. ${changed.join(' ')}`}`
  return new Failure({ ...text, next: `${served} ${text.next}` }, { exitCode, cause })
}
