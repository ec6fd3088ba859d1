import type { Client } from 'pg'
import type { BackupTable } from '../../../../operation/record.ts'
import type { DumpedFile } from '../../dump/manifest.ts'
import { shareOut } from '../../dump/share-out.ts'
import { writePacked, type Writing } from '../../dump/write-file.ts'
import type { Access } from '../access.ts'
import { connect } from '../connect.ts'
import { CopyOut } from './copy-out.ts'
import { copyOut, fileOf, type TableFile } from '../rows.ts'
import { lockPatienceMs, quoted, type Table } from '../tables.ts'
import { useSnapshot } from './preflight.ts'

/** What rows are dumped with. */
export interface RowsDump extends Writing {
  access: Access
  /** the dump's own, in the storage */
  folder: string
  snapshot: string
  /** of the server */
  encoding: string
  /** sessions at once */
  sessions: number
  /** counts what was read, of all tables, bytes */
  meter: { bytes: number }
}

/** The rows of one table, as they were dumped. */
export interface DumpedRows {
  table: BackupTable
  columns: TableFile['columns']
  file: DumpedFile
}

/**
 * Values in a form that any server reads again as the same value, no rows left out unseen, and no end before that of
 * the table: what pg_dump says first in each of its sessions.
 */
const exactly = `SET datestyle = ISO; SET intervalstyle = postgres; SET extra_float_digits = 3; SET row_security = off;
  SET synchronize_seqscans = off; SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0;
  SET lock_timeout = ${lockPatienceMs}; SELECT pg_catalog.set_config('search_path', '', false)`

/**
 * Streams the rows of a snapshot's tables into the storage, the largest first, by several sessions; nothing of them
 * lies on a disk in between.
 * @returns in the order of the tables
 */
export async function dumpRows(dump: RowsDump, tables: readonly Table[]): Promise<DumpedRows[]> {
  const { access, sessions, snapshot, signal } = dump
  const dumped: DumpedRows[] = []
  const largestFirst = [...tables.entries()].sort(([, one], [, other]) => other.bytes - one.bytes)
  await shareOut(largestFirst, { workers: sessions, signal }, async (waiting, signal) => {
    const { client } = await connect(access)
    // Ends a query as well.
    const stop = () => void client.end().catch(() => undefined)
    signal.addEventListener('abort', stop, { once: true })
    try {
      signal.throwIfAborted()
      await client.query(exactly)
      await client.query(useSnapshot(snapshot))
      for (const [index, table] of waiting) dumped[index] = await dumpTable(client, { ...dump, signal }, index, table)
    } finally {
      signal.removeEventListener('abort', stop)
      await client.end().catch(() => undefined)
    }
  })
  return dumped
}

async function dumpTable(client: Client, dump: RowsDump, index: number, table: Table): Promise<DumpedRows> {
  const { folder, encoding, meter } = dump
  const columns = await columnsOf(client, table)
  const copy = client.query(new CopyOut(copyOut({ ...table, columns }, encoding)))
  const rows = async function* () {
    for await (const block of copy) {
      meter.bytes += block.byteLength
      yield block
    }
  }
  const file = await writePacked(dump, folder, fileOf(index, table), rows)
  return { table: { schema: table.schema, name: table.name, rows: copy.rowCount }, columns, file }
}

/** The columns whose values are stored, in their order; servers before version 12 generate none. */
async function columnsOf(client: Client, table: Table): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT a.attname AS name FROM pg_catalog.pg_attribute a
     WHERE a.attrelid = $1::pg_catalog.regclass AND a.attnum > 0 AND NOT a.attisdropped
       AND coalesce(pg_catalog.to_jsonb(a) ->> 'attgenerated', '') = '' ORDER BY a.attnum`,
    [quoted(table)],
  )
  return rows.map(({ name }) => name)
}
