import { DeleteItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { Failure, messageOf } from '../../../../operation/failure.ts'
import type { Journal } from '../../../journal/journal.ts'
import { ensureDeleted, untilGone } from '../tables/delete-table.ts'
import type { BackedUpTable } from '../details.ts'
import { removeAutoscaling } from '../settings/remove-autoscaling.ts'
import { lookAtTable } from '../tables/look-at-table.ts'
import { forEachTable, isOwnTable, type RestoreWork } from './restore-work.ts'
import { metadataKey, namespacesKey, readRows } from '../scalardb/metadata.ts'
import { metadataTableName, namespacesTableName, parsePhysicalName } from '../tables/table-names.ts'

/**
 * Removes the tables that were in service before a restore under another prefix, and what ScalarDB's metadata says of
 * them. The metadata and namespaces tables themselves stay: other installations may share them. So does a table that
 * was made anew since the backup, for nobody was told of it.
 * @throws Failure where deletion protection is on, before the first is removed
 */
export async function dropFormerTables(work: RestoreWork, journal: Journal): Promise<void> {
  const { details, regions, context, progress } = work
  const { dynamo } = regions.source
  const tables = details.tables.filter(({ name }) => !isOwnTable(details, name))
  await refuseProtected(
    dynamo,
    tables.map(({ name }) => name),
  )
  await forEachTable(tables, context.signal, async (table, signal) => {
    progress.enter(table.name, 'deleting')
    await journal.ensure(`delete former ${table.name}`, () =>
      ensureDeleted(dynamo, table.name, async ({ TableId }) => TableId === table.id, signal),
    )
    await untilGone(dynamo, table.name, signal)
    await removeScaling(work, table)
    progress.done(table.name)
  })
  const left = await present(
    dynamo,
    tables.map(({ name }) => name),
  )
  for (const name of left)
    context.events.say('note', `${name} is left: it is another than the table that was backed up`, { level: 'warning' })
  const dropped = new Set(tables.map(({ name }) => name).filter((name) => !left.includes(name)))
  await journal.ensure('delete rows of former tables', () => deleteRows(work, dropped))
}

/** What scales nothing any more costs alarms; that it cannot be removed keeps no table. */
async function removeScaling({ regions, context }: RestoreWork, { name, settings }: BackedUpTable): Promise<void> {
  if ((await lookAtTable(regions.source.dynamo, name)) !== undefined) return
  await removeAutoscaling(regions.source.autoscaling, name, settings).catch((error: unknown) => {
    context.signal.throwIfAborted()
    const line = `the autoscaling of ${name}, which was deleted, is left: ${messageOf(error)}`
    context.events.say('note', line, { level: 'warning' })
  })
}

async function present(client: DynamoDBClient, names: readonly string[]): Promise<string[]> {
  const found = await Promise.all(names.map((name) => lookAtTable(client, name)))
  return found.flatMap((table) => table?.TableName ?? [])
}

async function refuseProtected(client: DynamoDBClient, names: readonly string[]): Promise<void> {
  const found = await Promise.all(names.map((name) => lookAtTable(client, name)))
  const kept = found.flatMap((table) => (table?.DeletionProtectionEnabled === true ? [table.TableName ?? ''] : []))
  if (kept.length === 0) return
  throw new Failure({
    what: 'the former tables are not removed',
    why: `deletion protection is on for ${kept.join(', ')}`,
    next:
      'turn it off if they may really go: aws dynamodb update-table --no-deletion-protection-enabled --table-name ' +
      `${kept[0] ?? 'TABLE'}`,
  })
}

async function deleteRows(
  {
    details,
    regions: {
      source: { dynamo },
    },
  }: RestoreWork,
  dropped: ReadonlySet<string>,
): Promise<void> {
  const metadata = metadataTableName(details)
  if ((await lookAtTable(dynamo, metadata)) === undefined) return
  const rows = (await readRows(dynamo, metadata)).flatMap((row) => row[metadataKey]?.S ?? [])
  for (const name of rows.filter((row) => dropped.has(row))) await deleteRow(dynamo, metadata, metadataKey, name)
  const namespaces = namespacesTableName(details)
  if ((await lookAtTable(dynamo, namespaces)) === undefined) return
  const inUse = new Set(rows.flatMap((row) => (dropped.has(row) ? [] : [namespaceOf(details.prefix, row)])))
  const empty = [...dropped]
    .map((name) => namespaceOf(details.prefix, name))
    .filter((namespace) => !inUse.has(namespace))
  for (const namespace of new Set(empty)) await deleteRow(dynamo, namespaces, namespacesKey, namespace)
}

/** A namespace as its row has it, with the prefix. */
function namespaceOf(prefix: string, table: string): string {
  return prefix + (parsePhysicalName(prefix, table)?.namespace ?? '')
}

async function deleteRow(client: DynamoDBClient, table: string, key: string, value: string): Promise<void> {
  await client.send(new DeleteItemCommand({ TableName: table, Key: { [key]: { S: value } } }))
}
