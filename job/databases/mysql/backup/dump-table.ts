import { constants } from 'node:buffer'
import { Readable } from 'node:stream'
import { Failure } from '../../../../operation/failure.ts'
import type { BackupTable } from '../../../../operation/record.ts'
import type { DumpedFile } from '../../dump/manifest.ts'
import { formatBytes } from '../../../storage/bytes.ts'
import { atOnce } from '../../dump/share-out.ts'
import { writeFile, writePacked, type Writing } from '../../dump/write-file.ts'
import { filesOf } from '../details.ts'
import type { Session } from '../session.ts'
import { columnsOf, createStatement, findTable, quoted, strictnessOf, type Table } from '../tables.ts'
import { selectList } from './columns.ts'
import { InsertLines } from './insert-lines.ts'

/** The longest statement that a load sends, bytes: a text of one character each. */
const longestLoaded = constants.MAX_STRING_LENGTH

/** A table as it was before the pause: what the snapshot has has to be the same table still. */
export interface KnownTable extends Table {
  definition: string
}

/** What a dump has of one table. */
export interface Dumped {
  table: BackupTable
  files: DumpedFile[]
  longestStatement: number
}

/** What a table is dumped with. */
export interface Dumping extends Writing {
  /** a session that holds the snapshot */
  holder: Session
  /** a session that sees the present */
  now: Session
  /** counts what was read, of all tables */
  meter: { bytes: number }
}

/** How a table is created. Its next AUTO_INCREMENT moves on with the rows, and says nothing of a change. */
export function withoutCounter(definition: string): string {
  return definition.replace(/^(\) ENGINE=\w+) AUTO_INCREMENT=\d+/m, '$1')
}

/**
 * Streams one table of a snapshot into the storage. The table cannot be altered while it is read, and can be as soon as
 * it was (a savepoint lets go of its metadata lock).
 * @throws Failure where the table is another than before the pause
 */
export async function dumpTable(dumping: Dumping, folder: string, index: number, table: KnownTable): Promise<Dumped> {
  const { holder, now, meter } = dumping
  await holder.query('SAVEPOINT before_table')
  // Opening it is what keeps others from altering it.
  await holder.query(`SELECT 1 FROM ${quoted(table)} LIMIT 0`)
  const definition = await createStatement(now, table)
  const present = await findTable(now, table)
  if (withoutCounter(definition) !== withoutCounter(table.definition) || present?.createdAt !== table.createdAt)
    throw altered(table)
  const columns = await columnsOf(now, table)
  const paths = filesOf(index, table)
  const statement = Readable.from([Buffer.from(`${definition};\n`)])
  const lines = new InsertLines(table, columns, meter, await strictnessOf(now, table))
  const files: DumpedFile[] = []
  // Most tables are small, and what takes long of them is that each file is made durable.
  await atOnce(dumping.signal, [
    async (signal) => {
      files[0] = await writeFile({ ...dumping, signal }, folder, paths.definition, statement)
    },
    async (signal) => {
      const rows = holder.rows(`SELECT ${selectList(columns)} FROM ${quoted(table)}`, lines)
      files[1] = await writePacked({ ...dumping, signal }, folder, paths.rows, rows)
    },
  ])
  await holder.query('ROLLBACK TO SAVEPOINT before_table')
  if (lines.longestBytes > longestLoaded) throw tooLong(table, lines.longestBytes)
  return {
    table: { schema: table.schema, name: table.name, rows: lines.rows },
    files,
    longestStatement: lines.longestBytes,
  }
}

function tooLong({ schema, name }: Pick<Table, 'schema' | 'name'>, bytes: number): Failure {
  return new Failure({
    what: `${schema}.${name} cannot be backed up`,
    why:
      `a row of it is a statement of ${formatBytes(bytes)}, ` +
      `and no restore loads more than ${formatBytes(longestLoaded)}`,
    next: 'back the server up by its own means within `kubectl scalardl pause`',
  })
}

/** A change of the schema after the snapshot voids it. */
export function altered({ schema, name }: Pick<Table, 'schema' | 'name'>): Failure {
  return new Failure({
    what: `the snapshot cannot be used for ${schema}.${name}`,
    why: 'the table was created, altered or dropped since the backup began',
    next: 'run the backup again, without changes of the schema meanwhile',
  })
}
