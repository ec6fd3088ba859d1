import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import t from 'tap'
import { accessOf } from '../../../../../job/databases/mysql/access.ts'
import { connect } from '../../../../../job/databases/mysql/connect.ts'
import { dumpTable } from '../../../../../job/databases/mysql/backup/dump-table.ts'
import { endAll, openSessions, takeSnapshot } from '../../../../../job/databases/mysql/backup/snapshot-sessions.ts'
import { NotAsBackedUp } from '../../../../../job/databases/errors.ts'
import { mysql } from '../../../../../job/databases/mysql/mysql.ts'
import type { Session } from '../../../../../job/databases/mysql/session.ts'
import { createStatement, findTable } from '../../../../../job/databases/mysql/tables.ts'
import type { StorageSettings } from '../../../../../job/scalardb/storage-settings.ts'
import type { DatabaseBackup } from '../../../../../operation/record.ts'
import { chosenServer, startMysql } from '../../../../stand-ins/mysql/local-server.ts'
import { failureOf } from '../../failure-of.ts'
import { memoryJournal, noErrors, storageOf, type TrialContext } from '../database-conformance.ts'
import { contentOf, createLedgerSchemas, settingsFor } from './ledger-schemas.ts'

// Servers with rules of their own, and data that was written while others held.

const server = await startMysql()
t.teardown(() => server.stop())
const connection = await server.connect()
t.teardown(() => connection.end())
const isMariadb = chosenServer().startsWith('mariadb')
const skip = isMariadb ? false : 'of MariaDB alone'
const { context } = storageOf(t)

async function backup(
  settings: StorageSettings,
  name: string,
  more: Partial<TrialContext> = {},
): Promise<DatabaseBackup> {
  const source = mysql.openBackup([settings], { ...context(name), ...more })
  try {
    noErrors(t, await source.preflight())
    await source.prepare()
    await source.snapshot()
    return JSON.parse(JSON.stringify(await source.complete(`${name}/db`))) as DatabaseBackup
  } finally {
    await source.close()
  }
}

async function restore(settings: StorageSettings, entry: DatabaseBackup, name: string): Promise<void> {
  const destination = mysql.openRestore([settings], entry, context(name))
  noErrors(t, await destination.preflight())
  await destination.verify()
  const journal = await memoryJournal()
  await destination.load(journal)
  await destination.activate(journal)
  await destination.dropPrevious(journal)
}

await t.test('rows and tables that a strict server would refuse come back', async (t) => {
  const schemas = await createLedgerSchemas(server, '_l', 10)
  const wide = Array.from({ length: 200 }, (_, index) => `c${index} varchar(60)`).join(', ')
  await connection.query(`
    SET sql_mode = '', innodb_strict_mode = 0; USE scalar_l;
    CREATE TABLE members (id int PRIMARY KEY, e enum('a', 'b') NOT NULL);
    INSERT INTO members VALUES (1, 'a'), (2, 'of none'), (3, '');
    CREATE TABLE numbers (id int PRIMARY KEY, txt varchar(9), n int AS (CAST(txt AS signed)) STORED);
    INSERT INTO numbers (id, txt) VALUES (1, 'abc'), (2, '5x');
    CREATE TABLE wide (id int PRIMARY KEY, ${wide}) ROW_FORMAT=COMPACT CHARACTER SET latin1;
    CREATE TABLE counted (id int AUTO_INCREMENT PRIMARY KEY, a int COMMENT 'not AUTO_INCREMENT=5') AUTO_INCREMENT=700`)
  if (isMariadb)
    await connection.query(`
      SET check_constraint_checks = 0; CREATE TABLE checked (id int PRIMARY KEY, a int, j json, CHECK (a < 5));
      INSERT INTO checked VALUES (1, 10, 'no json'); SET check_constraint_checks = 1`)
  await connection.query('SET sql_mode = DEFAULT, innodb_strict_mode = DEFAULT')
  const before = await contentOf(connection, schemas)
  const entry = await backup(settingsFor(server, '_l'), 'lenient')
  await connection.query('DROP TABLE scalar_l.members, scalar_l.wide')
  await restore(settingsFor(server, '_l'), entry, 'restore-l')
  t.strictSame(await contentOf(connection, schemas), before)
  await connection.query('INSERT INTO scalar_l.counted (a) VALUES (1)')
  t.match((await connection.query('SELECT id FROM scalar_l.counted'))[0], [{ id: 700 }], 'the counter goes on')
})

