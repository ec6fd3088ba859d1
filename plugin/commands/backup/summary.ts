import { formatDuration } from '../../../operation/duration.ts'
import type { OperationRecord } from '../../../operation/record.ts'
import { backupState } from '../../kubernetes/records/backup-state.ts'
import type { Column } from '../../terminal/print.ts'
import { extentOf, placeOf } from '../../presentation/backup-place.ts'
import { endedByGuardAt } from '../../presentation/interventions.ts'

function pauseLength(record: OperationRecord): string {
  const window = record.windows.at(-1)
  if (window === undefined) return record.backup?.pause?.paused === false ? 'not needed' : 'none'
  const end = window.allUnpausedAt ?? endedByGuardAt(record, record.windows.length - 1)
  return end === undefined ? 'not ended' : formatDuration(Date.parse(end) - Date.parse(window.pauseSentAt))
}

function size({ backup }: OperationRecord): string {
  return extentOf(backup, (bytes) => `${(bytes / 1_000_000).toFixed(1)} MB`) ?? '-'
}

/** What a person wants to know of a backup that has just been made. */
export const backupColumns: readonly Column<OperationRecord>[] = [
  { title: 'BACKUP', value: (record) => record.backup?.name ?? record.operation },
  { title: 'STATE', value: (record) => backupState(record) },
  { title: 'RESTORE POINT', value: (record) => record.backup?.restorePoint ?? '-' },
  { title: 'PAUSE', value: pauseLength },
  { title: 'SIZE', value: size },
  { title: 'LOCATION', value: (record) => placeOf(record.backup) ?? '-' },
  {
    title: 'DATABASES',
    value: (record) => record.backup?.databases.map((database) => database.title).join(', ') ?? '-',
    wide: true,
  },
]
