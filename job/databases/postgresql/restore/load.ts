import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { escapeIdentifier } from 'pg'
import type { BackupTable, DatabaseBackup } from '../../../../operation/record.ts'
import type { RestoreContext } from '../../database.ts'
import { NotAsBackedUp } from '../../errors.ts'
import { tellProgress } from '../../dump/progress.ts'
import type { Access } from '../access.ts'
import { maintain, setMark, sizeOf } from './catalog.ts'
import { planExtensions } from './fitness.ts'
import { connect } from '../connect.ts'
import { countingSessions, countRows } from '../counts.ts'
import { applyEnvironment, createDatabase, dropDatabase } from './create-database.ts'
import type { Details, Extension } from '../details.ts'
import { readManifest } from '../../dump/manifest.ts'
import type { Names } from '../../dump/names.ts'
import type { OpenDump } from '../../dump/read-unpacked.ts'
import { copyRows, openArchive, type OwnArchive } from './copy-rows.ts'
import { readPowers } from '../powers.ts'
import { dropLoader, makeLoader, refuseBeyond } from './loader.ts'
import type { Ownership } from './ownership.ts'
import { restoreArchive } from './pg-restore.ts'
import { analyzeTables } from './statistics.ts'

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

/** A load under way. */
interface Ground extends Loading {
  /** who loads: the user of `access`, or a role made for it where that one is a superuser */
  loader: Access
  archive: OwnArchive
  dump: OpenDump
}

/**
 * Loads a verified backup into a database of its own and compares the rows. Whatever the dump holds runs with no more
 * rights than those over that database: a superuser makes the database, and a role of its own fills it. The mark at the
 * end says that it is whole: without it a rerun drops the database and begins anew.
 */
export async function loadDatabase(loading: Loading): Promise<void> {
  const { access, title, entry, details, names, context, ownership } = loading
  const { identities, signal, storage } = context
  const dump = { storage, identities, folder: entry.folder ?? '', title }
  const manifest = await readManifest(storage, dump.folder, title, { sha256: details.manifestSha256 })
  const scratch = await mkdtemp(join(tmpdir(), 'restore-'))
  try {
    const archive = await openArchive(dump, manifest, scratch, signal)
    const loader = await maintain(access, async (client) => {
      const powers = await readPowers(client)
      refuseBeyond(access, title, powers)
      await dropDatabase(client, names.restored)
      if (powers.superuser) await dropLoader(client, names)
      const own = powers.superuser ? await makeLoader(client, access, names, ownership) : access
      await createDatabase(client, names.restored, details, powers.superuser ? own.username : ownership.owner)
      return own
    })
    const ground = { ...loading, loader, archive, dump }
    await restoreInto(ground, scratch)
    await verifyRows(ground)
    await analyzeTables(loader, names.restored, { sessions: context.parallel, signal })
    if (loader !== access) await handOver(ground)
  } catch (error) {
    // Nobody is to look into what was not proven. A worker that gives way leaves it to its successor.
    if (!signal.aborted)
      await maintain(access, async (client) => {
        await dropDatabase(client, names.restored)
        await dropLoader(client, names)
      }).catch(() => undefined)
    throw error
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
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
    setMark(client, names.restored, details.comment ?? '', { operation: context.operation, state: 'loaded' }),
  )
}

/** Definitions, rows, then what is built on rows: an error of one is known before the hours that the next may take. */
async function restoreInto(ground: Ground, scratch: string): Promise<void> {
  const { access, loader, archive, dump, title, details, names, context, ownership } = ground
  const { events, signal, parallel } = context
  const size = () => maintain(access, (client) => sizeOf(client, names.restored))
  const empty = await size()
  const stop = tellProgress(events, title, details.tableBytes, async () => (await size()) - empty)
  try {
    const { leftOut } = await maintain(access, (client) => planExtensions(client, title, details))
    const extensions = (details.dumpedExtensions ?? []).filter((extension) => !leftOut.includes(extension))
    const made = loader === access ? await makeExtensionSchemas(ground, extensions) : await prepare(ground, extensions)
    const listFile = join(scratch, 'list')
    await writeFile(listFile, chooseEntries(archive.contents, [...made, ...leftOut.flatMap(entriesOf)], ownership))
    const to = {
      access: loader,
      database: names.restored,
      folder: archive.folder,
      timeLimits: archive.timeLimits,
      listFile,
      options: pgRestoreOptions(ownership, loader !== access),
      parallel,
      what: `loading ${title}`,
    }
    const role = ownership.objects === 'recorded' || loader !== access ? undefined : ownership.owner
    await restoreArchive(to, signal, () =>
      copyRows(dump, archive.tables, { access: loader, database: names.restored, role, sessions: parallel }, signal),
    )
    const given = details.schemas.find((schema) => schema.name === 'public')
    if (given !== undefined && ownership.objects === 'recorded')
      await inDatabase(access, names.restored, `ALTER SCHEMA public OWNER TO ${escapeIdentifier(given.owner)}`)
  } finally {
    stop()
  }
}

function pgRestoreOptions({ objects, owner, handOverTo }: Ownership, byLoader: boolean): string[] {
  const privileges = objects === 'recorded' ? [] : ['--no-privileges']
  if (byLoader) return handOverTo === undefined ? privileges : ['--no-owner', ...privileges]
  return objects === 'recorded' ? [] : ['--no-owner', ...privileges, `--role=${owner}`]
}

