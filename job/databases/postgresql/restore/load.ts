import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { escapeIdentifier } from 'pg'
import { Failure } from '../../../../operation/failure.ts'
import type { BackupTable, DatabaseBackup } from '../../../../operation/record.ts'
import type { RestoreContext } from '../../database.ts'
import type { Access } from '../access.ts'
import { maintain, sizeOf } from './catalog.ts'
import { planExtensions } from './fitness.ts'
import { connect } from '../connect.ts'
import { countingSessions, countRows } from '../counts.ts'
import { applyEnvironment, createDatabase, dropDatabase } from './create-database.ts'
import type { Details, Extension } from '../details.ts'
import { dumpFolder, tellProgress } from '../backup/dump.ts'
import { setMark } from './mark.ts'
import type { Names } from './names.ts'
import type { Ownership } from './ownership.ts'
import { localTool, runTool } from '../tools.ts'
import { restoreArchive } from './pg-restore.ts'

/** Everything that loading one backup beside the data in service needs to know. */
export interface Loading {
  access: Access
  title: string
  entry: DatabaseBackup
  details: Details
  names: Names
  context: RestoreContext
  ownership: Ownership
}

/**
 * Loads a verified backup into a database of its own and compares the rows. The mark at the end says that it is whole:
 * without it a rerun drops the database and begins anew.
 */
export async function loadDatabase(loading: Loading): Promise<void> {
  const { access, title, entry, details, names, context, ownership } = loading
  const { signal } = context
  const opened = await context.folders.open(entry.folder ?? '')
  try {
    await maintain(access, async (client) => {
      await dropDatabase(client, names.restored)
      await createDatabase(client, names.restored, details, ownership.owner)
    })
    await restoreInto(loading, opened.path)
  } finally {
    await opened.release()
  }
  await verifyRows(loading)
  await analyze(access, names.restored)
  const leftOut = await maintain(access, (client) => applyEnvironment(client, names.restored, details))
  if (leftOut.length > 0) {
    context.events.say(
      'note',
      `${title}: ${access.username} may not restore these settings of the database: ${leftOut.join('; ')}`,
      { level: 'warning' },
    )
  }
  signal.throwIfAborted()
  await maintain(access, (client) =>
    setMark(client, names.restored, details.comment, { operation: context.operation, state: 'loaded' }),
  )
}

async function restoreInto(
  { access, title, details, names, context, ownership }: Loading,
  folder: string,
): Promise<void> {
  const { events, signal, parallel } = context
  const archive = join(folder, dumpFolder)
  const scratch = await mkdtemp(join(tmpdir(), 'restore-'))
  const stop = tellProgress(events, title, details.tableBytes, () =>
    maintain(access, (client) => sizeOf(client, names.restored)),
  )
  try {
    const { leftOut } = await maintain(access, (client) => planExtensions(client, title, details))
    const made = (details.dumpedExtensions ?? []).filter((extension) => !leftOut.includes(extension))
    await makeExtensionSchemas(access, names.restored, details, made)
    const contents = await runTool(
      'pg_restore',
      ['--list', archive],
      localTool(),
      `reading the dump of ${title}`,
      signal,
    )
    const listFile = join(scratch, 'list')
    await writeFile(listFile, chooseEntries(contents, leftOut, ownership))
    await restoreArchive(
      {
        access,
        database: names.restored,
        folder: archive,
        listFile,
        options: ownership.objects === 'recorded' ? [] : ['--no-owner', '--no-privileges', `--role=${ownership.owner}`],
        parallel,
        what: `loading ${title}`,
      },
      signal,
    )
    const given = details.schemas.find((schema) => schema.name === 'public')
    if (given !== undefined && ownership.objects === 'recorded') await ownPublic(access, names.restored, given.owner)
  } finally {
    stop()
    await rm(scratch, { recursive: true, force: true })
  }
}

/**
 * The entries of `pg_restore --list` that are loaded; a semicolon leaves one out. Every new database has a schema
 * "public" already: the archive's own CREATE SCHEMA would fail; before PostgreSQL 15 it belongs to no user, and its
 * comment could not be set either.
 */
function chooseEntries(contents: string, leftOut: readonly Extension[], ownership: Ownership): string {
  const unwanted = [
    'SCHEMA - public',
    ...(ownership.objects === 'recorded' ? [] : ['COMMENT - SCHEMA public']),
    ...leftOut.flatMap(({ name }) => [`EXTENSION - ${name}`, `COMMENT - EXTENSION ${name}`]),
  ]
  return contents
    .split('\n')
    .map((line) =>
      unwanted.some((entry) => / \d+ \d+ (.*)/.exec(line)?.[1]?.startsWith(`${entry} `)) ? `;${line}` : line,
    )
    .join('\n')
}

/** An extension may live in a schema of its own, which no dump of the application's schemas makes. */
async function makeExtensionSchemas(
  access: Access,
  database: string,
  details: Details,
  extensions: readonly Extension[],
): Promise<void> {
  const known = ['public', 'pg_catalog', ...details.schemas.map(({ name }) => name)]
  const missing = new Set(extensions.map(({ schema }) => schema).filter((schema) => !known.includes(schema)))
  for (const schema of missing) await inDatabase(access, database, `CREATE SCHEMA ${escapeIdentifier(schema)}`)
}

async function ownPublic(access: Access, database: string, owner: string): Promise<void> {
  await inDatabase(access, database, `ALTER SCHEMA public OWNER TO ${escapeIdentifier(owner)}`)
}

/** Rows that are missing or surplus would show that dump or load were not what they seemed. */
async function verifyRows({ access, title, entry, names, context }: Loading): Promise<void> {
  const counted = await countRows(access, names.restored, entry.tables, {
    sessions: countingSessions(context.parallel),
    begin: 'BEGIN READ ONLY',
    signal: context.signal,
  })
  const wrong = entry.tables.flatMap((table, index) =>
    table.rows === counted[index]?.rows ? [] : [difference(table, counted[index])],
  )
  if (wrong.length === 0) return
  throw new Failure({
    what: `what was loaded of ${title} is not what was backed up`,
    why: wrong.slice(0, 5).join('; '),
    next:
      "check the server's log for triggers, rules or errors at the time of the restore; " +
      'the data in service was not touched',
  })
}

function difference(recorded: BackupTable, found: BackupTable | undefined): string {
  return (
    `${recorded.schema}.${recorded.name} has ${found?.rows ?? 'no'} rows instead of ` +
    `${recorded.rows ?? 'an unknown number'}`
  )
}

/** Without statistics the first queries of the release would be planned blindly. */
async function analyze(access: Access, database: string): Promise<void> {
  await inDatabase(access, database, 'SET statement_timeout = 0; ANALYZE')
}

async function inDatabase(access: Access, database: string, sql: string): Promise<void> {
  const { client } = await connect(access, database)
  try {
    // One statement a message: ANALYZE wants a transaction of its own for each table.
    for (const statement of sql.split('; ')) await client.query(statement)
  } finally {
    await client.end().catch(() => undefined)
  }
}
