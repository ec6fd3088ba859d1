import type { DynamoDBClient, TableDescription } from '@aws-sdk/client-dynamodb'
import type { Finding } from '../../../../operation/finding.ts'
import { formatTime } from '../../../../operation/time.ts'
import type { Clients } from '../clients.ts'
import { readTableSettings, rightToRead, tryReadAutoscaling } from '../settings/read-settings.ts'
import { readWindow } from '../tables/recovery-window.ts'
import type { Installation } from '../scalardb/metadata.ts'
import { tableNames } from '../tables/tables-in-scope.ts'

/** A table of a backup as it was found, undefined where there is none of that name. */
export type FoundTable = { name: string; description: TableDescription | undefined }

/** Every table is there and at rest: one that is being made, changed or deleted has no whole past. */
export function checkTables(
  title: string,
  found: readonly FoundTable[],
  { strangers }: Pick<Installation, 'strangers'>,
): Finding[] {
  const check = { check: 'tables', subject: title }
  const missing = found.filter(({ description }) => description === undefined).map(({ name }) => name)
  const restless = found.flatMap(({ name, description }) =>
    description === undefined || description.TableStatus === 'ACTIVE' ? [] : [`${name} (${description.TableStatus})`],
  )
  const findings: Finding[] = []
  if (missing.length > 0) {
    findings.push({
      ...check,
      outcome: 'error',
      message:
        `ScalarDB's metadata or --table names ${missing.join(', ')}, ` +
        `which ${missing.length === 1 ? 'does' : 'do'} not exist`,
      cure:
        "create them with the schema loader, remove their rows from ScalarDB's metadata table if they were dropped " +
        'by hand, or correct --table',
    })
  }
  if (restless.length > 0)
    findings.push({
      ...check,
      outcome: 'error',
      message: `not ACTIVE: ${restless.join(', ')}`,
      cure: 'wait until all tables are ACTIVE, then back up again',
    })
  if (strangers.length > 0) {
    findings.push({
      ...check,
      outcome: 'warning',
      message:
        `ScalarDB's metadata names ${strangers.join(', ')}, which do not begin with the namespace prefix; ` +
        'they are not backed up',
      cure: 'check scalar.db.dynamo.namespace.prefix',
    })
  }
  if (findings.length > 0) return findings
  return [{ ...check, outcome: 'ok', message: `${found.length} tables, all ACTIVE` }]
}

/** Point-in-time recovery is on for every table. */
export async function checkRecovery(
  client: DynamoDBClient,
  title: string,
  tables: readonly string[],
  signal: AbortSignal,
): Promise<Finding> {
  const check = { check: 'point-in-time recovery', subject: title }
  const windows = await Promise.all(
    tables.map(async (name) => ({ name, window: await readWindow(client, name, signal) })),
  )
  const off = windows.flatMap(({ name, window }) => (window === undefined ? [name] : []))
  if (off.length > 0) {
    return {
      ...check,
      outcome: 'error',
      message: `off for ${off.length} of ${tables.length} tables: ${off.join(', ')}`,
      cure:
        'turn it on for each: aws dynamodb update-continuous-backups --point-in-time-recovery-specification ' +
        'PointInTimeRecoveryEnabled=true --table-name TABLE; or run the schema loader with --repair-all',
    }
  }
  const days = Math.min(...windows.map(({ window }) => window?.periodDays ?? 35))
  const reach = Math.max(...windows.map(({ window }) => window?.earliestMs ?? 0))
  return {
    ...check,
    outcome: 'ok',
    message:
      `on for ${tables.length} tables, kept for ${days} ` +
      `days${reach > 0 ? `; all can be brought back as far as ${formatTime(reach)}` : ''}`,
  }
}

/**
 * What of a table's settings cannot be read would be missing from the backup, and a restore could not put it on again.
 */
export async function checkSettings(clients: Clients, title: string, table: TableDescription): Promise<Finding[]> {
  const { unread } = await readTableSettings(clients, table, await tryReadAutoscaling(clients))
  const check = { check: 'table settings', subject: title }
  if (unread.length === 0)
    return [{ ...check, outcome: 'ok', message: 'all can be read, for a restore to put on again' }]
  return unread.map(({ setting, why }) => ({
    ...check,
    // autoscaling, expiry and tags are what nearly every installation has
    outcome: /^(autoscaling|timeToLive|tags)$/.test(setting) && why.startsWith('no right') ? 'error' : 'warning',
    message: `${setting} cannot be read: ${why}`,
    cure:
      `allow ${rightToRead[setting as keyof typeof rightToRead]}; ` +
      'a restore cannot put on again what the backup does not tell',
  }))
}

/**
 * Tables of an account and region unless its quota was raised, and the most that it can be raised to (DynamoDB:
 * quotas).
 */
const quota = { usual: 2500, highest: 10_000 }

/**
 * Whether an account has room for further tables.
 * @param more how many there will be at once
 * @param otherwise what could be done instead
 */
export async function checkRoom(
  client: DynamoDBClient,
  { title, more, otherwise }: { title: string; more: number; otherwise?: string },
): Promise<Finding> {
  const check = { check: 'room for tables', subject: title }
  const present = (await tableNames(client)).length
  const needed = present + more
  const message = `${present} tables are there, and ${more} more are needed`
  if (more === 0 || needed <= quota.usual) return { ...check, outcome: 'ok', message }
  const cure = `remove tables that nobody needs${otherwise === undefined ? '' : `, or ${otherwise}`}`
  if (needed > quota.highest)
    return { ...check, outcome: 'error', message: `${message}; an account can have ${quota.highest} in a region`, cure }
  return {
    ...check,
    outcome: 'warning',
    message: `${message}; unless it was raised, the quota is ${quota.usual}`,
    cure: `see that the quota of tables was raised, or ${cure}`,
  }
}
