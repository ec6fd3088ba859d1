import { status } from '@grpc/grpc-js'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { h2Server } from '../../../stand-ins/h2/objects.ts'
import { startH2 } from '../../../stand-ins/h2/local-server.ts'
import { openDatabase } from '../../../stand-ins/ledger/sql/databases.ts'
import { checkInvariant } from '../../../stand-ins/ledger/sql/invariant.ts'
import { readProperties, storageProperties, type Connection } from '../../../stand-ins/ledger/properties.ts'
import { multiStorage } from '../../../stand-ins/ledger/release/release-properties.ts'
import { startPostgresql } from '../../../stand-ins/postgresql/local-server.ts'
import { ServiceClient } from './clients.ts'
import { runProgram } from './running.ts'

const [h2, postgresql] = await Promise.all([startH2(), startPostgresql()])
t.teardown(() => Promise.all([h2.stop(), postgresql.stop()]))
const as = { user: h2.user, password: h2.password }
const admin = await postgresql.connect()
await admin.query(`CREATE ROLE ${as.user} LOGIN PASSWORD '${as.password.replaceAll("'", "''")}'`)
await admin.query(`CREATE DATABASE ledger_a OWNER ${as.user}`)
await admin.end()

const a: Connection = { kind: 'postgresql', host: postgresql.host, port: postgresql.port, database: 'ledger_a', ...as }
const b: Connection = { kind: 'h2', host: h2.host, port: 5435, database: h2.database, ...as }
const environment = { DB_USERNAME: as.user, DB_PASSWORD: as.password }
const properties = multiStorage(
  [
    {
      name: 'a',
      server: `${a.host}:${a.port}`,
      database: a.database,
      namespaces: ['scalar', 'coordinator', 'checking'],
    },
    {
      name: 'b',
      scheme: 'h2:tcp',
      server: `${h2.host}:9092`,
      database: `./${h2.database};DATABASE_TO_LOWER=TRUE`,
      namespaces: ['savings'],
    },
  ],
  { username: 'DB_USERNAME', password: 'DB_PASSWORD' },
)

t.test('H2 is read from the properties by the URL of its own protocol, and reached by that of PostgreSQL', (t) => {
  const { connections } = storageProperties(readProperties(properties, environment))
  t.strictSame(
    [...connections.values()],
    [
      { ...a, ssl: false },
      { ...b, ssl: false },
    ],
  )
  t.end()
})

t.test('over PostgreSQL and H2, only a pause gives a consistent point, and damage is seen', async (t) => {
  const running = await runProgram(t, properties.split('\n'), {
    ...environment,
    STAND_IN_WORKERS: '9',
    STAND_IN_FILL_MB: '1',
  })
  const gate = new ServiceClient('rpc.Admin', `127.0.0.1:${running.ports.at(-1)}`)
  t.teardown(() => gate.close())
  const done = async () =>
    ((await (await fetch(`http://127.0.0.1:${running.control}/state`)).json()) as { done: number }).done
  while ((await done()) < 50) await sleep(20)
  t.equal((await checkInvariant([a, b])).holds, false, 'without a pause')
  t.equal((await gate.call('Pause', { wait_outstanding: true })).code, status.OK)
  t.strictSame((await checkInvariant([a, b])).problems, [], 'in a pause')
  await gate.call('Unpause')
  const before = await done()
  while ((await done()) < before + 10) await sleep(20)
  await running.terminate()
  const verdict = await checkInvariant([a, b])
  t.strictSame(verdict.problems, [], 'what had begun is finished')
  t.ok(verdict.details.transfersChecking >= 60)

  const touched = (await running.command('damage')) as Record<string, number>
  t.ok((touched['savings.account'] ?? 0) > 0)
  t.ok((touched['checking.transfer'] ?? 0) > 0)
  t.equal((await checkInvariant([a, b])).holds, false)
})

t.test('a snapshot of H2 sees all tables as they were when it was taken', async (t) => {
  const database = await openDatabase(b, 2)
  t.teardown(() => database.close())
  const change = (sql: string) => database.transact((session) => session.change(sql))
  await change('CREATE TABLE "public"."one"("id" INT PRIMARY KEY)')
  await change('CREATE TABLE "public"."other"("id" INT PRIMARY KEY)')
  const snapshot = await database.snapshot()
  await change('INSERT INTO "public"."one" VALUES (1)')
  await change('INSERT INTO "public"."other" VALUES (1)')
  for (const table of ['one', 'other'])
    t.strictSame(await snapshot.query(`SELECT "id" FROM "public"."${table}"`), [], table)
  snapshot.end()
  t.equal((await database.transact((session) => session.query('SELECT "id" FROM "public"."other"'))).length, 1)
})

t.test('in H2 one pod at a time defines what is missing, whatever ends its transactions', async (t) => {
  const database = await openDatabase(b, 8)
  t.teardown(() => database.close())
  await database.alone(() => Promise.resolve())
  let inside = 0
  const seen: number[] = []
  const define = (name: string) =>
    database.alone(async (session) => {
      inside += 1
      await session.query(`CREATE TABLE "public"."${name}"("id" INT PRIMARY KEY)`)
      await sleep(100)
      seen.push(inside)
      inside -= 1
    })
  await Promise.all(['first', 'second', 'third'].map(define))
  t.strictSame(seen, [1, 1, 1])
  await t.rejects(
    database.alone(() => Promise.reject(new Error('no'))),
    /no/,
  )
  await database.alone(() => Promise.resolve())
})

t.test('the password stands in the Secret alone', (t) => {
  const [secret, ...others] = h2Server({
    name: 'h2',
    namespace: 'n',
    databases: ['d'],
    user: { name: 'u', password: "s'me" },
  })
  t.match(secret.stringData?.['d.sql'], "PASSWORD 's''me'")
  t.notMatch(JSON.stringify(others), "s'me")
  t.end()
})
