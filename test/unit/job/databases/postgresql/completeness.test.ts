import t, { type Test } from 'tap'
import { startPostgresql } from '../../../../stand-ins/postgresql/local-server.ts'
import { postgresql } from '../../../../../job/databases/postgresql/postgresql.ts'
import type { StorageSettings } from '../../../../../job/scalardb/storage-settings.ts'
import type { Finding } from '../../../../../operation/finding.ts'
import type { DatabaseBackup } from '../../../../../operation/record.ts'
import { memoryJournal, noErrors, storageOf, type TrialContext } from '../database-conformance.ts'
import { createLedgerDatabase, settingsFor } from './ledger-database.ts'
import { textOf } from './rich-database.ts'

const server = await startPostgresql()
t.teardown(() => server.stop())
process.env['PATH'] = `${server.tools}:${process.env['PATH'] ?? ''}`

async function ledger(name: string, sql: string): Promise<StorageSettings[]> {
  const client = await createLedgerDatabase(server, name, 10)
  await client.query(sql)
  await client.end()
  return [settingsFor(server, name)]
}

async function preflight(settings: StorageSettings[], context: TrialContext): Promise<Finding[]> {
  const source = postgresql.openBackup(settings, context)
  const findings = await source.preflight()
  await source.close()
  return findings
}

async function backup(t: Test, settings: StorageSettings[]) {
  const { context } = storageOf(t)
  const source = postgresql.openBackup(settings, context('backup-a'))
  await source.prepare()
  await source.snapshot()
  const entry = JSON.parse(JSON.stringify(await source.complete('name/db'))) as DatabaseBackup
  await source.close()
  return { entry, context }
}

const but = (outcome: Finding['outcome'], findings: Finding[]) =>
  findings.filter((finding) => finding.outcome === outcome).map(({ check, message }) => `${check}: ${message}`)

/** An entry whose dump holds extensions other than it does, as on a server that has others. */
function withExtensions(entry: DatabaseBackup, extensions: object[]): DatabaseBackup {
  return { ...entry, details: { ...entry.details, dumpedExtensions: extensions } as DatabaseBackup['details'] }
}

await t.test('extensions that the tables are built on come back with them', async (t) => {
  const settings = await ledger(
    'extended',
    `CREATE EXTENSION citext; CREATE SCHEMA things; CREATE EXTENSION hstore SCHEMA things;
    CREATE EXTENSION btree_gist SCHEMA scalar;
     CREATE EXTENSION pg_trgm;
     CREATE TABLE scalar.person (name citext PRIMARY KEY, more things.hstore, age int, EXCLUDE USING gist (age WITH =));
     INSERT INTO scalar.person VALUES ('Åsa', 'a=>1', 7)`,
  )
  const text = await textOf(server, 'extended')
  const { entry, context } = await backup(t, settings)
  t.match(entry.details, {
    dumpedExtensions: [
      { name: 'btree_gist', schema: 'scalar', needed: true },
      { name: 'citext', schema: 'public', needed: true },
      { name: 'hstore', schema: 'things', needed: true },
      { name: 'pg_trgm', schema: 'public', needed: false },
    ],
  })
  const destination = postgresql.openRestore(settings, entry, context('restore-a'))
  noErrors(t, await destination.preflight())
  const journal = await memoryJournal()
  await destination.load(journal)
  await destination.activate(journal)
  t.equal(await textOf(server, 'extended'), text)

  const unknown = { name: 'postgis', version: '3.5', schema: 'public', needed: true }
  const needs = postgresql.openRestore(settings, withExtensions(entry, [unknown]), context('restore-b'))
  t.strictSame(but('error', await needs.preflight()), [
    'extensions: the backup is built on postgis 3.5, which this server does not have',
  ])
  const unneeded = postgresql.openRestore(
    settings,
    withExtensions(entry, [{ ...unknown, needed: false }]),
    context('restore-c'),
  )
  t.match(but('warning', await unneeded.preflight()), [/^extensions: .*without postgis 3\.5/, /^beside the schemas/])
})

await t.test('a plain user is told which extensions only a superuser makes, and what is left out', async (t) => {
  const settings = await ledger(
    'untrusted',
    `CREATE EXTENSION file_fdw; CREATE EXTENSION pg_stat_statements; CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
     CREATE FOREIGN TABLE scalar.file (line text) SERVER files OPTIONS (filename '/etc/hostname');
     CREATE ROLE plain LOGIN CREATEDB PASSWORD 'plain'; ALTER DATABASE untrusted OWNER TO plain`,
  )
  const { entry, context } = await backup(t, settings)
  const plain = [settingsFor(server, 'untrusted', { username: 'plain', password: 'plain', releaseUsername: 'plain' })]
  const warnings = but('warning', await postgresql.openRestore(plain, entry, context('restore-a')).preflight())
  t.match(
    warnings.filter((text) => text.startsWith('extensions: ')),
    [/^extensions: .*without .*file_fdw.*pg_stat_statements/],
  )
})

