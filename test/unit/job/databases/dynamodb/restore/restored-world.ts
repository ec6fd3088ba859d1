import { setTimeout as sleep } from 'node:timers/promises'
import { ScanCommand, type BackupSummary } from '@aws-sdk/client-dynamodb'
import type { Clients } from '../../../../../../job/databases/dynamodb/clients.ts'
import { readAutoscaling } from '../../../../../../job/databases/dynamodb/settings/read-autoscaling.ts'
import { readTableSettings } from '../../../../../../job/databases/dynamodb/settings/read-settings.ts'
import { lookAtTable } from '../../../../../../job/databases/dynamodb/tables/look-at-table.ts'
import { listBackups } from '../../../../../../job/databases/dynamodb/backup/table-backup.ts'
import { renamed } from '../../../../../../job/databases/dynamodb/tables/table-names.ts'
import { tableNames } from '../../../../../../job/databases/dynamodb/tables/tables-in-scope.ts'

/**
 * Everything that a restore may leave, with `PREFIX` in place of a prefix so that restores under different ones
 * compare.
 */
export interface World {
  /** by name: what is set of it, and its items */
  tables: Record<string, unknown>
  backups: string[]
}

/** The tables and backups whose names hold a prefix, once nothing is on its way to be deleted. */
export async function worldOf(clients: Clients, prefix: string): Promise<World> {
  const { dynamo } = clients
  const scaling = await readAutoscaling(clients.autoscaling)
  const own = (name: string) => name.startsWith(prefix) || name.includes(`.${prefix}`)
  const found = await Promise.all(
    (await allTables(clients)).filter(own).map(async (name): Promise<[string, unknown][]> => {
      const table = await atRest(clients, name)
      if (table === undefined) return []
      const { Items = [] } = await dynamo.send(new ScanCommand({ TableName: name, ConsistentRead: true }))
      const items = Items.map((item) => JSON.stringify(Object.entries(item).sort())).sort()
      const text = JSON.stringify({
        status: table.TableStatus,
        settings: await readTableSettings(clients, table, scaling),
        items: items.map((item) => plain(item, prefix)).sort(),
      })
      return [[plain(name, prefix), JSON.parse(plain(text, prefix))]]
    }),
  )
  const backups = (await listBackups(dynamo, { BackupType: 'ALL' })).filter(({ TableName = '' }) => own(TableName))
  return {
    tables: Object.fromEntries(found.flat().sort()),
    backups: withoutTwins(backups)
      .map((backup) => describe(backup, prefix))
      .sort(),
  }
}

/**
 * AWS may still do what a killed worker asked for when its successor has looked and asked again: then a backup is there
 * twice. Whatever removes one of a name removes all.
 */
function withoutTwins(backups: readonly BackupSummary[]): BackupSummary[] {
  const isTwin = ({ BackupName: name, BackupType: type }: BackupSummary, index: number) =>
    type === 'USER' && backups.findIndex((other) => other.BackupName === name) < index
  return backups.filter((backup, index) => !isTwin(backup, index))
}

async function atRest({ dynamo }: Clients, name: string) {
  for (;;) {
    const found = await lookAtTable(dynamo, name)
    if (found?.TableStatus !== 'DELETING') return found
    await sleep(10)
  }
}

function describe({ BackupName = '', BackupStatus, BackupType }: BackupSummary, prefix: string): string {
  return `${BackupType} ${plain(BackupName, prefix)} ${BackupStatus}`
}

/** Without what differs from one restore to the next. */
function plain(text: string, prefix: string): string {
  return renamed(text, prefix, 'PREFIX').replaceAll(/restoring\.[0-9a-f]{10}\./g, 'restoring.')
}

/** The names of all tables, once none of them is on its way to be deleted. */
export async function allTables(clients: Clients): Promise<string[]> {
  const names = await tableNames(clients.dynamo)
  const left = await Promise.all(names.map((name) => atRest(clients, name)))
  return names.filter((_, index) => left[index] !== undefined)
}
