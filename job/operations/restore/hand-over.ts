import { ExitCode } from '../../../operation/exit-code.ts'
import { Failure } from '../../../operation/failure.ts'
import { restoreCommand } from '../../../operation/outcome/restore-command.ts'
import type { RestoredData } from '../../databases/database.ts'
import type { OperationContext } from '../../context/operation-context.ts'

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
  const ways = [
    `once all of that is done: ${restoreCommand(request, '--continue')}`,
    `to give it up, as long as none of that is begun: ${restoreCommand(request, '--undo')}`,
  ]
  await record.update(({ restore }) => {
    if (restore === undefined) return
    restore.serving = 'nothing'
    restore.waitsFor = steps
    restore.wayBack = ways
  })
  throw new Failure(
    {
      what: `${request.operation} waits for you`,
      why: 'the releases are stopped, and what follows is not this program’s to do',
      next: [...steps, ...ways].join('\n'),
    },
    { exitCode: ExitCode.waitsForAdministrator },
  )
}
