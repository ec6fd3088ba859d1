import { restoreCommand } from '../../../operation/outcome/restore-command.ts'
import { z } from 'zod'
import { ExitCode } from '../../../operation/exit-code.ts'
import { Failure, messageOf } from '../../../operation/failure.ts'
import { failureSchema } from '../../../operation/record.ts'
import type { RestoredData } from '../../databases/database.ts'
import type { OperationContext } from '../../context/operation-context.ts'
import { describeRestore } from './describe-restore.ts'
import { recordStandings } from './standing.ts'
import { startReleases } from './stop-and-start.ts'
import { discardAll, putBack } from './switch-databases.ts'

type Context = OperationContext<'restore'>

const step = 'take back'
const causeSchema = failureSchema.extend({ exitCode: z.enum(ExitCode) })

/**
 * Whether an earlier worker gave this restore up. The former data may have been written to since: there is no going
 * forward again.
 */
export function wasTakenBack({ journal }: Pick<Context, 'journal'>): boolean {
  return journal.begun(step)
}

/**
 * Puts the former data of every database back in service, starts the releases, and only then removes what was made on
 * the way.
 * @param cause why the restore is given up; an earlier worker's is what counts
 * @throws Failure always: with the cause, and what became of the data
 */
export async function takeBack(
  context: Context,
  databases: readonly RestoredData[],
  cause: unknown = forgotten(),
): Promise<never> {
  const { journal, request } = context
  let failure = failureOf(cause)
  try {
    // Before, so that no worker goes forward from what is half put back; but what each database knows of it is read in
    // any case.
    await noted(context, failure).catch(() => undefined)
    await putBack(databases, journal)
    failure = await noted(context, failure)
  } catch (notBack) {
    await describeRestore(context, databases, 'nothing')
    throw leftStopped(context, failure, notBack)
  }
  await describeRestore(context, databases, 'previous')
  let changed: string[] = []
  try {
    await startReleases(context)
  } finally {
    changed = await recordStandings(context, request.backup, databases)
    await discardAll(databases, journal)
    await describeRestore(context, databases, 'previous')
  }
  throw takenBack(failure, changed)
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
 * Some databases hold the former and some the restored data: nothing may serve, and --undo finishes what could not be
 * put back.
 */
function leftStopped({ request }: Context, failure: Failure, notBack: unknown): Failure {
  return new Failure(
    {
      what: messageOf(notBack),
      why:
        `${notBack instanceof Failure ? notBack.text.why : 'see the log'}. ` +
        `The restore had failed before: ${failure.message}`,
      next:
        'nothing writes while the releases stay scaled to 0; ' +
        `mend the cause, then: ${restoreCommand(request, '--undo')}`,
    },
    { cause: notBack },
  )
}

function takenBack({ text, exitCode, cause }: Failure, changed: readonly string[]): Failure {
  const served =
    'The data that was in service before serves ' +
    `again${changed.length === 0 ? '; nothing was changed.' : `. ${changed.join(' ')}`}`
  return new Failure({ ...text, next: `${served} ${text.next}` }, { exitCode, cause })
}
