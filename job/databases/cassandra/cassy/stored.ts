import * as z from 'zod'
import type { Storage } from '../../../storage/storage.ts'
import { readText } from '../../../storage/text.ts'

/** One backup as Cassy names it. */
export interface CassyBackup {
  clusterId: string
  snapshotId: string
  /** of its nodes, as Cassy knows them */
  addresses: readonly string[]
}

/** What a name in a path may be, so that it leads nowhere else. */
export const idForm = /^[^/\0]*[^/\0.][^/\0]*$/

/**
 * The folder of a node backup in Cassy's bucket, or of one node in it (Cassy, BackupPath and BackupType NODE_SNAPSHOT).
 */
export function folderOf({ clusterId, snapshotId }: Omit<CassyBackup, 'addresses'>, address?: string): string {
  const folder = `node-backup/${clusterId}/${snapshotId}`
  return address === undefined ? folder : `${folder}/${address}`
}

/**
 * What Cassandra writes into each snapshot of a table: the files of its data, those of its indexes with their folder
 * (Cassandra, ColumnFamilyStore.writeSnapshotManifest).
 */
const manifest = z.object({ files: z.array(z.string()) })

/** Cassandra's own tables without which none of the others can be read. */
const ownTables = [{ schema: 'system_schema', name: 'tables' }]

/** How many manifests are read at once. */
const atOnce = 16

/**
 * What is not there of a backup in Cassy's bucket: of each table on each node the snapshot with all files of its data.
 * Indexes are not asked for: Cassy copies none, and Cassandra can make them again.
 * @returns for people, one each; none where it is whole
 */
export async function lacksOf(
  storage: Storage,
  backup: CassyBackup,
  tables: readonly { schema: string; name: string }[],
  signal: AbortSignal,
): Promise<string[]> {
  const lacks = await Promise.all(
    backup.addresses.map((address) => lackOfNode(storage, { backup, address }, [...tables, ...ownTables], signal)),
  )
  return lacks.flatMap((lack) => lack ?? [])
}

async function lackOfNode(
  storage: Storage,
  { backup, address }: { backup: CassyBackup; address: string },
  tables: readonly { schema: string; name: string }[],
  signal: AbortSignal,
): Promise<string | undefined> {
  const folder = `${folderOf(backup, address)}/`
  const files = new Set<string>()
  /** folders of snapshots, by table */
  const snapshots = new Map<string, string>()
  for await (const { path } of storage.list(folderOf(backup, address))) {
    signal.throwIfAborted()
    const file = path.slice(folder.length)
    files.add(file)
    const [, schema, name] = /^([^/]+)\/([^/]+)-[0-9a-f]{32}\/snapshots\/[^/]+\/manifest\.json$/.exec(file) ?? []
    if (schema !== undefined && name !== undefined)
      snapshots.set(`${schema}.${name}`, file.slice(0, -'manifest.json'.length))
  }
  if (files.size === 0) return `nothing of node ${address}: it has taken no snapshot, or lost it before it was copied`
  const missing = tables.map(({ schema, name }) => `${schema}.${name}`).filter((table) => !snapshots.has(table))
  const [first, ...more] = missing
  if (first !== undefined)
    return `no snapshot of ${first}${more.length === 0 ? '' : ` and ${more.length} more tables`} of node ${address}`
  const waiting = [...snapshots]
  let lack: string | undefined
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let next = waiting.pop(); next !== undefined && lack === undefined; next = waiting.pop()) {
        signal.throwIfAborted()
        const [table, within] = next
        const text = await readText(storage, `${folder}${within}manifest.json`)
        const listed = manifest.safeParse(parsed(text)).data?.files
        if (listed === undefined) lack ??= `no list of the files of ${table} of node ${address} that can be read`
        const absent = listed?.find((file) => !file.startsWith('.') && !files.has(within + file))
        if (absent !== undefined) lack ??= `no ${absent} of ${table} of node ${address}`
      }
    }),
  )
  return lack
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '')
  } catch {
    return undefined
  }
}

/** How much has arrived of a backup, bytes. */
export async function bytesOf(storage: Storage, backup: CassyBackup, signal: AbortSignal): Promise<number> {
  let sum = 0
  for await (const { bytes } of storage.list(folderOf(backup))) {
    signal.throwIfAborted()
    sum += bytes
  }
  return sum
}
