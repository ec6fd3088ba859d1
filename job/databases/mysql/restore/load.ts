import { text } from 'node:stream/consumers'
import { createZstdDecompress } from 'node:zlib'
import type { BackupTable, DatabaseBackup } from '../../../../operation/record.ts'
import type { RestoreContext } from '../../database.ts'
import { NotAsBackedUp } from '../../errors.ts'
import { damaged, readManifest, type Manifest } from '../../dump/manifest.ts'
import { parseMark } from '../../dump/mark.ts'
import type { Names } from '../../dump/names.ts'
import { tellProgress } from '../../dump/progress.ts'
import { readContent, readUnpacked } from '../../dump/read-unpacked.ts'
import { shareOut } from '../../dump/share-out.ts'
import type { Access } from '../access.ts'
import { beginningOf, firstLines } from '../backup/insert-lines.ts'
import { connect } from '../connect.ts'
import { filesOf, type Details } from '../details.ts'
import type { Session } from '../session.ts'
import { bytesAsText, columnsOf, identifier, isTable, listTables, quoted, strictnessOf } from '../tables.ts'
import { inSession } from './catalog.ts'
import { setMark } from './mark.ts'
import { createSchemas, dropSchemas } from './switch.ts'

/** Everything that loading one backup beside the data in service needs to know. */
export interface Loading {
  access: Access
  title: string
  entry: DatabaseBackup
  details: Details
  names: readonly Names[]
  context: RestoreContext
}

/** Bytes that are decompressed at once. */
const chunkBytes = 256 << 10

/** How MySQL calls the column of a key that nobody asked for. */
const generatedKey = 'my_row_id'

/** One table to load, and the schema that it goes to. */
interface Task {
  index: number
  table: BackupTable
  schema: string
}

/**
 * Loads a verified backup into schemas of its own and compares the rows. The mark at the end says that it is whole:
 * without it a rerun drops the schemas and begins anew.
 */
export async function loadTables(loading: Loading): Promise<void> {
  const { access, details, entry, names, context } = loading
  await inSession(access, async (session) => {
    await dropSchemas(session, names, 'restored')
    await createSchemas(session, names, details.schemas, ['restored'])
  })
  const tasks = entry.tables.map((table, index) => ({ index, table, schema: restoredSchema(names, table) }))
  const seal = { sha256: details.manifestSha256 }
  const manifest = await readManifest(context.storage, entry.folder ?? '', loading.title, seal)
  await inParallel(loading, manifest, tasks)
  await inSession(access, async (session) => {
    const loaded = (
      await listTables(
        session,
        names.map(({ restored }) => restored),
      )
    ).filter(isTable)
    // A backup of restored data has the mark of that restore.
    for (const table of loaded) if (parseMark(table.comment) !== undefined) await setMark(session, table, undefined)
    const [first] = loaded
    if (first === undefined) throw new Error('a backup without tables')
    await setMark(session, first, { operation: context.operation, state: 'loaded' })
  })
}

/** Several sessions load one table after another. */
async function inParallel(loading: Loading, manifest: Manifest, tasks: readonly Task[]): Promise<void> {
  const { access, context, details, title } = loading
  const { events, parallel, signal } = context
  const meter = { bytes: 0 }
  const stopTelling = tellProgress(events, title, details.tableBytes, async () => meter.bytes)
  try {
    await shareOut(tasks, { workers: parallel, signal }, async (waiting, signal) => {
      const { session } = await connect(access, 'binary')
      const stop = () => session.destroy()
      signal.addEventListener('abort', stop, { once: true })
      try {
        for (const task of waiting) await loadTable(loading, manifest, session, task, { signal, meter })
      } finally {
        signal.removeEventListener('abort', stop)
        session.destroy()
      }
    })
  } finally {
    stopTelling()
  }
}

/**
 * What a file tells is checked before it is obeyed: a definition as a whole, a line of rows by its beginning, since
 * only at the end of the file its hash is known.
 */
