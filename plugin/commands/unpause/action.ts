import { ExitCode } from '../../../operation/exit-code.ts'
import type { OperationRecord } from '../../../operation/record.ts'
import type { RequestOf } from '../../../operation/request.ts'
import type { Action } from '../../command-line/command.ts'
import { findPodTargets } from '../../operations/find-targets.ts'
import { finishOperation } from '../../operations/finish-operation.ts'
import { chooseName, podParts, prepareOperation, requestCore } from '../../operations/prepare-operation.ts'
import { readTargetOptions } from '../../flags/read-target.ts'
import { runOperation } from '../../operations/run-operation.ts'
import type { Column } from '../../terminal/print.ts'
import { readJobOptions } from '../../flags/job-options.ts'
import type { UnpauseFlags } from './command.ts'
import { showVerdicts } from './verdicts.ts'

const columns: readonly Column<OperationRecord>[] = [
  { title: 'OPERATION', value: (record) => record.operation },
  { title: 'RELEASES', value: (record) => record.releases.join(', ') },
  { title: 'STATE', value: (record) => record.state },
]

export const runUnpause: Action<UnpauseFlags> = async (flags, session, terminal) => {
  if (flags.direct) return (await import('./direct.ts')).runDirectUnpause(flags, session, terminal)
  const names = flags.release ?? []
  const options = readJobOptions(flags)
  const target = readTargetOptions(flags)
  const name = chooseName(flags.name, names[0] ?? 'addresses')
  const parts = podParts(await findPodTargets(session, names, target))
  const request: RequestOf<'unpause'> = {
    ...requestCore(session, 'unpause', name, { ...target.target, releases: parts.map((part) => part.target) }),
    force: flags.force,
  }
  const objects = await prepareOperation(session, request, parts, { tlsCaSecret: target.tlsCaSecret }, options)
  const record = await runOperation(session, terminal, objects, flags)
  if (record === undefined) return ExitCode.done
  showVerdicts(terminal, record.ended ?? [])
  return finishOperation(terminal, flags.output, record, columns)
}
