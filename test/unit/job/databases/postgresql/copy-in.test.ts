import { once } from 'node:events'
import { PassThrough, Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Client } from 'pg'
import t, { type Test } from 'tap'
import { CopyIn } from '../../../../../job/databases/postgresql/restore/copy-in.ts'
import { rowSocket } from '../../../../../job/databases/postgresql/row-socket.ts'
import { startPostgresql } from '../../../../stand-ins/postgresql/local-server.ts'

const server = await startPostgresql()
t.teardown(() => server.stop())

/** A session with an empty table, by a connection as the worker has it to a server without encryption. */
async function open(t: Test): Promise<Client> {
  const { host, port, superuser: user, password } = server
  const client = new Client({ host, port, user, password, database: 'postgres', stream: rowSocket })
  client.on('error', () => undefined)
  await client.connect()
  t.teardown(() => client.end())
  await client.query('CREATE TEMPORARY TABLE filled (n int, filling text)')
  return client
}

const command = 'COPY filled FROM STDIN'

/** Lines in chunks, each in memory of its own, that are cut anywhere. */
function* chunksOf(lines: number): Generator<Buffer> {
  let rest = ''
  for (let n = 1; n <= lines; n += 1) {
    rest += `${n}\t${String(n).repeat(n % 300)}\n`
    while (rest.length > 65_537) {
      yield Buffer.from(rest.slice(0, 65_537))
      rest = rest.slice(65_537)
    }
  }
  yield Buffer.from(rest)
}

async function contentOf(client: Client): Promise<unknown> {
  const { rows } = await client.query<{ rows: number; right: number }>(
    'SELECT count(*)::int AS rows, ' +
      'count(*) FILTER (WHERE filling = repeat(n::text, n % 300))::int AS right FROM filled',
  )
  return rows[0]
}

await t.test('every row arrives, and each chunk is released once it is written and not before', async (t) => {
  const client = await open(t)
  const chunks = [...chunksOf(20_000)]
  const released: Buffer[] = []
  const copy = new CopyIn(command, (chunk) => {
    released.push(chunk)
    chunk.fill(0)
  })
  await pipeline(Readable.from(chunks), client.query(copy))
  t.same(await contentOf(client), { rows: 20_000, right: 20_000 })
  t.same(released.length, chunks.length)
  t.ok(
    released.every((chunk, index) => chunk === chunks[index]),
    'in their order',
  )
})

await t.test('no rows are rows as well', async (t) => {
  const client = await open(t)
  await pipeline(Readable.from([]), client.query(new CopyIn(command)))
  t.same(await contentOf(client), { rows: 0, right: 0 })
})

await t.test('a source that fails leaves nothing behind, and its error is the error', async (t) => {
  const client = await open(t)
  const failing = async function* () {
    yield* chunksOf(2000)
    await new Promise((resolve) => setImmediate(resolve))
    throw new Error('the file is damaged')
  }
  await t.rejects(pipeline(failing, client.query(new CopyIn(command))), { message: 'the file is damaged' })
  t.same(await contentOf(client), { rows: 0, right: 0 }, 'and the session goes on')
  const source = new PassThrough()
  source.destroy(new Error('there is no file'))
  await t.rejects(pipeline(source, client.query(new CopyIn(command))), { message: 'there is no file' })
  t.same(await contentOf(client), { rows: 0, right: 0 }, 'also before the server asks for rows')
})

await t.test('what the server refuses is its error: the command, or a row among many', async (t) => {
  const client = await open(t)
  await t.rejects(pipeline(Readable.from(chunksOf(10)), client.query(new CopyIn('COPY nowhere FROM STDIN'))), {
    code: '42P01',
  })
  const wrong = function* () {
    yield* chunksOf(1000)
    yield Buffer.from('no number\t\n')
    yield* chunksOf(20_000)
  }
  await t.rejects(pipeline(Readable.from(wrong()), client.query(new CopyIn(command))), { code: '22P02' })
  t.same(await contentOf(client), { rows: 0, right: 0 }, 'and the session goes on')
})

await t.test('a copy that is stopped closes once the server has undone it', async (t) => {
  const client = await open(t)
  const stop = new AbortController()
  const source = new PassThrough()
  source.write('1\tone\n')
  const copy = client.query(new CopyIn(command))
  const copied = pipeline(source, copy, { signal: stop.signal })
  setTimeout(() => stop.abort(), 50)
  await t.rejects(copied, { name: 'AbortError' })
  if (!copy.closed) await once(copy, 'close')
  t.same(await contentOf(client), { rows: 0, right: 0 })
})

await t.test('a session that ends among the rows is an error', async (t) => {
  const client = await open(t)
  const admin = await server.connect()
  t.teardown(() => admin.end())
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  const endless = async function* () {
    for (;;) {
      yield Buffer.from('1\tone\n'.repeat(20_000))
      await admin.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid])
    }
  }
  await t.rejects(pipeline(endless, client.query(new CopyIn(command))))
})
