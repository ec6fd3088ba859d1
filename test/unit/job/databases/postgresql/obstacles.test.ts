import { Client } from 'pg'
import t from 'tap'
import { startPostgresql } from '../../../../stand-ins/postgresql/local-server.ts'
import { postgresql } from '../../../../../job/databases/postgresql/postgresql.ts'
import type { RestoreDestination } from '../../../../../job/databases/database.ts'
import type { StorageSettings } from '../../../../../job/scalardb/storage-settings.ts'
import type { Finding } from '../../../../../operation/finding.ts'
import type { DatabaseBackup } from '../../../../../operation/record.ts'
import { memoryJournal, noErrors, storageOf, type TrialContext } from '../database-conformance.ts'
import { createLedgerDatabase, settingsFor } from './ledger-database.ts'

const server = await startPostgresql(['max_prepared_transactions=5', 'wal_level=logical'])
t.teardown(() => server.stop())
process.env['PATH'] = `${server.tools}:${process.env['PATH'] ?? ''}`
const admin = await server.connect()
t.teardown(() => admin.end())
await admin.query(`
  CREATE ROLE release LOGIN PASSWORD 'release';
  CREATE ROLE restorer LOGIN PASSWORD 'restorer' CREATEDB IN ROLE release, pg_signal_backend`)

/** The Ledger's database, all of it the release's own, and the settings of one who restores it. */
async function ledger(name: string): Promise<StorageSettings[]> {
  const client = await createLedgerDatabase(server, name, 10)
  await client.query(`
    ALTER DATABASE ${name} OWNER TO release;
    DO $$ DECLARE r record; BEGIN
      FOR r IN SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information|public)' LOOP
        EXECUTE format('ALTER SCHEMA %I OWNER TO release', r.nspname); END LOOP;
      FOR r IN SELECT c.oid::regclass AS name FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
        WHERE relkind = 'r' AND nspname !~ '^(pg_|information)' LOOP
        EXECUTE format('ALTER TABLE %s OWNER TO release', r.name); END LOOP; END $$`)
  await client.end()
  return as('restorer', name)
}

function as(username: string, database: string): StorageSettings[] {
  return [settingsFor(server, database, { username, password: username, releaseUsername: 'release' })]
}

async function backup(settings: StorageSettings[], context: TrialContext): Promise<DatabaseBackup> {
  const source = postgresql.openBackup(settings, context)
  try {
    await source.prepare()
    await source.snapshot()
    return await source.complete('name/db')
  } finally {
    await source.close()
  }
}

const but = (outcome: Finding['outcome'], findings: Finding[]) =>
  findings.filter((finding) => finding.outcome === outcome).map(({ check, message }) => `${check}: ${message}`)

/** What is found right before the databases are switched. */
async function switching(destination: RestoreDestination): Promise<Finding[]> {
  const findings = await destination.checkSwitch?.()
  if (findings === undefined) throw new Error('it looks once more before it switches')
  return findings
}

async function restored(t: Parameters<typeof storageOf>[0], name: string) {
  const settings = await ledger(name)
  const { context } = storageOf(t)
  const entry = await backup(settings, context('backup-a'))
  const journal = await memoryJournal()
  const destination = postgresql.openRestore(settings, entry, context('restore-a'))
  await destination.load(journal)
  return { entry, context, journal, destination, settings }
}

await t.test('a session that cannot be ended is told of first, and refused before anything is stopped', async (t) => {
  const { destination, journal } = await restored(t, 'watched')
  const stranger = await server.connect('watched')
  const open = async () => {
    const client = new Client({
      host: server.host,
      port: server.port,
      user: 'release',
      password: 'release',
      database: 'watched',
    })
    client.on('error', () => undefined)
    await client.connect()
    return client
  }
  const pod = await open()
  const warnings = but('warning', await destination.preflight())
  t.strictSame(warnings, [
    'sessions of others: the user may not end these, which keep the databases from being switched: ' +
      'postgres in database watched',
  ])
  t.strictSame(but('error', await switching(destination)), warnings)
  const waiting = switching(destination)
  setTimeout(() => void stranger.end(), 700)
  t.strictSame(
    await waiting,
    [
      {
        check: 'rights',
        subject: destination.describe().title,
        outcome: 'ok',
        message: 'may create and rename databases and end sessions',
      },
    ],
    'what goes by itself is waited for',
  )
  await destination.activate(journal)
  await pod.end().catch(() => undefined)

  const back = await server.connect('watched')
  t.strictSame(but('error', await destination.checkWayBack()), warnings, 'the same before an undo')
  await back.end()
  noErrors(t, await destination.checkWayBack())
})

