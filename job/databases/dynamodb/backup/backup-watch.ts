import type { BackupSummary, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { sharedLook } from '../../../aws/shared-look.ts'
import { listBackups } from './table-backup.ts'

/**
 * The on-demand backups of one name that a restore made, as they are now, oldest first: more than one where an answer
 * was lost and the call made again. One look serves all tables.
 */
export type BackupWatch = (name: string) => Promise<BackupSummary[]>

/**
 * The backup that AWS makes of a table when it is deleted, of its last moment; kept for 35 days (DynamoDB:
 * point-in-time recovery, deleting a table). Asked for by the id of that very table, since others may have had its
 * name.
 */
export type SystemBackups = (tableId: string) => Promise<BackupSummary | undefined>

/** @param since tables deleted before are none that this restore deleted, ms */
export function systemBackups(client: DynamoDBClient, since: number): SystemBackups {
  const look = sharedLook(async () => {
    const found = await listBackups(client, { BackupType: 'SYSTEM', TimeRangeLowerBound: new Date(since) })
    return new Map(found.map((backup) => [backup.TableId ?? '', backup]))
  })
  return async (tableId) => (await look()).get(tableId)
}

/**
 * @param since backups made before are none of this restore's, ms
 * @param prefix how the names of its backups begin
 */
export function backupWatch(client: DynamoDBClient, since: number, prefix: string): BackupWatch {
  const look = sharedLook(async () => {
    const found = new Map<string, BackupSummary[]>()
    for (const backup of await listBackups(client, { BackupType: 'USER', TimeRangeLowerBound: new Date(since) })) {
      const name = backup.BackupName ?? ''
      if (name.startsWith(prefix)) found.set(name, [...(found.get(name) ?? []), backup].sort(byTime))
    }
    return found
  })
  return async (name) => (await look()).get(name) ?? []
}

function byTime(a: BackupSummary, b: BackupSummary): number {
  return (a.BackupCreationDateTime?.getTime() ?? 0) - (b.BackupCreationDateTime?.getTime() ?? 0)
}
