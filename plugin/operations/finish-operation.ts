import type { ExitCode } from '../../operation/exit-code.ts'
import type { OperationRecord } from '../../operation/record.ts'
import { showVerdict } from '../presentation/verdict.ts'
import { exitCodeOf } from '../../operation/outcome/outcome.ts'
import { printOne, type Column } from '../terminal/print.ts'
import type { OutputFormat, Terminal } from '../terminal/terminal.ts'

/** Prints an operation's record on stdout: a short summary of these columns, the whole record, or its name. */
export function printRecord(
  terminal: Terminal,
  output: OutputFormat,
  record: OperationRecord,
  columns: readonly Column<OperationRecord>[],
): void {
  printOne(terminal, output, record, { columns, document: (item) => item, name: (item) => item.operation })
}

/** Prints the record of an operation that has ended, then its verdict. @returns the exit code */
export function finishOperation(
  terminal: Terminal,
  output: OutputFormat,
  record: OperationRecord,
  columns: readonly Column<OperationRecord>[],
): ExitCode {
  printRecord(terminal, output, record, columns)
  showVerdict(terminal, record)
  return exitCodeOf(record)
}
