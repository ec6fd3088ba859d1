import t, { type Test } from 'tap'
import { mysql } from '../../../../../job/databases/mysql/mysql.ts'
import type { StorageSettings } from '../../../../../job/scalardb/storage-settings.ts'
import type { Finding } from '../../../../../operation/finding.ts'
import type { DatabaseBackup } from '../../../../../operation/record.ts'
import { chosenServer, startMysql, type LocalMysql } from '../../../../stand-ins/mysql/local-server.ts'
import { failureOf } from '../../failure-of.ts'
import { memoryJournal, storageOf, type TrialContext } from '../database-conformance.ts'
import { contentOf, createLedgerSchemas, settingsFor } from './ledger-schemas.ts'

// What is told before anything is paused, stopped or loaded.

const server = await startMysql()
t.teardown(() => server.stop())
const connection = await server.connect()
t.teardown(() => connection.end())
const skip = chosenServer().startsWith('mariadb') ? false : 'of MariaDB alone'
const { context } = storageOf(t)

async function preflight(settings: StorageSettings[], more: Partial<TrialContext> = {}): Promise<Finding[]> {
  const source = mysql.openBackup(settings, { ...context('backup-a'), ...more })
  try {
    return await source.preflight()
  } finally {
    await source.close()
  }
}

function errorsOf(findings: readonly Finding[]): string[] {
  return findings.flatMap(({ outcome, check, message }) => (outcome === 'error' ? [`${check}: ${message}`] : []))
}

/** Each text is told, and no other. */
function tells(t: Test, told: readonly string[], expected: readonly RegExp[], what = 'it is told'): void {
  t.equal(told.length, expected.length, told.join('; '))
  t.match(told, expected, what)
}

async function backup(suffix: string): Promise<DatabaseBackup> {
  const source = mysql.openBackup([settingsFor(server, suffix)], context(`backup${suffix}`))
  try {
    await source.prepare()
    await source.snapshot()
    return JSON.parse(JSON.stringify(await source.complete(`${suffix}/db`))) as DatabaseBackup
  } finally {
    await source.close()
  }
}

await t.test('a replica is refused, and of several hosts the primary is the one', async (t) => {
  await createLedgerSchemas(server, '_p', 10)
  const replica = await startMysql()
  t.teardown(() => replica.stop())
  const admin = await replica.connect()
  t.teardown(() => admin.end())
  await createLedgerSchemas(replica, '_p', 10)
  for (const each of [admin, connection])
    await each.query("CREATE USER twofold@'%' IDENTIFIED BY 'b'; GRANT ALL ON *.* TO twofold@'%'")
  await admin.query('SET GLOBAL read_only = ON')
  const at = (...servers: LocalMysql[]) => [
    settingsFor(server, '_p', {
      contactPoints: `jdbc:mysql://${servers.map(({ host, port }) => `${host}:${port}`).join(',')}/`,
      username: 'twofold',
      password: 'b',
    }),
  ]
  tells(t, errorsOf(await preflight(at(replica))), [/^server: it takes reads only: a replica/])
  const destination = mysql.openRestore(at(replica), await backup('_p'), context('restore-p'))
  tells(t, errorsOf(await destination.preflight()), [/^server: it takes reads only$/])
  const findings = await preflight(at(replica, server))
  t.strictSame(errorsOf(findings), [])
  await connection.query('SET GLOBAL read_only = ON')
  tells(t, errorsOf(await preflight(at(replica, server))), [/every server that answered takes reads only/])
  await connection.query('SET GLOBAL read_only = OFF')
})

// MariaDB says whatever version it is started with.
await t.test('a server that is too old, or speaks the protocol alone, is refused by its name', { skip }, async (t) => {
  const cases = {
    '10.5.29-MariaDB': /^server: it is MariaDB 10\.5; the oldest that works is MariaDB 10\.6$/,
    '8.0.11-TiDB-v8.5.0': /^server: it is TiDB, which speaks MySQL's protocol/,
  }
  for (const [version, message] of Object.entries(cases)) {
    const other = await startMysql([`--version=${version}`])
    await createLedgerSchemas(other, '_p', 10)
    tells(t, errorsOf(await preflight([settingsFor(other, '_p')])), [message], version)
    await other.stop()
  }
})

