import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { SystemBackups } from '../backup/backup-watch.ts'
import { lookAtTable } from './look-at-table.ts'
import { untilShown } from '../../../aws/eventual-consistency.ts'
import { until } from '../../../aws/polling.ts'

/** The table of that name which has this id, and no other. */
interface VeryTable {
  name: string
  id: string
}

/**
 * Whether a table was deleted. Where it may just have been, a look that shows it is not believed at once, since it may
 * trail: AWS's backup of its last moment proves the deletion.
 * @param isInDoubt whether somebody began to delete it
 */
export async function wasDeleted(
  client: DynamoDBClient,
  { name, id }: VeryTable,
  isInDoubt: boolean,
  systemBackups: SystemBackups,
  signal: AbortSignal,
): Promise<boolean> {
  const isGone = async () => {
    const { found } = await until(async () => {
      const found = await lookAtTable(client, name)
      return found?.TableStatus === 'DELETING' ? undefined : { found }
    }, signal)
    return found?.TableId !== id
  }
  if (!isInDoubt) return await isGone()
  const shown = await untilShown(
    async () => ((await isGone()) || (await systemBackups(id)) !== undefined ? true : undefined),
    signal,
  )
  return shown === true
}
