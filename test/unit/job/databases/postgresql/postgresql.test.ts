import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import t from 'tap'
import { startPostgresql } from '../../../../stand-ins/postgresql/local-server.ts'
import type { StorageSettings } from '../../../../../job/scalardb/storage-settings.ts'
import { NotAsBackedUp } from '../../../../../job/databases/errors.ts'
import { postgresql } from '../../../../../job/databases/postgresql/postgresql.ts'
import type { DatabaseBackup } from '../../../../../operation/record.ts'
import { failureOf } from '../../failure-of.ts'
import { memoryJournal, noErrors, storageOf, type TrialContext } from '../database-conformance.ts'
import { contentOf, createLedgerDatabase, settingsFor } from './ledger-database.ts'

const server = await startPostgresql()
t.teardown(() => server.stop())
process.env['PATH'] = `${server.tools}:${process.env['PATH'] ?? ''}`
const admin = await server.connect()

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

async function restore(settings: StorageSettings[], entry: DatabaseBackup, context: TrialContext): Promise<void> {
  const destination = postgresql.openRestore(settings, entry, context)
  const journal = await memoryJournal()
  await destination.load(journal)
  await destination.activate(journal)
}

const errorsOf = async (
  running: Promise<{ outcome: string; check: string; message: string; cure?: string | undefined }[]>,
) => (await running).filter((finding) => finding.outcome === 'error')

await t.test(
  'a restore by another role gives back owners, privileges, settings and the release its rights',
  async (t) => {
    await admin.query(`
    CREATE ROLE release_user LOGIN PASSWORD 'release'; CREATE ROLE schema_owner;
    CREATE ROLE reader LOGIN PASSWORD 'reader';
    CREATE ROLE restorer LOGIN PASSWORD 'restorer' CREATEDB IN ROLE schema_owner, release_user, pg_signal_backend`)
    const client = await createLedgerDatabase(server, 'roles')
    await client.query(`
    ALTER DATABASE roles OWNER TO schema_owner; ALTER DATABASE roles SET search_path = "$user", scalar, "Mixed.Case";
    COMMENT ON DATABASE roles IS 'the books'; ALTER DATABASE roles SET default_transaction_read_only = off;
    ALTER DATABASE roles CONNECTION LIMIT 50;
    REVOKE CONNECT ON DATABASE roles FROM PUBLIC; GRANT CONNECT ON DATABASE roles TO release_user, reader;
    ALTER SCHEMA scalar OWNER TO schema_owner; ALTER SCHEMA scalardb OWNER TO schema_owner;
    ALTER SCHEMA coordinator OWNER TO schema_owner; ALTER SCHEMA "Mixed.Case" OWNER TO schema_owner;
    ALTER TABLE scalar.asset OWNER TO schema_owner; ALTER TABLE scalardb.metadata OWNER TO schema_owner;
    ALTER TABLE scalardb.namespaces OWNER TO schema_owner;
    ALTER TABLE coordinator.state OWNER TO schema_owner; ALTER TABLE "Mixed.Case"."Odd ""name" OWNER TO schema_owner;
    GRANT USAGE ON SCHEMA scalar, coordinator, scalardb, "Mixed.Case" TO release_user;
    GRANT ALL ON ALL TABLES IN SCHEMA scalar, coordinator TO release_user;
    GRANT SELECT (id) ON scalar.asset TO reader;
    REVOKE UPDATE, DELETE, TRUNCATE ON scalardb.metadata FROM schema_owner;
    ALTER DEFAULT PRIVILEGES FOR ROLE schema_owner IN SCHEMA scalar GRANT SELECT ON TABLES TO reader;
    GRANT SELECT ON ALL TABLES IN SCHEMA scalardb, "Mixed.Case" TO release_user;
    GRANT SELECT ON ALL SEQUENCES IN SCHEMA "Mixed.Case" TO release_user`)
    const catalog = async () => {
      const connected = await server.connect('roles')
      const { rows } = await connected.query(`
      SELECT relname AS name, pg_get_userbyid(relowner) AS owner, relacl::text AS acl FROM pg_class
        JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname !~ '^(pg_|information)'
      UNION ALL SELECT nspname, pg_get_userbyid(nspowner), nspacl::text FROM pg_namespace
        WHERE nspname !~ '^(pg_|information)'
      UNION ALL SELECT 'database', pg_get_userbyid(datdba), (SELECT string_agg(a::text, ',' ORDER BY a::text)
        FROM unnest(datacl) a) || datconnlimit || datcollate FROM pg_database WHERE datname = current_database()
      UNION ALL SELECT 'setting', NULL, value FROM pg_db_role_setting, unnest(setconfig) value, pg_database d
        WHERE d.oid = setdatabase AND datname = current_database()
      UNION ALL SELECT 'comment', NULL,
        regexp_replace(shobj_description(oid, 'pg_database'), ' .kubectl-scalardl restore-a replaced.$', '')
          FROM pg_database WHERE datname = current_database()
      UNION ALL SELECT 'default', NULL, defaclacl::text FROM pg_default_acl ORDER BY 1, 2, 3`)
      await connected.end()
      return rows
    }
    const before = await catalog()
    await client.end()
    const { context } = storageOf(t)
    const own = [
      settingsFor(server, 'roles', { username: 'release_user', password: 'release', releaseUsername: 'release_user' }),
    ]
    const entry = await backup(own, context('backup-a'))
    t.match(await errorsOf(postgresql.openRestore(own, entry, context('restore-a')).preflight()), [
      { check: 'rights', message: /CREATEDB/ },
      { check: 'rights', message: /schema_owner/ },
    ])
    const other = [
      settingsFor(server, 'roles', { username: 'restorer', password: 'restorer', releaseUsername: 'release_user' }),
    ]
    noErrors(t, await postgresql.openRestore(other, entry, context('restore-a')).preflight())
    await restore(other, entry, context('restore-a'))
    t.strictSame(await catalog(), before)
  },
)

