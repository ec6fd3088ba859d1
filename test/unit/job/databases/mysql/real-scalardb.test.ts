import t from 'tap'
import { mysql } from '../../../../../job/databases/mysql/mysql.ts'
import { newest } from '../../../../scalardb/scalardb.ts'
import { startMysql } from '../../../../stand-ins/mysql/local-server.ts'
import { judgedByScalarDb } from '../judged-by-scalardb.ts'
import { settingsFor } from './ledger-schemas.ts'

// What a restore leaves is judged by ScalarDB, which reads and commits in it.
const server = await startMysql()
t.teardown(() => server.stop())
t.setTimeout(600_000)

await t.test(`ScalarDB ${newest} on ${server.name}`, (t) =>
  judgedByScalarDb(t, newest, mysql, settingsFor(server, '', { property: () => undefined })),
)
