import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { SystemBackups } from '../../backup/backup-watch.ts'
import type { BackedUpTable } from '../../details.ts'
import { lookAtTable } from '../../tables/look-at-table.ts'
import type { FormerTables } from '../former-tables.ts'

/**
 * Whether a table that was in service before a restore was deleted: its restore points went with it, even where AWS's
 * backup of its last moment was put back. That backup proves it where a look at the table still shows the original.
 */
export async function isPastGone(
  client: DynamoDBClient,
  tables: readonly BackedUpTable[],
  formerTables: FormerTables,
  systemBackups: SystemBackups,
): Promise<boolean> {
  const gone = await Promise.all(
    tables.map(async ({ name }) => {
      const original = formerTables[name]
      return (
        original !== undefined &&
        ((await lookAtTable(client, name))?.TableId !== original.id || (await systemBackups(original.id)) !== undefined)
      )
    }),
  )
  return gone.includes(true)
}
