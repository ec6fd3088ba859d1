import { formatDuration } from '../../operation/duration.ts'
import { ExitCode } from '../../operation/exit-code.ts'
import { Failure } from '../../operation/failure.ts'
import { checkName, operationName, type OperationKind } from '../../operation/names.ts'
import type { OperationRecord } from '../../operation/record.ts'
import { isFinal } from '../../operation/outcome/outcome.ts'
import { finishMaking, isHalfMade, removeHalfMade } from '../kubernetes/jobs/half-made.ts'
import { readRecord } from '../kubernetes/records/records.ts'
import type { Session } from '../kubernetes/api/session.ts'
import { timeLimit } from '../kubernetes/api/time-limit.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { followOperation } from './follow-operation.ts'

/**
 * Handles a chosen name that an operation has already: one under way is followed to its end, a finished one is refused,
 * and what is there of one that never began makes way.
 * @returns the record of the operation that was followed, undefined where the name is free
 * @throws Failure (usage) where the name is taken, or by one of other releases
 */
export async function resumeNamed(
  session: Session,
  terminal: Terminal,
  kind: OperationKind,
  flags: { name: string | undefined; timeout: string | undefined; wait: boolean; dryRun: string },
  releases: readonly string[],
): Promise<OperationRecord | undefined> {
  if (flags.name === undefined) return undefined
  const operation = operationName(kind, checkName(flags.name))
  const record = await readRecord(session, operation)
  const waits = (ms: number) =>
    terminal.note(`${operation} has no Job yet; waiting ${formatDuration(ms)} for the command that makes it`)
  if (flags.dryRun === 'none' && (await isHalfMade(session, operation, record, waits))) {
    terminal.note(`${operation} never began: the command that made it ended too early; it is made anew`)
    await removeHalfMade(session, operation)
    return undefined
  }
  if (record === undefined) return undefined
  const same = record.releases.toSorted().join() === [...new Set(releases)].toSorted().join()
  if (isFinal(record) || !same || !flags.wait || flags.dryRun !== 'none') {
    throw new Failure(
      {
        what: `the name "${flags.name}" is taken`,
        why: `${operation} of ${record.releases.join(', ')}, made ${record.createdAt}, is ${record.state}`,
        next: isFinal(record)
          ? 'choose another --name, or omit it to have one made'
          : `follow it with \`kubectl scalardl logs ${operation}\`, or choose another --name`,
      },
      { exitCode: ExitCode.usage },
    )
  }
  terminal.note(`${operation} is under way already; following it`)
  await finishMaking(session, operation)
  return followOperation(session, terminal, operation, timeLimit(flags.timeout, terminal.interrupted))
}
