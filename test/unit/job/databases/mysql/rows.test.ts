import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { accessOf } from '../../../../../job/databases/mysql/access.ts'
import { InsertLines } from '../../../../../job/databases/mysql/backup/insert-lines.ts'
import { openSessions } from '../../../../../job/databases/mysql/backup/snapshot-sessions.ts'
import type { Session } from '../../../../../job/databases/mysql/session.ts'
import { startMysql } from '../../../../stand-ins/mysql/local-server.ts'
import { createLedgerSchemas, settingsFor } from './ledger-schemas.ts'

// A table of 48 MB, a row of each megabyte.

const server = await startMysql()
t.teardown(() => server.stop())
const connection = await server.connect()
t.teardown(() => connection.end())
await createLedgerSchemas(server, '_r')
const rows = 48
const megabyte = 1_000_000
await connection.query('CREATE TABLE scalar_r.large (id int PRIMARY KEY, text longtext)')
for (let id = 1; id <= rows; id += 1)
  await connection.query(`INSERT INTO scalar_r.large VALUES (${id}, repeat(char(96 + ${id} % 26), ${megabyte}))`)
const columns = [
  { name: 'id', type: 'int' },
  { name: 'text', type: 'longtext' },
]

async function open(): Promise<Session> {
  const [session] = await openSessions(accessOf([settingsFor(server, '_r')]), 1)
  if (session === undefined) throw new Error('no session')
  return session
}

function read(session: Session) {
  const meter = { bytes: 0 }
  const lines = new InsertLines({ name: 'large' }, columns, meter)
  return { meter, lines, content: session.rows('SELECT id, text FROM scalar_r.large', lines) }
}

t.test('what nobody takes is not read, and comes whole once it is taken', async (t) => {
  const session = await open()
  const { meter, lines, content } = read(session)
  let before = -1
  content.once('readable', () => undefined)
  while (meter.bytes === 0 || meter.bytes !== before) {
    before = meter.bytes
    await sleep(300)
  }
  t.ok(meter.bytes < 10 * megabyte, `${meter.bytes} bytes were read`)
  let bytes = 0
  for await (const chunk of content) bytes += (chunk as Buffer).length
  t.equal(bytes, meter.bytes)
  t.equal(lines.rows, rows)
  t.ok(bytes > rows * megabyte)
  t.strictSame(await session.query('SELECT 1 AS one'), [{ one: 1 }], 'the session is there for the next table')
  session.destroy()
})

t.test('a session that ends within its rows is an error, not an end', async (t) => {
  const session = await open()
  const [own] = await session.query<{ id: number }>('SELECT connection_id() AS id')
  const { content } = read(session)
  const taken = async () => {
    for await (const chunk of content) {
      void chunk
      await connection.query(`KILL ${own?.id}`).catch(() => undefined)
      await sleep(20)
    }
  }
  await t.rejects(taken())
})

t.test('who stops within the rows ends the session', async (t) => {
  const session = await open()
  const { content } = read(session)
  await once(content, 'readable')
  content.destroy()
  await t.rejects(session.query('SELECT 1'))
  await sleep(100)
  t.notOk(session.lost.aborted, 'and what it ended itself is not lost')
})

t.test('a query that the server refuses is its error, and no loss of the session', async (t) => {
  const session = await open()
  const refused = session.rows(
    'SELECT id FROM scalar_r.absent',
    new InsertLines({ name: 'absent' }, columns, { bytes: 0 }),
  )
  await t.rejects(refused.toArray(), { code: 'ER_NO_SUCH_TABLE' })
  t.strictSame(await session.query('SELECT 1 AS one'), [{ one: 1 }])
  t.notOk(session.lost.aborted)
  session.destroy()
})
