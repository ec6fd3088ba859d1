import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { Finding } from '../../../../operation/finding.ts'
import { formatTime } from '../../../../operation/time.ts'
import { nameOf } from '../../../aws/sdk-retries.ts'
import { isDenied } from '../aws-error.ts'
import { checkAccounts } from '../check-accounts.ts'
import { accountOf } from '../backup/describe-backup.ts'
import type { BackedUpTable, Details } from '../details.ts'
import { lookAtTable, type RestoreFrom } from '../tables/look-at-table.ts'
import { readWindow } from '../tables/recovery-window.ts'
import { outsideWindow } from '../../point-in-time/recovery-window.ts'
import { sourceOf, type RestoreWork } from './restore-work.ts'
import { isAvailable } from '../backup/table-backup.ts'
import { tableNames } from '../tables/tables-in-scope.ts'

/** Whether the release, the record and the account that is reached tell of one place. */
export async function checkPlace(work: RestoreWork): Promise<Finding[]> {
  const { title, settings, access, details, region, regions, choice, context } = work
  const place = { check: 'region', subject: title }
  const findings: Finding[] = []
  if (access.region !== details.region && access.region !== choice.region) {
    findings.push({
      ...place,
      outcome: 'error',
      message: `the release uses region "${access.region}", the backup is of ${details.region}`,
      cure: `correct scalar.db.contact_points, or restore to where the release looks with --region ${access.region}`,
    })
  } else
    findings.push({
      ...place,
      outcome: 'ok',
      message: region === details.region ? region : `from ${details.region} to ${region}`,
    })
  return [
    ...findings,
    ...(await checkAccounts(title, settings, access, context.signal)),
    ...(await checkAccount(title, details, regions.source.dynamo)),
  ]
}

/** A table's ARN tells whose account it is; where there is no table at all, nothing does. */
async function checkAccount(
  title: string,
  { account: wanted, region, tables }: Details,
  client: DynamoDBClient,
): Promise<Finding[]> {
  const cure = 'use credentials of the account that holds the backup: the ServiceAccount, or --database-secret'
  const check = { check: 'account', subject: title, cure }
  const account = await accountOfTables(client, tables)
  if (account === undefined && (await tableNames(client)).length === 0) {
    // with a backup of each, all tables may have been lost
    const outcome = tables.every(({ materialized }) => materialized !== undefined) ? 'warning' : 'error'
    return [
      {
        ...check,
        outcome,
        message:
          `there is no table at all in ${region}: the credentials may be of another account than ${wanted}, ` +
          'which the backup is of',
      },
    ]
  }
  if (account === undefined || account === wanted) return []
  return [
    { ...check, outcome: 'error', message: `the credentials are of account ${account}, the backup is of ${wanted}` },
  ]
}

/**
 * The account of the first table that can be looked at: of those that the backup is of, since a policy may name these
 * alone, else of any. Undefined where there is none.
 */
async function accountOfTables(
  client: DynamoDBClient,
  tables: readonly Pick<BackedUpTable, 'name'>[],
): Promise<string | undefined> {
  const look = async (name: string) => {
    try {
      return accountOf((await lookAtTable(client, name))?.TableArn ?? '') || undefined
    } catch (error) {
      if (isDenied(error)) return undefined
      throw error
    }
  }
  for (const { name } of tables) {
    const account = await look(name)
    if (account !== undefined) return account
  }
  const [any] = await tableNames(client)
  return any === undefined ? undefined : look(any)
}

/**
 * Whether each table's data of that point can still be had: the table itself and its window of recovery, or the backup
 * made of it.
 */
export async function checkSources(work: RestoreWork, tables: readonly BackedUpTable[]): Promise<Finding[]> {
  const { title, point, context, regions } = work
  const sources = tables.map((table) => ({ table, from: sourceOf(work, table), point }))
  return [await checkSourcesOf(regions.source.dynamo, title, sources, context.signal)]
}

/** A table, and what its data of a moment is to come from. */
export interface Source {
  table: BackedUpTable
  from: RestoreFrom
  point: Date
}

/** The same for tables of one point, wherever each of them comes from. */
export async function checkSourcesOf(
  dynamo: DynamoDBClient,
  title: string,
  sources: readonly Source[],
  signal: AbortSignal,
): Promise<Finding> {
  const check = { check: 'recovery window', subject: title }
  const looks = await Promise.all(sources.map((source) => troubleOf(dynamo, source, signal)))
  const troubles = looks.flatMap((trouble) => trouble ?? [])
  const [first] = troubles
  if (first === undefined) {
    const at = sources[0] === undefined ? '' : ` as of ${formatTime(sources[0].point.getTime())}`
    return { ...check, outcome: 'ok', message: `${sources.length} tables can be brought back${at}` }
  }
  const others = troubles.length === 1 ? '' : ` (and ${troubles.length - 1} more tables)`
  return { ...check, outcome: 'error', message: `${first.why}${others}`, cure: first.cure }
}

/** Why a table's data of a moment cannot be had. */
export interface Trouble {
  why: string
  cure: string
  /** it will be had a little later */
  passes?: true
}

/** Undefined where what a table is to be restored from is there and reaches to that moment. */
export async function troubleOf(
  dynamo: DynamoDBClient,
  { table, from, point }: Source,
  signal?: AbortSignal,
): Promise<Trouble | undefined> {
  if ('backupArn' in from) {
    if (await isAvailable(dynamo, from.backupArn)) return undefined
    return {
      why: `the backup that was made of ${table.name} is no longer there: ${from.backupArn}`,
      cure: 'choose another backup; somebody deleted this one at AWS',
    }
  }
  const gone = {
    why: `table ${table.name} was deleted, and its restore points with it`,
    cure:
      'choose a backup that was materialized; of a deleted table AWS keeps its last state for 35 days, ' +
      'which can be restored in its console',
  }
  const found = await lookAtTable(dynamo, table.name)
  if (found === undefined || found.TableStatus === 'DELETING') return gone
  if (found.TableId !== table.id && found.TableId !== undefined) {
    const made = found.CreationDateTime?.toISOString() ?? 'later'
    return {
      why: `table ${table.name} is another than the one that was backed up: it was made ${made}`,
      cure: 'choose a backup taken after that, or one that was materialized',
    }
  }
  const window = await readWindow(dynamo, table.name, signal).catch((error: unknown) => {
    // It went between the two looks.
    if (nameOf(error) !== 'TableNotFoundException') throw error
    return 'gone' as const
  })
  if (window === 'gone') return gone
  if (window === undefined)
    return {
      why: `point-in-time recovery of ${table.name} is off, so nothing is kept of its past`,
      cure: 'choose a backup that was materialized',
    }
  const outside = outsideWindow(point, table.name, window)
  return outside && { ...outside, cure: 'choose a time within it, or a backup that was materialized' }
}
