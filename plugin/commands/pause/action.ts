import { formatDuration } from '../../../operation/duration.ts'
import { ExitCode } from '../../../operation/exit-code.ts'
import type { OperationRecord } from '../../../operation/record.ts'
import type { RequestOf } from '../../../operation/request.ts'
import type { Action } from '../../command-line/command.ts'
import { isFinal } from '../../../operation/outcome/outcome.ts'
import { findPodTargets } from '../../operations/find-targets.ts'
import { finishOperation, printRecord } from '../../operations/finish-operation.ts'
import { warnWithoutGuard } from '../../operations/pause-limits.ts'
import { chooseName, podParts, prepareOperation, requestCore } from '../../operations/prepare-operation.ts'
import { readTargetOptions } from '../../flags/read-target.ts'
import { resumeNamed } from '../../operations/resume-named.ts'
import { runOperation } from '../../operations/run-operation.ts'
import type { Column } from '../../terminal/print.ts'
import { endedByGuardAt } from '../../presentation/interventions.ts'
import { readJobOptions } from '../../flags/job-options.ts'
import type { PauseFlags } from './command.ts'
import { readPauseLength } from './limits.ts'

const columns: readonly Column<OperationRecord>[] = [
  { title: 'OPERATION', value: (record) => record.operation },
  { title: 'RELEASES', value: (record) => record.releases.join(', ') },
  { title: 'SERVERS', value: (record) => String(record.windows.at(-1)?.endpoints.length ?? 0) },
  { title: 'PAUSED FROM', value: (record) => record.windows.at(-1)?.allPausedAt ?? '-' },
  {
    title: 'UNTIL',
    value: (record) =>
      record.windows.at(-1)?.unpauseSentAt ??
      endedByGuardAt(record, record.windows.length - 1) ??
      (isHeld(record) ? 'unpause' : '-'),
  },
  { title: 'RESTORE POINT', value: (record) => record.windows.at(-1)?.restorePoint ?? '-' },
  { title: 'VERDICT', value: (record) => record.windows.at(-1)?.verdict ?? '-' },
]

/** Whether every server has said that it is paused, and none was unpaused. */
export function isHeld(record: OperationRecord): boolean {
  const window = record.windows.at(-1)
  return (
    window?.allPausedAt !== undefined &&
    window.unpauseSentAt === undefined &&
    (record.guard?.interventions ?? []).length === 0
  )
}

export const runPause: Action<PauseFlags> = async (flags, session, terminal) => {
  const names = flags.release ?? []
  const length = readPauseLength(flags)
  const options = readJobOptions(flags)
  const target = readTargetOptions(flags)
  const name = chooseName(flags.name, names[0] ?? 'addresses')
  const earlier = await resumeNamed(session, terminal, 'pause', flags, names)
  if (earlier !== undefined) return finishOperation(terminal, flags.output, earlier, columns)

  warnWithoutGuard(terminal, length.pause.guard)
  const parts = podParts(await findPodTargets(session, names, target))
  const request: RequestOf<'pause'> = {
    ...requestCore(session, 'pause', name, { ...target.target, releases: parts.map((part) => part.target) }),
    ...length,
  }
  const objects = await prepareOperation(session, request, parts, { tlsCaSecret: target.tlsCaSecret }, options)

  const record = await runOperation(
    session,
    terminal,
    objects,
    flags,
    length.durationMs === undefined ? { reached: isHeld } : {},
  )
  if (record === undefined) return ExitCode.done
  if (isFinal(record) || !isHeld(record)) return finishOperation(terminal, flags.output, record, columns)
  printRecord(terminal, flags.output, record, columns)
  terminal.note(
    `paused until \`kubectl scalardl unpause ${names.join(' ')} -n ${session.namespace}\`, ` +
      `${formatDuration(length.pause.maxPauseMs)} at the most`,
  )
  return ExitCode.done
}
