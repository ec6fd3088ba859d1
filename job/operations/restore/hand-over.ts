import { ExitCode } from '../../../operation/exit-code.ts'
import { Failure } from '../../../operation/failure.ts'
import { restoreCommand } from '../../../operation/outcome/restore-command.ts'
import type { OperationRecord, RestorePart } from '../../../operation/record.ts'
import type { RestoredData } from '../../databases/database.ts'
import type { OperationContext } from '../../context/operation-context.ts'
import { rewriteRestore } from './earlier-restore.ts'

/** What a restore of these databases leaves to the administrator, lines for people. */
export function leftToDo(databases: readonly RestoredData[]): string[] {
  return databases.flatMap((database) => database.leftToDo?.() ?? [])
}

/**
 * Ends a restore that leaves something to the administrator: the releases stay stopped, and its record says what to do.
 * Does nothing for any other.
 * @throws Failure (exit code 7) with what to do, and how to go on
 */
export async function handOver(
  { record, request }: Pick<OperationContext<'restore'>, 'record' | 'request'>,
  databases: readonly RestoredData[],
): Promise<void> {
  const steps = leftToDo(databases)
  if (steps.length === 0) return
  const ways = [goOn(request), `to give it up, as long as none of that is begun: ${restoreCommand(request, '--undo')}`]
  await record.update(({ restore }) => {
    if (restore === undefined) return
    restore.serving = 'nothing'
    restore.waitsFor = steps
    restore.wayBack = ways
  })
  throw waits(request.operation, steps, ways)
}

/**
 * Does of a restore that waits what comes between the parts of its administrator. Where more is left to him then, its
 * record says so, and it waits on.
 * @throws Failure (exit code 7) with what to do, and how to go on; what a database threw
 */
export async function doBetween(
  context: OperationContext<'resume'>,
  former: OperationRecord & { restore: RestorePart },
  databases: readonly RestoredData[],
): Promise<void> {
  const { journal, phase } = context
  if (databases.every(({ betweenParts }) => betweenParts === undefined)) return
  const settled = await phase('put back', () =>
    Promise.allSettled(databases.map(async (database) => (await database.betweenParts?.(journal)) ?? [])),
  )
  const steps = settled.flatMap((one) => (one.status === 'fulfilled' ? one.value : []))
  const failed = settled.find((one) => one.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  if (steps.length === 0) return
  const { namespace, operation, restore } = former
  const ways = [goOn({ namespace, operation, flags: restore.flags })]
  const failure = waits(operation, steps, ways)
  const described = { databases: databases.map((database) => database.describe()), waitsFor: steps, wayBack: ways }
  await rewriteRestore(context, { ...former, failure: failure.text }, described)
  throw failure
}

function goOn(restore: Parameters<typeof restoreCommand>[0]): string {
  return `once all of that is done: ${restoreCommand(restore, '--continue')}`
}

function waits(operation: string, steps: readonly string[], ways: readonly string[]): Failure {
  return new Failure(
    {
      what: `${operation} waits for you`,
      why: 'the releases are stopped, and what follows is not this program’s to do',
      next: [...steps, ...ways].join('\n'),
    },
    { exitCode: ExitCode.waitsForAdministrator },
  )
}
