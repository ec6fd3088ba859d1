import t from 'tap'
import { mysql } from '../../../../../job/databases/mysql/mysql.ts'
import type { DatabaseBackup } from '../../../../../operation/record.ts'
import { startMysql } from '../../../../stand-ins/mysql/local-server.ts'
import { memoryJournal, noErrors, storageOf } from '../database-conformance.ts'
import { contentOf, createLedgerSchemas, settingsFor } from './ledger-schemas.ts'

// What the servers of cloud providers are set to, as their documents have it, on a real server that is set alike.

const server = await startMysql()
t.teardown(() => server.stop())
const connection = await server.connect()
t.teardown(() => connection.end())
const isMariadb = server.name.startsWith('mariadb')

// Amazon RDS for MySQL, "Master user account privileges": its user has rights by a role, and neither SUPER nor FILE.
await t.test('rights that come by a role are rights', async (t) => {
  await createLedgerSchemas(server, '_role', 10)
  await connection.query(
    `CREATE ROLE rds_superuser_role; GRANT SELECT, SHOW VIEW, TRIGGER ON *.* TO rds_superuser_role;
     CREATE USER master@'%' IDENTIFIED BY 'm'; GRANT rds_superuser_role TO master@'%';
     SET DEFAULT ROLE rds_superuser_role ${isMariadb ? 'FOR' : 'TO'} master@'%'`,
  )
  const { context } = storageOf(t)
  const settings = [settingsFor(server, '_role', { username: 'master', password: 'm' })]
  const source = mysql.openBackup(settings, context('backup-role'))
  noErrors(t, await source.preflight())
  await source.prepare()
  await source.snapshot()
  const { tables } = await source.complete('role/db')
  t.equal(tables.find(({ name }) => name === 'asset')?.rows, 10)
  await source.close()
})

// Azure Database for MySQL: "Generated Invisible Primary Keys", on there unless it is turned off.
const skip = ['mysql-9'].includes(server.name) ? false : 'servers before MySQL 8.0.30, and MariaDB, make no such keys'
await t.test('a table without a key is restored where the server makes keys of its own', { skip }, async (t) => {
  const schemas = await createLedgerSchemas(server, '_key', 10)
  await connection.query(
    'CREATE TABLE scalar_key.keyless (a int, b text); INSERT INTO scalar_key.keyless VALUES (1, 2)',
  )
  await connection.query('SET GLOBAL sql_generate_invisible_primary_key = ON')
  t.teardown(() => connection.query('SET GLOBAL sql_generate_invisible_primary_key = OFF'))
  const admin = await server.connect()
  t.teardown(() => admin.end())
  await admin.query('CREATE TABLE scalar_key.keyed (a int); INSERT INTO scalar_key.keyed (a) VALUES (3), (4)')
  const content = async () => {
    const found = (await contentOf(connection, schemas)) as Record<string, { rows: unknown; definition?: string }>
    delete found['`scalar_key`.`keyless`']?.definition
    return found
  }
  const before = await content()
  const { context } = storageOf(t)
  const settings = [settingsFor(server, '_key')]
  const source = mysql.openBackup(settings, context('backup-key'))
  noErrors(t, await source.preflight())
  await source.prepare()
  await source.snapshot()
  const entry = JSON.parse(JSON.stringify(await source.complete('key/db'))) as DatabaseBackup
  await source.close()
  await connection.query('DELETE FROM scalar_key.keyless; DELETE FROM scalar_key.keyed')
  const destination = mysql.openRestore(settings, entry, context('restore-key'))
  noErrors(t, await destination.preflight())
  const journal = await memoryJournal()
  await destination.load(journal)
  await destination.activate(journal)
  t.strictSame(await content(), before)
  await destination.close()
})
