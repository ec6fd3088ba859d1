import { isDeepStrictEqual } from 'node:util'
import type { DatabaseBackup } from '../../../../operation/record.ts'
import { formatTime } from '../../../../operation/time.ts'
import type { FoundStanding } from '../../database.ts'
import { troubleOf } from './check-point.ts'
import { kindName, readDetails, type BackedUpTable } from '../details.ts'
import { isRecordedPoint, type RestoreWork } from './restore-work.ts'

/** The backups that a restore in place makes on its way, as far as they can be restored. */
export interface MadeOnTheWay {
  /** how they are called, for people */
  names: string
  of(table: BackedUpTable): Promise<BackedUpTable['materialized']>
}

/**
 * What a recorded point is at this moment, asked of AWS table by table: a backup of it, or the table's own past. Of the
 * backup that is being restored, the backups made on the way take the place of what was deleted.
 * @returns undefined for a point of another account or region
 */
export async function standingOf(
  work: RestoreWork,
  entry: DatabaseBackup,
  made?: MadeOnTheWay,
): Promise<FoundStanding | undefined> {
  if (entry.kind !== kindName) return undefined
  const details = readDetails(entry)
  if (details.account !== work.details.account || details.region !== work.details.region) return undefined
  const { dynamo } = work.lasting.source
  const point = new Date(entry.snapshotAt ?? Number.NaN)
  const isOwn = entry.snapshotAt === work.entry.snapshotAt && isDeepStrictEqual(idsOf(details), idsOf(work.details))
  const looks = await Promise.all(
    details.tables.map(async (table) => {
      const from =
        table.materialized === undefined
          ? { tableArn: table.arn, at: point }
          : { backupArn: table.materialized.backupArn }
      const trouble = await troubleOf(dynamo, { table, from, point })
      // A window that has not come so far yet is no loss.
      const isGone = trouble !== undefined && trouble.passes !== true
      return { table, gone: isGone ? trouble.why : undefined, made: isOwn ? await made?.of(table) : undefined }
    }),
  )
  const gone = looks.filter((look) => look.gone !== undefined)
  const [first] = gone
  if (first === undefined)
    return details.tables.some(({ materialized }) => materialized !== undefined)
      ? { state: 'materialized', why: 'backups of its tables hold it' }
      : { state: 'restorable', why: 'the past of its tables holds it' }
  const count = looks.filter((look) => look.made !== undefined).length
  const why = `${first.gone}${gone.length === 1 ? '' : ` (and ${gone.length - 1} more tables)`}`
  const held = `${count} backups named ${made?.names} hold them as of ${formatTime(work.point.getTime())}`
  if (isOwn && !isRecordedPoint(work) && count > 0)
    return {
      state: 'lost',
      why: `${why}; ${held}, which no record tells of: restore or delete those in the AWS console`,
    }
  const missing = gone.find((look) => look.made === undefined)
  if (missing !== undefined) return { state: 'lost', why }
  const tables = looks.map((look) => {
    const materialized = look.table.materialized ?? look.made
    return materialized === undefined ? look.table : { ...look.table, materialized }
  })
  return {
    state: 'materialized',
    why: `the tables that it is of were deleted; ${held}`,
    entry: {
      ...entry,
      serviceBackups: tables.filter(({ materialized }) => materialized !== undefined).length,
      details: JSON.parse(JSON.stringify({ ...details, tables })) as DatabaseBackup['details'],
    },
  }
}

function idsOf({ tables }: { tables: readonly BackedUpTable[] }): string[] {
  return tables.map(({ id }) => id)
}
