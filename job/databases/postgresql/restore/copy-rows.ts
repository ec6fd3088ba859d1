import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough, type Duplex } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { DatabaseError, escapeIdentifier, escapeLiteral, type Client } from 'pg'
import { damaged, type DumpedFile, type Manifest } from '../../dump/manifest.ts'
import { readContent, readUnpacked, type OpenDump } from '../../dump/read-unpacked.ts'
import { shareOut } from '../../dump/share-out.ts'
import type { Access } from '../access.ts'
import { dumpFolder } from '../backup/dump.ts'
import { connect } from '../connect.ts'
import { copyIn, rowsList, rowsListSchema } from '../rows.ts'
import { quoted } from '../tables.ts'
import { localTool, runTool } from '../tools.ts'
import { CopyIn } from './copy-in.ts'

/** Uncompressed bytes that are handed to the server at once. */
const chunkBytes = 256 << 10

/** How a file's rows are made of it. */
interface Unpacking {
  decompress: () => Duplex
  /** given each chunk of rows once it is used */
  release: (chunk: Buffer) => void
}

/** What pg_dump appends to the name of a file that it compressed. */
const unpackings: Record<'' | '.gz' | '.zst', Unpacking> = {
  '': { decompress: () => new PassThrough(), release: () => undefined },
  '.gz': { decompress: () => createGunzip({ chunkSize: chunkBytes }), release: free },
  '.zst': { decompress: () => createZstdDecompress({ chunkSize: chunkBytes }), release: free },
}

/**
 * Frees memory that node's zlib filled, once its last chunk is used: it fills it from its beginning to its end, and no
 * other uses it. What is left to the collector is new memory each time, and calls for a full collection every 50 MB.
 */
function free({ buffer, byteOffset, byteLength }: Buffer): void {
  const isLast = byteOffset + byteLength === buffer.byteLength && buffer.byteLength === chunkBytes
  if (isLast && buffer instanceof ArrayBuffer) buffer.transfer(0)
}

/** The rows of one table: the file that holds them, and the command that takes them. */
export interface TableRows {
  file: DumpedFile
  /** COPY … FROM stdin */
  command: string
  /** of a table that this program listed: what loads it quicker, where it may be emptied before */
  emptied?: { table: string; command: string }
  unpacking: Unpacking
}

/** A dump's table of contents in a folder of our own, where nobody else can change it. */
export interface OwnArchive {
  /** as pg_restore takes it; the tables' rows are not in it */
  folder: string
  /** as `pg_restore --list` prints it */
  contents: string
  /** time limits that pg_restore turns off in every session, as its own script says */
  timeLimits: string[]
  tables: TableRows[]
}

/**
 * Copies what pg_restore runs as commands, the table of contents, and finds the file of each table's rows (pg_dump's
 * directory format: `<entry>.dat`). The rows stay where they are until they are copied into the database.
 * @param scratch a folder of this process alone
 * @throws Failure where a byte is not the one that the manifest tells of, or a file is missing
 */
export async function openArchive(
  dump: OpenDump,
  manifest: Manifest,
  scratch: string,
  signal: AbortSignal,
): Promise<OwnArchive> {
  const folder = join(scratch, dumpFolder)
  await mkdir(folder)
  const files = new Map(manifest.files.map((file) => [file.path, file]))
  const toc = files.get(`${dumpFolder}/toc.dat`)
  if (toc === undefined) throw damaged(dump.title, 'it has no table of contents')
  const what = `reading the dump of ${dump.title}`
  // Its end is the proof, so nothing looks into it before.
  await writeFile(join(folder, 'toc.dat'), await buffer(await readContent(dump, toc)))
  const contents = await runTool('pg_restore', ['--list', folder], localTool(), what, signal)
  const entries = [...contents.matchAll(/^(\d+); \d+ \d+ TABLE DATA /gm)].flatMap(([, id]) => id ?? [])
  // Empty files in the place of the rows: pg_restore then prints the commands without them.
  for (const id of entries) await writeFile(join(folder, `${id}.dat`), '')
  const args = ['--file=-', '--section=data', '--verbose', folder]
  const script = await runTool('pg_restore', args, localTool(), what, signal)
  const encoding = /^SET client_encoding = '([^']*)';$/m.exec(script)?.[1] ?? 'UTF8'
  const timeLimits = [...script.matchAll(/^SET (\w+_timeout) = 0;$/gm)].flatMap(([, name]) => name ?? [])
  const found = [...script.matchAll(/^-- TOC entry (\d+) [^\n]*\n(?:--[^\n]*\n)*\n(COPY [^]*? FROM stdin);\n/gm)]
  const tables = found.map(([, id, copy]): TableRows => {
    for (const [suffix, unpacking] of Object.entries(unpackings)) {
      const file = files.get(`${dumpFolder}/${id}.dat${suffix}`)
      const command = `${copy} WITH (ENCODING ${escapeLiteral(encoding)})`
      if (file !== undefined) return { file, command, unpacking }
    }
    throw damaged(dump.title, `it has no rows for its entry ${id}`)
  })
  if (tables.length !== entries.length)
    throw damaged(dump.title, 'its table of contents does not say how rows are loaded')
  return { folder, contents, timeLimits, tables: [...tables, ...(await listedRows(dump, files))] }
}

