import { status } from '@grpc/grpc-js'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { checkInvariant } from '../../../stand-ins/ledger/sql/invariant.ts'
import type { Connection } from '../../../stand-ins/ledger/properties.ts'
import { multiStorage } from '../../../stand-ins/ledger/release/release-properties.ts'
import { startMysql } from '../../../stand-ins/mysql/local-server.ts'
import { startPostgresql } from '../../../stand-ins/postgresql/local-server.ts'
import { ServiceClient } from './clients.ts'
import { runProgram } from './running.ts'

const [mysql, postgresql] = await Promise.all([startMysql([], 'mariadb-11.8'), startPostgresql()])
t.teardown(() => Promise.all([mysql.stop(), postgresql.stop()]))
const admin = await postgresql.connect()
await admin.query(`CREATE ROLE administrator SUPERUSER LOGIN PASSWORD '${mysql.password}'`)
await admin.query('CREATE DATABASE b OWNER administrator')
await admin.end()

const properties = multiStorage(
  [
    {
      name: 'a',
      scheme: 'mysql',
      server: `${mysql.host}:${mysql.port}`,
      database: '',
      namespaces: ['scalar', 'coordinator', 'checking'],
    },
    { name: 'b', server: `${postgresql.host}:${postgresql.port}`, database: 'b', namespaces: ['savings'] },
  ],
  { username: 'DB_USERNAME', password: 'DB_PASSWORD' },
)
const as = { user: mysql.user, password: mysql.password }
const connections: Connection[] = [
  { kind: 'mysql', host: mysql.host, port: mysql.port, database: '', ...as },
  { kind: 'postgresql', host: postgresql.host, port: postgresql.port, database: 'b', ...as },
]

t.test('over MySQL and PostgreSQL, only a pause gives a consistent point, and damage is seen', async (t) => {
  const environment = { DB_USERNAME: mysql.user, DB_PASSWORD: mysql.password, STAND_IN_WORKERS: '9' }
  const running = await runProgram(t, properties.split('\n'), { ...environment, STAND_IN_FILL_MB: '1' })
  const gate = new ServiceClient('rpc.Admin', `127.0.0.1:${running.ports.at(-1)}`)
  t.teardown(() => gate.close())
  const done = async () =>
    ((await (await fetch(`http://127.0.0.1:${running.control}/state`)).json()) as { done: number }).done
  while ((await done()) < 50) await sleep(20)
  t.equal((await checkInvariant(connections)).holds, false, 'without a pause')
  t.equal((await gate.call('Pause', { wait_outstanding: true })).code, status.OK)
  t.strictSame((await checkInvariant(connections)).problems, [], 'in a pause')
  await gate.call('Unpause')
  const before = await done()
  while ((await done()) < before + 10) await sleep(20)
  await running.terminate()
  const verdict = await checkInvariant(connections)
  t.strictSame(verdict.problems, [], 'what had begun is finished')
  t.ok(verdict.details.transfersChecking >= 60)

  const touched = (await running.command('damage')) as Record<string, number>
  t.ok((touched['savings.account'] ?? 0) > 0)
  t.ok((touched['checking.transfer'] ?? 0) > 0)
  t.equal((await checkInvariant(connections)).holds, false)
})
