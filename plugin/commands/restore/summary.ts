import type { OperationRecord } from '../../../operation/record.ts'
import { isFinal, pausedBy } from '../../../operation/outcome/outcome.ts'
import type { Column } from '../../terminal/print.ts'
import type { Terminal } from '../../terminal/terminal.ts'

/** What a person wants to know of a restore that has just ended. */
export const restoreColumns: readonly Column<OperationRecord>[] = [
  { title: 'RESTORE', value: (record) => record.operation },
  { title: 'STATE', value: (record) => (record.restore?.waitsFor === undefined ? record.state : 'waits for you') },
  { title: 'RESTORE POINT', value: (record) => record.restore?.restorePoint ?? '-' },
  { title: 'SERVING', value: (record) => record.restore?.serving ?? '-' },
  { title: 'RELEASES', value: (record) => record.releases.join(', ') },
  {
    title: 'DATABASES',
    value: (record) => record.restore?.databases.map((database) => database.title).join(', ') ?? '-',
    wide: true,
  },
]

/** Which data the releases of a restore have in service, for people. */
export function servingLine({ operation, releases, restore }: OperationRecord): string {
  const who = releases.join(', ')
  switch (restore?.serving) {
    case 'restored':
      return `In service for ${who}: what ${operation} restored, of ${restore.restorePoint ?? 'an unknown point'}.`
    case 'nothing':
      if (restore.waitsFor !== undefined) return `In service for ${who}: NOTHING, until ${operation} goes on.`
      if (restore.command?.phase === 'restore')
        return `In service for ${who}: NOTHING. Its Deployments stay at 0 until a backup is restored again.`
      return `In service for ${who}: NOTHING. Its Deployments stay at 0 until the restore is undone.`
    default:
      return `In service for ${who}: the data of before ${operation}.`
  }
}

/** Says last which data serves, unless servers are left paused, which is said elsewhere. */
export function showServing(terminal: Terminal, ended: OperationRecord, restored: OperationRecord | undefined): void {
  if (restored !== undefined && isFinal(ended) && pausedBy(ended).length === 0) terminal.note(servingLine(restored))
}

/** How to go back, after a restore that can be undone. */
export function showWayBack(terminal: Terminal, record: OperationRecord): void {
  for (const line of record.restore?.wayBack ?? []) terminal.note(line)
}
