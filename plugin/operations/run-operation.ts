// Room: one operation from a command's flags to its verdict.
// Read prepare-operation, run-operation, follow-operation, finish-operation.

import { Failure } from '../../operation/failure.ts'
import type { OperationRecord } from '../../operation/record.ts'
import type { DryRun } from '../kubernetes/api/apply.ts'
import { abandonOperation } from '../kubernetes/jobs/abandon-operation.ts'
import { showObjects } from '../kubernetes/api/apply.ts'
import { createOperation } from '../kubernetes/jobs/compose/create-operation.ts'
import { inOrder, shownObjects, type OperationObjects } from '../kubernetes/jobs/compose/operation-objects.ts'
import { detached, outOfReach } from '../kubernetes/jobs/operation-outcome.ts'
import { waitForStart } from '../kubernetes/jobs/wait-for-job.ts'
import type { Session } from '../kubernetes/api/session.ts'
import { timeLimit } from '../kubernetes/api/time-limit.ts'
import type { OutputFormat, Terminal } from '../terminal/terminal.ts'
import { followOperation, type Following } from './follow-operation.ts'

export interface RunFlags {
  output: OutputFormat
  wait: boolean
  timeout: string | undefined
  dryRun: DryRun
}

/** Waits for the worker's start. Where it never starts, the objects are removed. */
async function start(
  session: Session,
  terminal: Terminal,
  objects: OperationObjects,
  signal: AbortSignal,
): Promise<void> {
  const progress = terminal.begin(`waiting for the pod of ${objects.operation}`)
  try {
    await waitForStart(session, objects.operation, progress, signal)
    progress.succeed(`${objects.operation} has started`)
  } catch (error) {
    if (signal.aborted) {
      progress.warn(`${objects.operation} has not started yet`)
      throw detached(session, objects.operation, signal.reason)
    }
    progress.fail(`${objects.operation} does not start`)
    if (!(error instanceof Failure)) throw outOfReach(session, objects.operation, error)
    const failure = await abandonOperation(session, objects, error)
    if (failure !== undefined) throw failure
  }
}

/**
 * Makes an operation's objects and follows it to its end, or as far as `following` says.
 * @returns undefined with --dry-run, which shows the objects, and with --wait=false, which says how to come back
 * @throws Failure where an object is refused or the worker never starts (nothing stays behind), or where the following
 * ends early (exit code 6)
 */
export async function runOperation(
  session: Session,
  terminal: Terminal,
  objects: OperationObjects,
  flags: RunFlags,
  following: Following = {},
): Promise<OperationRecord | undefined> {
  const signal = timeLimit(flags.timeout, terminal.interrupted)
  await createOperation(session, objects, flags.output, flags.dryRun)
  if (flags.dryRun !== 'none') {
    showObjects(terminal, inOrder(objects), flags.output, 'created', flags.dryRun)
    return undefined
  }
  if (!flags.wait) {
    if (flags.output === 'table' || flags.output === 'name') terminal.data(objects.operation)
    else showObjects(terminal, shownObjects(objects), flags.output, 'created', flags.dryRun)
    terminal.note(
      `follow it with \`kubectl scalardl logs ${objects.operation}\` or \`kubectl scalardl wait ${objects.operation}\``,
    )
    return undefined
  }
  await start(session, terminal, objects, signal)
  return followOperation(session, terminal, objects.operation, signal, following)
}
