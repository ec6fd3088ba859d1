import t from 'tap'
import { dropDatabase } from '../../../../../job/databases/postgresql/restore/create-database.ts'
import { until } from '../../../../end-to-end/stage/gates.ts'
import { startPostgresql } from '../../../../stand-ins/postgresql/local-server.ts'

/** A worker that finds something to do at once, and takes hours for it. */
const busy = [
  'autovacuum=on',
  'autovacuum_naptime=1s',
  'autovacuum_vacuum_threshold=1',
  'autovacuum_vacuum_cost_delay=100ms',
  'autovacuum_vacuum_cost_limit=1',
]
const server = await startPostgresql(busy)
t.teardown(() => server.stop())
const admin = await server.connect()
t.teardown(() => admin.end())

await t.test('a database is dropped though the server vacuums it, by a user who may not end that', async (t) => {
  await admin.query(`CREATE ROLE restorer LOGIN PASSWORD 'restorer' CREATEDB IN ROLE pg_signal_backend`)
  await admin.query('CREATE DATABASE vacuumed OWNER restorer')
  const filling = await server.connect('vacuumed')
  await filling.query(`CREATE TABLE t AS SELECT n, repeat('x', 500) FROM generate_series(1, 20000) n; DELETE FROM t`)
  await filling.end()
  const workers = () =>
    admin.query(`SELECT FROM pg_stat_activity WHERE datname = 'vacuumed' AND backend_type = 'autovacuum worker'`)
  await until('the server vacuums it', async () => (await workers()).rowCount === 1, 60_000)
  await admin.query('SET ROLE restorer')
  await t.rejects(
    admin.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'vacuumed'`),
    { code: '42501' },
    'it may not end the worker',
  )
  await dropDatabase(admin, 'vacuumed')
  t.equal((await admin.query(`SELECT FROM pg_database WHERE datname = 'vacuumed'`)).rowCount, 0)
})