/**
 * The entries of `pg_restore --list` that pg_restore loads; a semicolon leaves one out. Rows come by another way. Every
 * new database has a schema "public" already: the archive's own CREATE SCHEMA would fail; before PostgreSQL 15 it
 * belongs to no user, and its comment could not be set either.
 */
function chooseEntries(contents: string, leftOut: readonly string[], ownership: Ownership): string {
  const unwanted = [
    'TABLE DATA',
    'SCHEMA - public',
    ...(ownership.objects === 'recorded' ? [] : ['COMMENT - SCHEMA public']),
    // These name their owner, whom the loader cannot act as.
    ...(ownership.handOverTo === undefined ? [] : ['DEFAULT ACL']),
    ...leftOut,
  ]
  return contents
    .split('\n')
    .map((line) =>
      unwanted.some((entry) => / \d+ \d+ (.*)/.exec(line)?.[1]?.startsWith(`${entry} `)) ? `;${line}` : line,
    )
    .join('\n')
}

function entriesOf({ name }: Extension): string[] {
  return [`EXTENSION - ${name}`, `COMMENT - EXTENSION ${name}`]
}

/**
 * An extension may live in a schema of its own, which no dump of the application's schemas makes.
 * @returns the entries of the archive that are made by this: none
 */
async function makeExtensionSchemas(
  { access, names, details }: Ground,
  extensions: readonly Extension[],
): Promise<string[]> {
  const known = ['public', 'pg_catalog', ...details.schemas.map(({ name }) => name)]
  const missing = new Set(extensions.map(({ schema }) => schema).filter((schema) => !known.includes(schema)))
  for (const schema of missing) await inDatabase(access, names.restored, `CREATE SCHEMA ${escapeIdentifier(schema)}`)
  return []
}

/**
 * What only a superuser can make, while the database is still empty, so that nothing of the dump can lie in wait for
 * it: the extensions with their schemas.
 * @returns the entries of the archive that are made by this
 */
async function prepare(
  { access, loader, names, details, ownership }: Ground,
  extensions: readonly Extension[],
): Promise<string[]> {
  const role = escapeIdentifier(loader.username)
  const entries: string[] = []
  const statements: string[] = []
  if (details.schemas.some(({ name }) => name === 'public')) statements.push(`ALTER SCHEMA public OWNER TO ${role}`)
  for (const name of new Set(extensions.map(({ schema }) => schema))) {
    if (name === 'public' || name === 'pg_catalog') continue
    const own = details.schemas.find((schema) => schema.name === name)
    const owner =
      own === undefined
        ? ''
        : ` AUTHORIZATION ${ownership.actsAs.includes(own.owner) ? escapeIdentifier(own.owner) : role}`
    statements.push(`CREATE SCHEMA ${escapeIdentifier(name)}${owner}`)
    if (own === undefined) statements.push(`GRANT USAGE ON SCHEMA ${escapeIdentifier(name)} TO ${role}`)
    else entries.push(`SCHEMA - ${name}`)
  }
  for (const { name, schema } of extensions)
    statements.push(`CREATE EXTENSION IF NOT EXISTS ${escapeIdentifier(name)} WITH SCHEMA ${escapeIdentifier(schema)}`)
  await inDatabase(access, names.restored, ...statements)
  return [...entries, ...extensions.flatMap(entriesOf)]
}

/** Everything to whom it is to belong, so that the loader owns nothing, and then the loader goes. */
async function handOver({ access, loader, names, ownership }: Ground): Promise<void> {
  const role = escapeIdentifier(loader.username)
  const to = escapeIdentifier(ownership.handOverTo ?? ownership.owner)
  await inDatabase(access, names.restored, `REASSIGN OWNED BY ${role} TO ${to}`, `DROP OWNED BY ${role}`)
  await maintain(access, async (client) => {
    await client.query(
      `ALTER DATABASE ${escapeIdentifier(names.restored)} OWNER TO ${escapeIdentifier(ownership.owner)}`,
    )
    await dropLoader(client, names)
  })
}

/** Rows that are missing or surplus would show that dump or load were not what they seemed. */
async function verifyRows({ loader, title, entry, names, context }: Ground): Promise<void> {
  const counted = await countRows(loader, names.restored, entry.tables, {
    sessions: countingSessions(context.parallel),
    begin: 'BEGIN READ ONLY',
    signal: context.signal,
  })
  const wrong = entry.tables.flatMap((table, index) =>
    table.rows === counted[index]?.rows ? [] : [difference(table, counted[index])],
  )
  if (wrong.length === 0) return
  throw new NotAsBackedUp(title, wrong.slice(0, 5).join('; '), 'triggers, rules or errors')
}

function difference(recorded: BackupTable, found: BackupTable | undefined): string {
  return (
    `${recorded.schema}.${recorded.name} has ${found?.rows ?? 'no'} rows instead of ` +
    `${recorded.rows ?? 'an unknown number'}`
  )
}

async function inDatabase(access: Access, database: string, ...statements: string[]): Promise<void> {
  const { client } = await connect(access, database)
  try {
    for (const statement of statements) await client.query(statement)
  } finally {
    await client.end().catch(() => undefined)
  }
}
