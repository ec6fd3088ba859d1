import { DeleteItemCommand, PutItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb'
import * as z from 'zod'
import { Failure } from '../../../../operation/failure.ts'
import type { Journal } from '../../../journal/journal.ts'
import { metadataKey, namespacesKey, readRows } from './metadata.ts'
import { metadataTableName, namespacesTableName, type Naming } from '../tables/table-names.ts'
import { withPrefix } from './restored-names.ts'
import type { TableSettings } from '../settings/table-settings.ts'

const keysSchema = z.array(z.string())

/** One of ScalarDB's own two tables, restored under another prefix. */
export interface OwnTable {
  name: string
  key: string
  /** what a row's key is afterwards; undefined for a row of something that was not restored */
  rename: (key: string) => string | undefined
}

/** Units for which the rows of many tables are written within seconds; ScalarDB gives its own tables one. */
const roomyUnits = 50

/**
 * The settings with which a table of ScalarDB's own is restored while its rows change; its own throughput comes back
 * with its settings.
 */
export function withRoom(settings: TableSettings): TableSettings {
  if (settings.throughput === undefined) return settings
  const { readUnits, writeUnits } = settings.throughput
  return {
    ...settings,
    throughput: { readUnits: Math.max(readUnits, roomyUnits), writeUnits: Math.max(writeUnits, roomyUnits) },
  }
}

/** How the rows of a table of ScalarDB's own change; undefined for any other table. */
export function ownTable(
  naming: Naming,
  table: string,
  name: string,
  prefix: string,
  tables: ReadonlySet<string>,
): OwnTable | undefined {
  if (table === metadataTableName(naming)) {
    return {
      name,
      key: metadataKey,
      rename: (key) => (tables.has(key) ? withPrefix(key, naming.prefix, prefix) : undefined),
    }
  }
  if (table === namespacesTableName(naming)) {
    return {
      name,
      key: namespacesKey,
      rename: (key) => (key.startsWith(naming.prefix) ? withPrefix(key, naming.prefix, prefix) : undefined),
    }
  }
  return undefined
}

/**
 * Makes a restored metadata or namespaces table tell of the restored names, as ScalarDB looks for them. Which rows
 * there were is journaled before the first is changed, since a former prefix may be empty and a changed row then look
 * like any other.
 */
export async function rewriteRows(
  client: DynamoDBClient,
  { name, key, rename }: OwnTable,
  journal: Journal,
): Promise<void> {
  const former = keysSchema.parse(
    await journal.once(`read rows of ${name}`, async () =>
      (await readRows(client, name)).flatMap((row) => row[key]?.S ?? []),
    ),
  )
  const wanted = new Map<string, string>()
  for (const old of former) {
    const renamed = rename(old)
    if (renamed !== undefined) wanted.set(renamed, old)
  }
  await journal.ensure(`rows of ${name}`, async () => {
    const rows = new Map((await readRows(client, name)).map((row) => [row[key]?.S ?? '', row]))
    // First all new ones, then away with the others: at no moment is a row nowhere.
    for (const [renamed, old] of wanted) {
      if (rows.has(renamed)) continue
      const row = rows.get(old)
      if (row === undefined) throw missing(name, old)
      await client.send(new PutItemCommand({ TableName: name, Item: { ...row, [key]: { S: renamed } } }))
    }
    for (const present of rows.keys()) {
      if (!wanted.has(present))
        await client.send(new DeleteItemCommand({ TableName: name, Key: { [key]: { S: present } } }))
    }
  })
}

function missing(table: string, row: string): Failure {
  return new Failure({
    what: `${table} cannot be completed`,
    why: `its row of ${row} has vanished`,
    next: 'find out who else writes to it, and run the restore again',
  })
}
