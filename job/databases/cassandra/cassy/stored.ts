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

/** How many small files are read at once. */
const atOnce = 16

const dataEnd = 'Data.db'

/**
 * What Cassandra makes again by itself where it is not there, and indexes that live beside the data (Cassandra,
 * SSTableReader, SASI and SAI).
 */
const remade = /^(Summary\.db$|SI_|SAI)/

/**
 * What is not there of a backup in Cassy's bucket: of each table on each node the snapshot with all files of its data,
 * as its list and the table of contents of each name them. What is in them is not read. Indexes are not asked for:
 * Cassy copies none that have a folder, and Cassandra can make them again.
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

/** One table's data on one node. */
interface DataFile {
  table: string
  /** from the node's folder, up to its end `Data.db` */
  stem: string
}

async function lackOfNode(
  storage: Storage,
  { backup, address }: { backup: CassyBackup; address: string },
  tables: readonly { schema: string; name: string }[],
  signal: AbortSignal,
): Promise<string | undefined> {
  const folder = `${folderOf(backup, address)}/`
  /** their bytes */
  const files = new Map<string, number>()
  /** folders of snapshots, by table */
  const snapshots = new Map<string, string>()
  for await (const { path, bytes } of storage.list(folderOf(backup, address))) {
    signal.throwIfAborted()
    const file = path.slice(folder.length)
    files.set(file, bytes)
    const [, schema, name, tag] = /^([^/]+)\/([^/]+)-[0-9a-f]{32}\/snapshots\/([^/]+)\/manifest\.json$/.exec(file) ?? []
    if (schema !== undefined && name !== undefined && tag === backup.snapshotId)
      snapshots.set(`${schema}.${name}`, file.slice(0, -'manifest.json'.length))
  }
  if (files.size === 0) return `nothing of node ${address}: it has taken no snapshot, or lost it before it was copied`
  const missing = tables.map(({ schema, name }) => `${schema}.${name}`).filter((table) => !snapshots.has(table))
  const [first, ...more] = missing
  if (first !== undefined)
    return `no snapshot of ${first}${more.length === 0 ? '' : ` and ${more.length} more tables`} of node ${address}`
  const found: DataFile[] = []
  const lack =
    (await firstOf([...snapshots], signal, async ([table, within]) => {
      const listed = manifest.safeParse(parsed(await readText(storage, `${folder}${within}manifest.json`))).data?.files
      if (listed === undefined) return `no list of the files of ${table} that can be read`
      const data = listed.filter((file) => !file.startsWith('.'))
      for (const file of data) found.push({ table, stem: within + file.slice(0, -dataEnd.length) })
      const absent = data.find((file) => !files.has(within + file))
      if (absent !== undefined) return `no ${absent} of ${table}`
      const empty = data.find((file) => files.get(within + file) === 0)
      return empty === undefined ? undefined : `an empty ${empty} of ${table}`
    })) ??
    (await firstOf(found, signal, async ({ table, stem }) => {
      const contents = await readText(storage, `${folder}${stem}TOC.txt`)
      const parts = contents?.split('\n').map((line) => line.trim()) ?? ['TOC.txt']
      const absent = parts.find((part) => part !== '' && !remade.test(part) && !files.has(stem + part))
      return absent === undefined ? undefined : `no ${stem.slice(stem.lastIndexOf('/') + 1)}${absent} of ${table}`
    }))
  return lack === undefined ? undefined : `${lack} of node ${address}`
}

/** What is found first to be wrong with any; some are looked at at once. */
async function firstOf<T>(
  all: readonly T[],
  signal: AbortSignal,
  look: (one: T) => Promise<string | undefined>,
): Promise<string | undefined> {
  const waiting = [...all]
  let lack: string | undefined
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let next = waiting.pop(); next !== undefined && lack === undefined; next = waiting.pop()) {
        signal.throwIfAborted()
        const its = await look(next)
        lack ??= its
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