await t.test('a fresh server without the roles: all belongs to the release', async (t) => {
  const { context } = storageOf(t)
  const client = await createLedgerDatabase(server, 'fresh')
  await admin.query(`CREATE ROLE gone; GRANT gone TO postgres`)
  await client.query(
    'ALTER SCHEMA scalar OWNER TO gone; ALTER TABLE scalar.asset OWNER TO gone; ' +
      'CREATE TABLE public.mine (a int); GRANT SELECT ON public.mine TO gone; INSERT INTO public.mine VALUES (1)',
  )
  const content = await contentOf(client)
  await client.end()
  const settings = [settingsFor(server, 'fresh')]
  const entry = await backup(settings, { ...context('backup-a'), schemas: ['public'] })
  await admin.query('DROP DATABASE fresh')
  await admin.query(
    'REASSIGN OWNED BY gone TO postgres; DROP OWNED BY gone; DROP ROLE gone; ' +
      "CREATE ROLE new_release LOGIN CREATEDB PASSWORD 'new'",
  )
  const fresh = [
    settingsFor(server, 'fresh', { username: 'new_release', password: 'new', releaseUsername: 'new_release' }),
  ]
  const destination = postgresql.openRestore(fresh, entry, context('restore-a'))
  const findings = await destination.preflight()
  noErrors(t, findings)
  t.match(
    findings.find((finding) => finding.check === 'roles'),
    { outcome: 'warning', message: /everything will belong to new_release/ },
  )
  const plan = await destination.plan()
  t.strictSame(plan.loses, [])
  const journal = await memoryJournal()
  await destination.load(journal)
  await destination.activate(journal)
  t.equal(destination.describe().previous, undefined)
  const restored = new Client({
    host: server.host,
    port: server.port,
    user: 'new_release',
    password: 'new',
    database: 'fresh',
  })
  await restored.connect()
  t.strictSame(await contentOf(restored), content)
  await restored.query(`INSERT INTO scalar.asset VALUES ('new', 1, NULL)`)
  await restored.end()
  await destination.deactivate(journal)
  t.match(await failureOf(postgresql.openBackup(fresh, context('b')).describe()), { why: /no such database/ })
})