await t.test(
  'what no dump of schemas holds is named before anything is paused, and by the plan of a restore',
  async (t) => {
    const settings = await ledger(
      'beside',
      `CREATE PUBLICATION changes FOR TABLE scalar.asset; CREATE SCHEMA hollow;
      SELECT lo_from_bytea(0, 'x'), lo_from_bytea(0, 'y');
     CREATE ROLE writer; ALTER DEFAULT PRIVILEGES FOR ROLE writer GRANT SELECT ON TABLES TO PUBLIC;
     CREATE FUNCTION public.f() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
     CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION public.f();
     CREATE SCHEMA logic; CREATE FUNCTION logic.one() RETURNS int LANGUAGE sql AS 'SELECT 1'`,
    )
    const { context } = storageOf(t)
    const findings = await preflight(settings, context('b'))
    noErrors(t, findings)
    const warnings = but('warning', findings).filter((text) => !text.startsWith('database user'))
    t.strictSame(warnings, [
      'other schemas: not in the backup, since ScalarDB does not tell of them: logic, public; ' +
        'a restore into this database would refuse while they are there',
      'beside the schemas: not in the backup: 2 large objects, default privileges of writer, ' +
        'empty schema hollow, event trigger watch, publication changes',
    ])
    const { entry } = await backup(t, settings)
    const destination = postgresql.openRestore(settings, entry, context('restore-a'))
    t.match(but('error', await destination.preflight()), [/^other schemas: .*logic, public/])
    const { loses, steps } = await destination.plan()
    t.ok(loses.includes('publication changes, unless made again'), loses.join('\n'))
    t.match(steps.join('\n'), /disk: about \d.* more, beside \d.*MiB in service, which stay until --drop-previous/)
  },
)

await t.test('a backup that could not be restored without another schema is refused', async (t) => {
  const settings = await ledger(
    'torn',
    `CREATE SCHEMA billing; CREATE TYPE billing.state AS ENUM ('a'); CREATE TABLE billing.invoice (id int PRIMARY KEY);
     CREATE VIEW scalar.invoices AS SELECT * FROM billing.invoice; ALTER TABLE scalar.asset ADD state billing.state;
     ALTER TABLE coordinator.state ADD invoice int REFERENCES billing.invoice`,
  )
  const { context } = storageOf(t)
  const errors = but('error', await preflight(settings, context('b')))
  t.match(errors, [
    /^other schemas: .*coordinator\.state of billing\.invoice, scalar\.asset of billing\.state, scalar\.invoices of billing\.invoice$/,
  ])
  noErrors(t, await preflight(settings, { ...context('b'), schemas: ['billing'] }))
})

await t.test('a locale or a collation that the server lacks is refused before anything is made', async (t) => {
  const settings = await ledger('local', `CREATE TABLE scalar.word (w text COLLATE "de-x-icu")`)
  const { entry, context } = await backup(t, settings)
  t.match(entry.details, { collations: ['de-x-icu'] })
  const here = postgresql.openRestore(settings, entry, context('restore-a'))
  noErrors(t, await here.preflight())
  const changed = (details: object) =>
    postgresql.openRestore(
      settings,
      { ...entry, details: { ...entry.details, ...details } as DatabaseBackup['details'] },
      context('restore-b'),
    )
  t.strictSame(but('error', await changed({ collations: ['xx_XX'] }).preflight()), [
    'collations: this server does not have xx_XX',
  ])
  t.match(but('error', await changed({ collate: 'xx_XX.utf8', ctype: 'xx_XX.utf8' }).preflight()), [
    /^collations: could not create locale "xx_XX.utf8"/,
  ])
})

await t.test('rows come back frozen, so that nothing writes them a second time', async (t) => {
  const settings = await ledger('frozen', 'CREATE TABLE scalar.other AS SELECT n FROM generate_series(1, 100) n')
  const text = await textOf(server, 'frozen')
  const { entry, context } = await backup(t, settings)
  const destination = postgresql.openRestore(settings, entry, context('restore-a'))
  const journal = await memoryJournal()
  await destination.verify()
  await destination.load(journal)
  await destination.activate(journal)
  await destination.close()
  t.equal(await textOf(server, 'frozen'), text)
  const client = await server.connect('frozen')
  t.teardown(() => client.end())
  await client.query('CREATE EXTENSION pageinspect')
  // HEAP_XMIN_FROZEN of PostgreSQL's htup_details.h
  const { rows } = await client.query<{ frozen: boolean }>(
    `SELECT bool_and(t_infomask & 768 = 768) AS frozen FROM heap_page_items(get_raw_page('scalar.other', 0))`,
  )
  t.same(rows, [{ frozen: true }])
})