await t.test('a prepared transaction is told of first, and refused before anything is stopped', async (t) => {
  const { destination } = await restored(t, 'held')
  const client = await server.connect('held')
  await client.query(`BEGIN; INSERT INTO coordinator.state VALUES ('held', 1); PREPARE TRANSACTION 'held'`)
  const message =
    'prepared transactions: they keep the databases from being switched: held of postgres in database held'
  const [sessions, ...others] = but('warning', await destination.preflight())
  t.match(sessions, /^sessions of others: /)
  t.strictSame(others, [message])
  t.strictSame(but('error', await switching(destination)), [sessions, message])
  await client.query(`ROLLBACK PREPARED 'held'`)
  await client.end()
  noErrors(t, await switching(destination))
})

await t.test('whoever lacks the rights is refused before an undo or a removal stops anything', async (t) => {
  const { destination, journal, entry, context } = await restored(t, 'rights')
  await destination.activate(journal)
  await admin.query(`
    CREATE ROLE stranger LOGIN PASSWORD 'stranger'; CREATE ROLE heirless LOGIN PASSWORD 'heirless' NOINHERIT CREATEDB;
    GRANT release, pg_signal_backend TO heirless`)
  const former = { ...context('restore-a'), former: destination.describe() }
  const by = (username: string) => postgresql.openUndo(as(username, 'rights'), entry, former)
  const errors = [
    'rights: the user may not create and rename databases (CREATEDB)',
    'rights: the user has not the rights of release, whom a database to rename belongs to',
  ]
  t.strictSame(but('error', await by('stranger').checkWayBack()), errors)
  t.strictSame(but('error', await by('heirless').checkWayBack()), errors.slice(1))
  t.strictSame(but('error', await by('stranger').checkDrop(journal)), [
    'rights: the user has not the rights of release, whom a database to drop belongs to',
  ])
  noErrors(t, await by('restorer').checkWayBack())
  noErrors(t, await by('restorer').checkDrop(journal))
})

await t.test('what follows a database keeps it from being dropped, and is told of first', async (t) => {
  const { destination, journal } = await restored(t, 'followed')
  const client = await server.connect('followed')
  await client.query(`SELECT pg_create_logical_replication_slot('follower', 'pgoutput')`)
  await client.end()
  await destination.activate(journal)
  t.match(but('error', await destination.checkDrop(journal)), [/^uses: .*replication slot follower$/])
  await admin.query(`SELECT pg_drop_replication_slot('follower')`)
  noErrors(t, await destination.checkDrop(journal))
  await destination.dropPrevious(journal)
})

await t.test('connections that an operation will not get are told of before it begins', async (t) => {
  const settings = await ledger('crowded')
  const { context } = storageOf(t, { parallel: 3 })
  const entry = await backup(settings, context('backup-a'))
  await admin.query('ALTER ROLE restorer CONNECTION LIMIT 4')
  t.teardown(() => admin.query('ALTER ROLE restorer CONNECTION LIMIT -1'))
  const source = postgresql.openBackup(settings, context('backup-b'))
  t.strictSame(but('error', await source.preflight()), ['connections: user restorer has 3 left, a backup opens 5 more'])
  await source.close()
  t.strictSame(but('error', await postgresql.openRestore(settings, entry, context('restore-a')).preflight()), [
    'connections: user restorer has 3 left, a restore opens 5 more',
  ])
  await admin.query('ALTER ROLE restorer CONNECTION LIMIT -1; ALTER DATABASE crowded CONNECTION LIMIT 3')
  const limited = postgresql.openBackup(settings, context('backup-c'))
  t.strictSame(but('error', await limited.preflight()), [
    'connections: database crowded has 2 left, a backup opens 5 more',
  ])
  await limited.close()
})