/** The rows that pg_dump did not write; 0.1 had it write all of them. */
async function listedRows(dump: OpenDump, files: ReadonlyMap<string, DumpedFile>): Promise<TableRows[]> {
  const list = files.get(rowsList)
  if (list === undefined) return []
  const { data } = rowsListSchema.safeParse(tryJson(await text(await readContent(dump, list))))
  if (data === undefined) throw damaged(dump.title, `${rowsList} is no list of tables`)
  return data.tables.map((table) => {
    const file = files.get(table.file)
    if (file === undefined) throw damaged(dump.title, `it has no ${table.file}`)
    return {
      file,
      command: copyIn(table, data.encoding, { frozen: false }),
      emptied: { table: quoted(table), command: copyIn(table, data.encoding, { frozen: true }) },
      unpacking: unpackings['.zst'],
    }
  })
}

function tryJson(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

/**
 * Loads the rows of every table, the largest first, by several sessions. Each table is a transaction, which ends well
 * only where every byte was the one that the manifest tells of.
 * @param role whom the session acts as; its own user where absent
 */
export async function copyRows(
  dump: OpenDump,
  tables: readonly TableRows[],
  to: { access: Access; database: string; role?: string | undefined; sessions: number },
  signal: AbortSignal,
): Promise<void> {
  const largestFirst = tables.toSorted((one, other) => other.file.bytes - one.file.bytes)
  await shareOut(largestFirst, { workers: to.sessions, signal }, async (waiting, signal) => {
    const { client } = await connect(to.access, to.database)
    const stop = () => void client.end().catch(() => undefined)
    signal.addEventListener('abort', stop, { once: true })
    try {
      // What pg_restore says first in each of its sessions.
      // No table waits for the disk: the mark, once all are there, does for all of them.
      await client.query(`SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0;
        SET synchronous_commit = off; SET xmloption = content; SET row_security = off;
        SELECT pg_catalog.set_config('search_path', '', false)`)
      if (to.role !== undefined) await client.query(`SET ROLE ${escapeIdentifier(to.role)}`)
      for (const table of waiting) await copyTable(client, dump, table, signal)
    } finally {
      signal.removeEventListener('abort', stop)
      await client.end().catch(() => undefined)
    }
  })
}

async function copyTable(client: Client, dump: OpenDump, table: TableRows, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  const { file, unpacking } = table
  await client.query('BEGIN')
  const command = await empty(client, table)
  const content = await readUnpacked(dump, file, unpacking.decompress)
  await pipeline(content, client.query(new CopyIn(command, unpacking.release)), { signal }).catch((error: unknown) => {
    // The server names the table only beside a value of its row, which does not belong into a log.
    if (error instanceof DatabaseError) error.message = `${command.replace(/ \(.*/s, '')}: ${error.message}`
    throw error
  })
  await client.query('COMMIT')
}

/** Empties a new table, which lets its rows be written once and for all; its owner may have no right to. */
async function empty(client: Client, { command, emptied }: TableRows): Promise<string> {
  if (emptied === undefined) return command
  const { rows } = await client.query<{ allowed: boolean }>(
    `SELECT pg_catalog.has_table_privilege($1::pg_catalog.regclass, 'TRUNCATE') AS allowed`,
    [emptied.table],
  )
  if (rows[0]?.allowed !== true) return command
  await client.query(`TRUNCATE ONLY ${emptied.table}`)
  return emptied.command
}
