import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import t, { type Test } from 'tap'
import { CopyOut } from '../../../../../job/databases/postgresql/backup/copy-out.ts'
import { rowSocket } from '../../../../../job/databases/postgresql/row-socket.ts'
import { startPostgresql } from '../../../../stand-ins/postgresql/local-server.ts'

const server = await startPostgresql()
t.teardown(() => server.stop())

/** A client that reads as the worker does from a server without encryption. */
async function connectClear(): Promise<Client> {
  const { host, port, superuser: user, password } = server
  const client = new Client({ host, port, user, password, database: 'postgres', stream: rowSocket })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

/** All that a COPY gives out. */
async function read(copy: CopyOut): Promise<Buffer> {
  const read: Buffer[] = []
  // A block's memory is another's once the next is asked for.
  for await (const block of copy) read.push(Buffer.from(block))
  return Buffer.concat(read)
}

const ways = { 'as pg reads': () => server.connect(), 'into the same memory': connectClear }
for (const [way, connect] of Object.entries(ways)) await t.test(way, (t) => reads(t, connect))

async function reads(t: Test, connect: () => Promise<Client>): Promise<void> {
  await t.test('rows come as they are, whatever their number and length, and the session goes on', async (t) => {
    const client = await connect()
    t.teardown(() => client.end())
    await client.query(`CREATE TEMPORARY TABLE sizes AS
      SELECT n, repeat(chr(97 + n % 26), (n * 7919) % 1500) AS filling FROM generate_series(1, 5000) n;
      INSERT INTO sizes VALUES (5001, repeat('long', 700000)), (5002, ''), (5003, NULL)`)
    const { rows } = await client.query<{ line: string }>(
      `SELECT n || chr(9) || coalesce(filling, '\\N') || chr(10) AS line FROM sizes ORDER BY n`,
    )
    const copy = client.query(new CopyOut('COPY (SELECT * FROM sizes ORDER BY n) TO STDOUT'))
    const content = await read(copy)
    t.ok(content.equals(Buffer.from(rows.map(({ line }) => line).join(''))))
    t.equal(copy.rowCount, 5003)
    const empty = client.query(new CopyOut('COPY (SELECT 1 WHERE false) TO STDOUT'))
    t.equal((await read(empty)).length, 0)
    t.equal(empty.rowCount, 0)
    t.same((await client.query('SELECT 1 AS one')).rows, [{ one: 1 }])
  })

  await t.test('what the server says beside the rows is not among them', async (t) => {
    const client = await connect()
    t.teardown(() => client.end())
    await client.query(`CREATE OR REPLACE FUNCTION loud(n int) RETURNS int LANGUAGE plpgsql AS
      $$ BEGIN RAISE NOTICE 'row %', n; RETURN n; END $$`)
    const copy = client.query(new CopyOut('COPY (SELECT loud(n) FROM generate_series(1, 300) n) TO STDOUT'))
    const expected = Array.from({ length: 300 }, (_, index) => `${index + 1}\n`).join('')
    t.equal((await read(copy)).toString(), expected)
  })

  await t.test('a reader who is slow gets every row', async (t) => {
    const client = await connect()
    t.teardown(() => client.end())
    const copy = client.query(
      new CopyOut(`COPY (SELECT repeat(n::text, 200) FROM generate_series(1, 60000) n) TO STDOUT`),
    )
    const hash = createHash('sha256')
    for await (const block of copy) {
      // What comes meanwhile is not to lie where this block does.
      await sleep(2)
      hash.update(block)
    }
    const expected = createHash('sha256')
    for (let n = 1; n <= 60_000; n += 1) expected.update(`${String(n).repeat(200)}\n`)
    t.equal(hash.digest('hex'), expected.digest('hex'))
    t.equal(copy.rowCount, 60_000)
  })

  await t.test('an error before the rows, and one among them, is that of whoever reads', async (t) => {
    const client = await connect()
    t.teardown(() => client.end())
    const none = client.query(new CopyOut('COPY nowhere TO STDOUT'))
    await t.rejects(read(none), { code: '42P01' })
    const broken = client.query(
      new CopyOut(`COPY (SELECT repeat('x', 1000), 1 / (n - 9000) FROM generate_series(1, 10000) n) TO STDOUT`),
    )
    await t.rejects(read(broken), { code: '22012' })
    t.same((await client.query('SELECT 1 AS one')).rows, [{ one: 1 }], 'the session goes on')
  })

  await t.test('a session that ends among the rows is an error, also while nobody reads', async (t) => {
    const client = await connect()
    client.on('error', () => undefined)
    const admin = await server.connect()
    t.teardown(() => admin.end())
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
    const copy = client.query(new CopyOut(`COPY (SELECT repeat('x', 1000) FROM generate_series(1, 200000)) TO STDOUT`))
    const failed = (async () => {
      for await (const block of copy)
        if (block.length > 0) await admin.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid])
    })()
    await t.rejects(failed)
  })
}