await t.test('what a server sets for everybody else does not hold for a dump', async (t) => {
  const schemas = await createLedgerSchemas(server, '_g', 10)
  const before = await contentOf(connection, schemas)
  await connection.query(
    "SET GLOBAL sql_select_limit = 2; SET GLOBAL autocommit = 0; SET GLOBAL completion_type = 'RELEASE'",
  )
  try {
    const { session } = await connect(accessOf([settingsFor(server, '_g')]))
    const [row] = await session.query<{ seconds: number }>('SELECT @@lock_wait_timeout AS seconds')
    t.equal(row?.seconds, 60, 'nobody waits for a lock as long as the server would')
    session.destroy()
    const entry = await backup(settingsFor(server, '_g'), 'limited')
    t.equal(entry.tables.find(({ name }) => name === 'asset')?.rows, 10)
    await connection.query('DROP TABLE scalar_g.asset')
    await restore(settingsFor(server, '_g'), entry, 'restore-g')
  } finally {
    await connection.query(
      'SET GLOBAL sql_select_limit = DEFAULT; SET GLOBAL autocommit = 1; SET GLOBAL completion_type = DEFAULT',
    )
  }
  t.strictSame(await contentOf(connection, schemas), before)
})

await t.test('a row that is longer than a restore here takes is told of as it is dumped', async (t) => {
  await createLedgerSchemas(server, '_p', 10)
  await connection.query('CREATE TABLE scalar_p.large (id int PRIMARY KEY, b longblob)')
  await connection.query(`INSERT INTO scalar_p.large VALUES (1, repeat('\\0', 700000))`)
  const settings = settingsFor(server, '_p')
  const noted = async (name: string) => {
    const told: string[] = []
    await backup(settings, name, { events: { say: (_, message) => void told.push(message) } })
    return told.filter((message) => message.includes('max_allowed_packet'))
  }
  t.strictSame(await noted('short'), [])
  await connection.query('SET GLOBAL max_allowed_packet = 1048576')
  const told = await noted('long')
  await connection.query('SET GLOBAL max_allowed_packet = DEFAULT')
  t.equal(told.length, 1)
  t.match(told[0], /a restore into this server needs a max_allowed_packet of more than 1400\d{3} bytes$/)

  const [holder, now] = await openSessions(accessOf([settings]), 2)
  if (holder === undefined || now === undefined) throw new Error('no sessions')
  t.teardown(() => endAll([holder, now]))
  await takeSnapshot([holder])
  const table = await findTable(now, { schema: 'scalar_p', name: 'large' })
  if (table === undefined) throw new Error('no table')
  const endless: Session = {
    ...holder,
    rows: (_, encoder) => Readable.from([Object.assign(encoder, { longestBytes: 2 ** 29 }).end()]),
  }
  const { storage, signal } = context('endless')
  const dumping = { holder: endless, now, storage, signal, meter: { bytes: 0 } }
  const known = { ...table, definition: await createStatement(now, table) }
  t.match(await failureOf(dumpTable(dumping, 'endless', 0, known)), {
    what: /scalar_p\.large cannot be backed up/,
    why: /a statement of 512\.0 MiB/,
  })
})