await t.test('schemas beside ScalarDB are told of, and keep a restore from hiding them', async (t) => {
  const { context } = storageOf(t)
  const client = await createLedgerDatabase(server, 'beside')
  await client.query('CREATE SCHEMA billing; CREATE TABLE billing.invoice (a int)')
  const settings = [settingsFor(server, 'beside')]
  const source = postgresql.openBackup(settings, context('backup-a'))
  t.match(
    (await source.preflight()).filter((finding) => finding.outcome === 'warning'),
    [{ check: 'other schemas', cure: /--schema billing/ }],
  )
  await source.close()
  const entry = await backup(settings, context('backup-a'))
  t.match(await errorsOf(postgresql.openRestore(settings, entry, context('restore-a')).preflight()), [
    { check: 'other schemas', message: /billing/ },
  ])
  await client.query('DROP SCHEMA scalardb CASCADE')
  await client.end()
  t.match(await failureOf(postgresql.openBackup(settings, context('b')).describe()), { next: /--schema/ })
  t.match(await failureOf(postgresql.openBackup(settings, { ...context('b'), schemas: ['Billing'] }).describe()), {
    why: /billing/,
  })
})

await t.test('rows that are not those that the backup counted fail the load', async (t) => {
  await (await createLedgerDatabase(server, 'counted')).end()
  const settings = [settingsFor(server, 'counted')]
  const { context } = storageOf(t)
  const entry = await backup(settings, context('backup-a'))
  const more = entry.tables.map((table) => ({ ...table, rows: (table.rows ?? 0) + (table.name === 'asset' ? 1 : 0) }))
  const failure = await failureOf(restore(settings, { ...entry, tables: more }, context('restore-a')))
  t.type(failure, NotAsBackedUp)
  t.equal(failure.why, 'scalar.asset has 1000 rows instead of 1001')
})

await t.test('sessions that cannot be ended are named, and the data in service stays', async (t) => {
  const { context } = storageOf(t)
  await admin.query(`CREATE ROLE plain LOGIN CREATEDB PASSWORD 'plain'`)
  await admin.query('CREATE DATABASE busy OWNER plain')
  const own = [settingsFor(server, 'busy', { username: 'plain', password: 'plain', releaseUsername: 'plain' })]
  const client = new Client({
    host: server.host,
    port: server.port,
    user: 'plain',
    password: 'plain',
    database: 'busy',
  })
  client.on('error', () => undefined)
  await client.connect()
  await client.query('CREATE SCHEMA s; CREATE TABLE s.t (a int); INSERT INTO s.t VALUES (1)')
  const entry = await backup(own, { ...context('backup-a'), schemas: ['s'] })
  const journal = await memoryJournal()
  const destination = postgresql.openRestore(own, entry, context('restore-a'))
  await destination.load(journal)
  const stranger = await server.connect('busy')
  const failure = await failureOf(destination.activate(journal))
  t.match(failure, { why: /sent away: postgres$/, next: /pg_signal_backend/ })
  await stranger.end()
  await destination.activate(journal)
  t.equal(destination.describe().state, 'in-service', "the release's own sessions are ended")
  await client.end().catch(() => undefined)
})

