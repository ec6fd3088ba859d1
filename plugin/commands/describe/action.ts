import type { Action } from '../../command-line/command.ts'
import type { DescribeFlags } from './command.ts'
import { ExitCode } from '../../../operation/exit-code.ts'
import { findOperation, recordOf } from '../../kubernetes/records/operations.ts'
import { readJournal } from '../../kubernetes/records/records.ts'
import { formatDocument } from '../../terminal/print.ts'
import { describeRecord } from './describe-record.ts'

/** Tells one record for people; `-o json` and `yaml` give the record itself. */
export const runDescribe: Action<DescribeFlags> = async (flags, session, terminal) => {
  const stored = await findOperation(session, flags.name, flags.what === 'operation' ? undefined : flags.what)
  const record = recordOf(stored)
  if (flags.output === 'json' || flags.output === 'yaml') terminal.document(formatDocument(record, flags.output))
  else if (flags.output === 'name') terminal.data(`operation/${record.operation}`)
  else {
    const journal = await readJournal(session, record.operation)
    terminal.document(describeRecord(record, journal?.steps ?? []))
  }
  return ExitCode.done
}