async function loadTable(
  { access, title, entry, context }: Loading,
  manifest: Manifest,
  session: Session,
  { index, table, schema }: Task,
  { signal, meter }: { signal: AbortSignal; meter: { bytes: number } },
): Promise<void> {
  const paths = filesOf(index, table)
  const dump = { storage: context.storage, identities: context.identities, folder: entry.folder ?? '', title }
  const fileAt = (path: string) => {
    const file = manifest.files.find((one) => one.path === path)
    if (file === undefined) throw damaged(title, `${path} is missing`)
    return file
  }
  const definition = await text(await readContent(dump, fileAt(paths.definition)))
  const { columns, strictness } = await inSession(access, async (other) => {
    await other.query(`USE ${identifier(schema)}`)
    await other.query("SET SESSION foreign_key_checks = 0, sql_mode = 'ALLOW_INVALID_DATES'")
    await allowAll(other)
    await other.query(definition)
    const made = await columnsOf(other, { schema, name: table.name })
    // Azure's servers give a table without a key an invisible one, which they fill themselves and let nobody drop
    // (MySQL manual, Generated Invisible Primary Keys).
    const columns = made.filter(({ name }) => name !== generatedKey || definition.includes(identifier(generatedKey)))
    return { columns, strictness: await strictnessOf(other, { schema, name: table.name }) }
  })
  await session.query(`USE ${bytesAsText(identifier(schema))}`)
  await session.query(firstLines[strictness])
  const expected = beginningOf(table, columns)
  const content = await readUnpacked(dump, fileAt(paths.rows), () => createZstdDecompress({ chunkSize: chunkBytes }))
  for await (const line of linesOf(content)) {
    signal.throwIfAborted()
    const statement = line.toString('latin1')
    if (isFirst(statement)) continue
    if (!statement.startsWith(expected)) throw damaged(title, `${paths.rows} holds more than rows of its table`)
    await session.query(statement)
    meter.bytes += line.length
  }
  const name = bytesAsText(quoted({ schema, name: table.name }))
  const [counted] = await session.query<{ rows: number | string }>(`SELECT count(*) AS \`rows\` FROM ${name}`)
  if (Number(counted?.rows) !== table.rows) {
    throw new NotAsBackedUp(
      title,
      `${table.schema}.${table.name} has ${counted?.rows ?? 'no'} rows ` +
        `instead of ${table.rows ?? 'an unknown number'}`,
      'errors',
    )
  }
  // Without statistics the first queries of the release would be planned blindly.
  await session.query(`ANALYZE TABLE ${name}`)
}

/** The server of a dump may have been stricter with a table than the one that it is loaded into. */
function isFirst(statement: string): boolean {
  return statement === firstLines.strict || statement === firstLines.lenient
}

/** Has a table made that was made under other rules: where this user may not say so, the server's own hold. */
async function allowAll(session: Session): Promise<void> {
  const rules = await session.query<{ Variable_name: string }>(
    "SHOW SESSION VARIABLES WHERE Variable_name IN ('innodb_strict_mode', 'sql_require_primary_key')",
  )
  for (const { Variable_name } of rules) await session.query(`SET SESSION ${Variable_name} = 0`).catch(() => undefined)
}

/** The lines of a file, without their line feeds. @throws Error where the last has none */
async function* linesOf(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let parts: Buffer[] = []
  for await (const chunk of content) {
    let from = 0
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
      yield Buffer.concat([...parts, chunk.subarray(from, at)])
      parts = []
      from = at + 1
    }
    if (from < chunk.length) parts.push(chunk.subarray(from))
  }
  if (parts.length > 0) throw new Error('a file of rows ends within a line')
}

function restoredSchema(names: readonly Names[], { schema, name }: BackupTable): string {
  const found = names.find(({ live }) => live === schema)
  if (found === undefined) throw new Error(`${schema}.${name} is in no schema of the backup`)
  return found.restored
}
