import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { DatabaseBackup } from '../../../../operation/record.ts'
import { formatTime } from '../../../../operation/time.ts'
import type { Remains } from '../../database.ts'
import type { SystemBackups } from '../backup/backup-watch.ts'
import type { BackedUpTable } from '../details.ts'
import { lookAtTable } from '../tables/look-at-table.ts'
import type { Originals } from '../tables/recorded-originals.ts'
import type { ReplacementBackups } from './in-place/replacement-backups.ts'
import { isRecordedPoint, type RestoreWork } from './restore-work.ts'

/**
 * Whether a table that was in service before a restore was deleted: its restore points went with it, even where AWS's backup of
 * its last moment was put back. That backup proves it where a look at the table still shows the original.
 */
export async function isPastGone(
  client: DynamoDBClient,
  tables: readonly BackedUpTable[],
  originals: Originals,
  systemBackups: SystemBackups,
): Promise<boolean> {
  const gone = await Promise.all(
    tables.map(async ({ name }) => {
      const original = originals[name]
      return (
        original !== undefined &&
        ((await lookAtTable(client, name))?.TableId !== original.id || (await systemBackups(original.id)) !== undefined)
      )
    }),
  )
  return gone.includes(true)
}

/** What holds the point of a restore that was taken back after it had deleted tables: the backups that it made on the way. */
export async function remainsOf(
  work: RestoreWork,
  tables: readonly BackedUpTable[],
  backups: ReplacementBackups,
): Promise<Remains> {
  const { details, entry, title, point } = work
  const made = new Map(
    await Promise.all(tables.map(async (table) => [table.name, await backups.madeOf(table)] as const)),
  )
  const count = [...made.values()].filter((one) => one !== undefined).length
  const gone = `The tables of ${title} that were deleted on the way are back as they were then, without the restore points that they had before.`
  if (count === 0) return { text: gone }
  const held = `${gone} ${count} backups named ${backups.names} hold them as of ${formatTime(point.getTime())}`
  if (!isRecordedPoint(work))
    return { text: `${held}, which no record tells of: restore those in the AWS console, or delete them there.` }
  const described = details.tables.map((table) => {
    const materialized = table.materialized ?? made.get(table.name)
    return materialized === undefined ? table : { ...table, materialized }
  })
  const serviceBackups = described.filter(({ materialized }) => materialized !== undefined).length
  return {
    text: `${held}.`,
    entry: {
      ...entry,
      serviceBackups,
      details: JSON.parse(JSON.stringify({ ...details, tables: described })) as DatabaseBackup['details'],
    },
  }
}