await t.test('each way not to reach a database has its own cure, and none tells the password', async (t) => {
  const { context } = storageOf(t)
  await (await createLedgerDatabase(server, 'reach')).end()
  const cases: [string, Partial<StorageSettings>, RegExp][] = [
    ['wrong password', { password: 'wr0ng' }, /refuses the password/],
    ['no password', { password: undefined }, /asks for a password/],
    ['no database', { contactPoints: `jdbc:postgresql://127.0.0.1:${server.port}/nothing` }, /no such database/],
    ['no server', { contactPoints: 'jdbc:postgresql://127.0.0.1:1/reach' }, /nothing answers/],
    ['no name', { contactPoints: 'jdbc:postgresql://db.invalid/reach' }, /does not resolve/],
    [
      'no TLS',
      { contactPoints: `jdbc:postgresql://127.0.0.1:${server.port}/reach?sslmode=require` },
      /does not speak TLS/,
    ],
    [
      'no certificate',
      { contactPoints: `jdbc:postgresql://127.0.0.1:${server.port}/reach?sslmode=verify-full&sslrootcert=/nowhere` },
      /no readable \/nowhere/,
    ],
  ]
  for (const [what, overrides, why] of cases) {
    const source = postgresql.openBackup(
      [settingsFor(server, 'reach', { password: server.password, ...overrides })],
      context('b'),
    )
    const findings = await source.preflight()
    t.match(findings, [{ outcome: 'error', message: why, cure: /./ }], what)
    t.notMatch(JSON.stringify(findings), new RegExp(`wr0ng|${server.password}`))
    await source.close()
  }
})

await t.test('tables that cannot be read are named before anything is paused', async (t) => {
  const { context } = storageOf(t)
  await (await createLedgerDatabase(server, 'rights')).end()
  const client = await server.connect('rights')
  await client.query(
    "CREATE ROLE weak LOGIN PASSWORD 'weak'; GRANT USAGE ON SCHEMA scalardb, scalar, coordinator TO weak; " +
      'GRANT SELECT ON ALL TABLES IN SCHEMA scalardb TO weak',
  )
  await client.end()
  const source = postgresql.openBackup(
    [settingsFor(server, 'rights', { username: 'weak', password: 'weak' })],
    context('b'),
  )
  t.match(await errorsOf(source.preflight()), [
    { check: 'tables', message: /coordinator\.state.*scalar\.asset/, cure: /--database-secret/ },
  ])
  await source.close()
})

await t.test('a schema change during the dump fails it, instead of emptying the snapshot unseen', async (t) => {
  const { context, root } = storageOf(t)
  const client = await createLedgerDatabase(server, 'ddl', 10)
  const source = postgresql.openBackup([settingsFor(server, 'ddl')], context('backup-a'))
  await source.prepare()
  await source.snapshot()
  const truncated = client.query('TRUNCATE scalar.asset')
  while ((await admin.query('SELECT FROM pg_locks WHERE NOT granted')).rowCount === 0) await sleep(20)
  t.match(await failureOf(source.complete('name/db')), { why: /lock/, next: /schema change/ })
  await truncated
  t.strictSame(await readdir(join(root, 'name')), [])
  await source.close()
  await client.end()
})

await t.test('the snapshot is lost with its session, and the backup says so', async (t) => {
  const { context } = storageOf(t)
  await (await createLedgerDatabase(server, 'lost', 10)).end()
  const source = postgresql.openBackup([settingsFor(server, 'lost')], context('backup-a'))
  await source.prepare()
  await source.snapshot()
  // PostgreSQL 13 does not wait itself until they have ended.
  const end = () => admin.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'lost'`)
  while ((await end()).rows.length > 0) await sleep(10)
  t.match(await failureOf(source.complete('name/db')), { what: /lost|failed/ })
  await source.close()
})

await t.test('the snapshot takes a few milliseconds, whatever the size', async (t) => {
  const { context } = storageOf(t)
  await (await createLedgerDatabase(server, 'fast', 200_000)).end()
  const source = postgresql.openBackup([settingsFor(server, 'fast')], context('backup-a'))
  await source.prepare()
  const times: number[] = []
  for (let run = 0; run < 10; run += 1) {
    const start = performance.now()
    await source.snapshot()
    times.push(performance.now() - start)
  }
  await source.close()
  t.comment(`snapshot(): first ${times[0]?.toFixed(1)} ms, slowest ${Math.max(...times).toFixed(1)} ms`)
  t.ok(Math.min(...times) < 500)
})

await admin.end()