await t.test('what MariaDB has beside tables is named', { skip }, async (t) => {
  await createLedgerSchemas(server, '_m', 10)
  await connection.query(`
    USE scalar_m; CREATE TABLE versioned (id int PRIMARY KEY) WITH SYSTEM VERSIONING; CREATE SEQUENCE numbers;
    CREATE TABLE places (id int PRIMARY KEY, address inet6, own uuid);
    INSERT INTO scalardb_m.namespaces VALUES ('elsewhere')`)
  const findings = await preflight([settingsFor(server, '_m')])
  tells(t, errorsOf(findings), [/^tables: a dump could not keep scalar_m\.versioned \(its history would be lost/])
  const warnings = findings.filter(({ outcome }) => outcome === 'warning').map(({ message }) => message)
  tells(t, warnings, [/not in the backup: sequence scalar_m\.numbers/, /ScalarDB tells of elsewhere/])
})

await t.test('connections that would be missing are missed before', async (t) => {
  await createLedgerSchemas(server, '_c', 10)
  await connection.query("CREATE USER few@'%' IDENTIFIED BY 'f' WITH MAX_USER_CONNECTIONS 2")
  await connection.query("GRANT ALL ON *.* TO few@'%'")
  const settings = [settingsFor(server, '_c')]
  tells(t, errorsOf(await preflight(settings, { parallel: 500 })), [
    /^connections: the server has \d+ left, a backup opens 500 more$/,
  ])
  const few = [settingsFor(server, '_c', { username: 'few', password: 'f' })]
  tells(t, errorsOf(await preflight(few, { parallel: 2 })), [
    /^connections: the user may have 2, a backup opens 2 more$/,
  ])
  t.strictSame(errorsOf(await preflight(few, { parallel: 1 })), [])
})

await t.test('a server that cannot take a backup is told before it is touched', async (t) => {
  await createLedgerSchemas(server, '_s', 10)
  const entry = await backup('_s')
  const { major, minor, product, collations } = entry.details as {
    major: number
    minor: number
    product: string
    collations: string[]
  }
  const errorsOn = async (changes: DatabaseBackup['details']) => {
    const changed = { ...entry, details: { ...entry.details, ...changes } }
    const destination = mysql.openRestore([settingsFor(server, '_s')], changed, context('restore-s'))
    return errorsOf(await destination.preflight())
  }
  t.strictSame(await errorsOn({}), [])
  const other = product === 'MySQL' ? 'MariaDB' : 'MySQL'
  tells(t, await errorsOn({ product: other }), [new RegExp(`^server: it is ${product} .*, the backup is of ${other} `)])
  for (const newer of [{ major: major + 1 }, { minor: minor + 1 }])
    tells(t, await errorsOn(newer), [/^server: it is .*, the backup is of /], JSON.stringify(newer))
  t.strictSame(await errorsOn(major > 8 ? { major: major - 1, minor: 99 } : {}), [], 'an older backup is taken')
  tells(t, await errorsOn({ collations: [...collations, 'utf8mb4_none_ci'] }), [
    /^server: it does not know the collations utf8mb4_none_ci$/,
  ])
  tells(t, await errorsOn({ longestStatement: 2 ** 40 }), [/^server: its max_allowed_packet is .*1024\.0 GiB|1\.0 TiB/])
})

await t.test(
  'triggers and foreign keys of the tables in service are named, and one that comes later too',
  async (t) => {
    const schemas = await createLedgerSchemas(server, '_t', 10)
    const entry = await backup('_t')
    const destination = mysql.openRestore([settingsFor(server, '_t')], entry, context('restore-t'))
    const journal = await memoryJournal()
    await destination.load(journal)
    await connection.query(`
    USE scalar_t; CREATE TABLE parent (id int PRIMARY KEY);
    CREATE TABLE child (id int PRIMARY KEY, p int, CONSTRAINT belongs FOREIGN KEY (p) REFERENCES parent (id));
    CREATE TRIGGER noting BEFORE INSERT ON asset FOR EACH ROW SET NEW.age = 1`)
    const named = /trigger scalar_t\.noting of table asset, foreign key belongs of scalar_t\.child/
    tells(t, errorsOf(await destination.preflight()), [named])
    tells(t, errorsOf((await destination.checkSwitch?.()) ?? []), [named])
    await connection.query('DROP TABLE child, parent')
    const before = await contentOf(connection, schemas)
    t.match(await failureOf(destination.activate(journal)), {
      what: /could not be switched/,
      why: /trigger scalar_t\.noting/,
      next: 'drop the triggers',
    })
    t.strictSame(await contentOf(connection, schemas), before, 'the former data serves on')
    await connection.query('DROP TRIGGER noting')
    await destination.activate(journal)
    t.match(destination.describe(), { state: 'in-service' })
  },
)
