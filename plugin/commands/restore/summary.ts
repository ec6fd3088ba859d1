import type { OperationRecord } from '../../../operation/record.ts'
import type { Column } from '../../terminal/print.ts'
import type { Terminal } from '../../terminal/terminal.ts'

/** What a person wants to know of a restore that has just ended. */
export const restoreColumns: readonly Column<OperationRecord>[] = [
  { title: 'RESTORE', value: (record) => record.operation },
  { title: 'STATE', value: (record) => record.state },
  { title: 'RESTORE POINT', value: (record) => record.restore?.restorePoint ?? '-' },
  { title: 'SERVING', value: (record) => record.restore?.serving ?? '-' },
  { title: 'RELEASES', value: (record) => record.releases.join(', ') },
  {
    title: 'DATABASES',
    value: (record) => record.restore?.databases.map((database) => database.title).join(', ') ?? '-',
    wide: true,
  },
]

/** How to go back, after a restore that can be undone. */
export function showWayBack(terminal: Terminal, record: OperationRecord): void {
  for (const line of record.restore?.wayBack ?? []) terminal.note(line)
}
