import t from 'tap'
import { postgresql } from '../../../../../job/databases/postgresql/postgresql.ts'
import { beforePrefix, newest } from '../../../../scalardb/scalardb.ts'
import { startPostgresql } from '../../../../stand-ins/postgresql/local-server.ts'
import { judgedByScalarDb } from '../judged-by-scalardb.ts'
import { settingsFor } from './ledger-database.ts'

// What a restore leaves is judged by ScalarDB, which reads and commits in it.
const server = await startPostgresql()
t.teardown(() => server.stop())
process.env['PATH'] = `${server.tools}:${process.env['PATH'] ?? ''}`
t.setTimeout(600_000)

for (const version of [newest, beforePrefix])
  t.test(`ScalarDB ${version}`, async (t) => {
    const database = `bank ${version}`
    const admin = await server.connect()
    await admin.query(`CREATE DATABASE "${database}"`)
    await admin.end()
    await judgedByScalarDb(t, version, postgresql, settingsFor(server, database))
  })