await t.test('rows that are not those that the backup counted fail the load, and the former data serves', async (t) => {
  const schemas = await createLedgerSchemas(server, '_c', 10)
  const before = await contentOf(connection, schemas)
  const entry = await backup(settingsFor(server, '_c'), 'counted')
  const tables = entry.tables.map((table) => (table.name === 'asset' ? { ...table, rows: 11 } : table))
  const failure = await failureOf(restore(settingsFor(server, '_c'), { ...entry, tables }, 'restore-c'))
  t.type(failure, NotAsBackedUp)
  t.equal(failure.why, 'scalar_c.asset has 10 rows instead of 11')
  t.strictSame(await contentOf(connection, schemas), before)
})

await t.test('rows are compressed as hard as was asked for', async (t) => {
  await createLedgerSchemas(server, '_z', 10)
  await connection.query(`CREATE TABLE scalar_z.large (id int PRIMARY KEY, b longblob);
    INSERT INTO scalar_z.large VALUES (1, repeat('a', 2000000)), (2, repeat('b', 2000000)), (3, repeat('c', 2000000))`)
  /** RFC 8878, 3.1.1: what a frame begins with. Each block is a frame of its own at the usual level alone. */
  const framesAt = async (name: string, compressionLevel: number | undefined) => {
    await backup(settingsFor(server, '_z'), name, { compressionLevel })
    const { storage } = context(name)
    for await (const { path } of storage.list(name)) {
      if (!path.endsWith('.large.rows.sql.zst')) continue
      const packed = await buffer((await storage.read(path)) ?? Readable.from([]))
      return packed.toString('latin1').split('\x28\xb5\x2f\xfd').length - 1
    }
    throw new Error('no rows')
  }
  t.ok(((await framesAt('usual', undefined)) ?? 0) >= 3)
  t.equal(await framesAt('third', 3), 1)
})

await t.test('a name with a line feed is told before anything is paused', async (t) => {
  await createLedgerSchemas(server, '_n', 10)
  await connection.query('USE scalar_n; CREATE TABLE `a\nb` (id int); CREATE TABLE c (`d\ne` int)')
  const source = mysql.openBackup([settingsFor(server, '_n')], context('named'))
  const errors = (await source.preflight()).filter(({ outcome }) => outcome === 'error')
  await source.close()
  t.equal(errors.length, 1)
  t.match(errors[0]?.message, /scalar_n\."a\\nb" \(a line feed in its name\), scalar_n\.c\."d\\ne" \(a line feed/)
})

// Whether names have a case is decided when a server of MySQL gets its data folder.
await t.test('a server that keeps names in lower case has the schemas that ScalarDB tells of', { skip }, async (t) => {
  const folding = await startMysql(['--lower-case-table-names=1'])
  t.teardown(() => folding.stop())
  const admin = await folding.connect()
  t.teardown(() => admin.end())
  await createLedgerSchemas(folding, '_f', 10)
  await admin.query(`
    CREATE DATABASE Mixed; CREATE TABLE Mixed.Asset (id int PRIMARY KEY); INSERT INTO Mixed.Asset VALUES (1);
    UPDATE scalardb_f.metadata SET full_table_name = 'Mixed.Asset'; DELETE FROM scalardb_f.namespaces`)
  const entry = await backup(settingsFor(folding, '_f'), 'folded')
  t.ok(entry.tables.some(({ schema, name, rows }) => schema === 'mixed' && name === 'asset' && rows === 1))
  await admin.query('DELETE FROM Mixed.Asset')
  await restore(settingsFor(folding, '_f'), entry, 'restore-f')
  t.match((await admin.query('SELECT id FROM Mixed.Asset'))[0], [{ id: 1 }])

  const schemas = [{ name: 'Mixed', charset: 'utf8mb4', collation: 'utf8mb4_bin' }]
  const foreign = { ...entry, details: { ...entry.details, schemas } }
  const findings = await mysql.openRestore([settingsFor(folding, '_f')], foreign, context('restore-m')).preflight()
  t.match(
    findings.find(({ outcome }) => outcome === 'error'),
    { check: 'server', message: /keeps names in lower case, and the backup has Mixed$/ },
  )
})
