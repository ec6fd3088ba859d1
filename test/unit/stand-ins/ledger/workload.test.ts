import { status } from '@grpc/grpc-js'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { damage } from '../../../stand-ins/ledger/sql/damage.ts'
import { checkInvariant } from '../../../stand-ins/ledger/sql/invariant.ts'
import { startPostgresql } from '../../../stand-ins/postgresql/local-server.ts'
import { ServiceClient } from './clients.ts'
import { runStandInProcess, type RunningStandIn } from './running.ts'

const server = await startPostgresql()
t.teardown(() => server.stop())

const busy = { STAND_IN_WORKERS: '9' }
const adminOf = (standIn: RunningStandIn) => new ServiceClient('rpc.Admin', `127.0.0.1:${standIn.ports.at(-1)}`)
const state = async (standIn: RunningStandIn) =>
  (await (await fetch(`http://127.0.0.1:${standIn.control}/state`)).json()) as {
    done: number
    held: number
    paused: boolean
    outstanding: number
  }
const transfersDone = async (standIn: RunningStandIn, number: number) => {
  while ((await state(standIn)).done < number) await sleep(20)
}

t.test('over two databases, only a pause gives a consistent point', async (t) => {
  const standIn = await runStandInProcess(t, { server, databases: ['two_a', 'two_b'], environment: busy })
  const admin = adminOf(standIn)
  await transfersDone(standIn, 50)
  for (const connections of [standIn.connections, standIn.connections.toReversed()]) {
    const problems: string[] = []
    // By chance nothing is under way at a look.
    for (let looks = 0; looks < 50 && problems.length === 0; looks += 1)
      problems.push(...(await checkInvariant(connections)).problems)
    t.not(problems.length, 0, `without a pause: ${problems[0]}`)
  }
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    t.equal((await admin.call('Pause', { wait_outstanding: true })).code, status.OK)
    const verdict = await checkInvariant(standIn.connections)
    t.strictSame(verdict.problems, [], `in a pause, attempt ${attempt}`)
    const before = verdict.details.transfersChecking
    t.ok(before >= 50)
    await sleep(100)
    t.equal((await checkInvariant(standIn.connections)).details.transfersChecking, before, 'and nothing moves in it')
    while ((await state(standIn)).held < 9) await sleep(20)
    t.equal((await state(standIn)).held, 9, 'all workers are held')
    await admin.call('Unpause')
    await transfersDone(standIn, (await state(standIn)).done + 10)
  }
  admin.close()
  const { exitCode, ms } = await standIn.terminate()
  t.equal(exitCode, 143)
  t.ok(ms < 20_000, `ended in ${ms} ms`)
  t.strictSame((await checkInvariant(standIn.connections)).problems, [], 'after SIGTERM what had begun is finished')
})

t.test('in one database every moment is consistent', async (t) => {
  const standIn = await runStandInProcess(t, { server, databases: ['one'], environment: busy })
  await transfersDone(standIn, 50)
  for (let attempt = 1; attempt <= 3; attempt += 1)
    t.strictSame((await checkInvariant(standIn.connections)).problems, [])
  await standIn.terminate()
})

t.test('several pods share the databases, and a pod that comes back counts on', async (t) => {
  const start = (name: string) =>
    runStandInProcess(t, { server, databases: ['shared_a', 'shared_b'], environment: { HOSTNAME: name } })
  const pods = await Promise.all([start('ledger-0'), start('ledger-1')])
  await Promise.all(pods.map((pod) => transfersDone(pod, 5)))
  await Promise.all(pods.map((pod) => pod.terminate()))
  const again = await start('ledger-0')
  await transfersDone(again, 5)
  await again.terminate()
  const verdict = await checkInvariant(again.connections)
  t.strictSame(verdict.problems, [])
  t.strictSame(
    Object.keys(verdict.details.streams).toSorted(),
    [1, 2, 3].flatMap((worker) => [`ledger-0-${worker}`, `ledger-1-${worker}`]).toSorted(),
  )
})

t.test('when a database is away for a while, what had begun is finished afterwards', async (t) => {
  const standIn = await runStandInProcess(t, { server, databases: ['away_a', 'away_b'], environment: busy })
  await transfersDone(standIn, 20)
  const client = await server.connect()
  const cut = () => client.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'away_b'`)
  await client.query('ALTER DATABASE away_b ALLOW_CONNECTIONS false')
  await cut()
  const { done } = await state(standIn)
  await sleep(500)
  await client.query('ALTER DATABASE away_b ALLOW_CONNECTIONS true')
  await client.end()
  await transfersDone(standIn, done + 50)
  await standIn.terminate()
  t.strictSame((await checkInvariant(standIn.connections)).problems, [])
})

t.test('a pod that ends in a pause turns its held requests away, and leaves the data consistent', async (t) => {
  const standIn = await runStandInProcess(t, { server, databases: ['ending_a', 'ending_b'], environment: busy })
  const admin = adminOf(standIn)
  const ledger = new ServiceClient('rpc.Ledger', `127.0.0.1:${standIn.ports[0]}`)
  await transfersDone(standIn, 5)
  t.equal((await ledger.call('ExecuteContract')).code, status.OK)
  await admin.call('Pause', { wait_outstanding: true })
  const held = ledger.call('ExecuteContract')
  while ((await state(standIn)).held < 10) await sleep(10)
  const { ms } = await standIn.terminate()
  t.ok(ms < 20_000, `ended in ${ms} ms`)
  t.equal((await held).code, status.UNAVAILABLE)
  t.strictSame((await checkInvariant(standIn.connections)).problems, [])
  admin.close()
  ledger.close()
})

t.test('a server that was told to end acknowledges what it is asked until its decommissioning is over', async (t) => {
  const standIn = await runStandInProcess(t, {
    server,
    databases: ['decommissioned_a', 'decommissioned_b'],
    environment: { STAND_IN_WORKERS: '0' },
    properties: ['scalar.dl.ledger.server.decommissioning_duration_secs=5'],
  })
  const address = `127.0.0.1:${standIn.ports[0]}`
  const [ledger, health] = [
    new ServiceClient('rpc.Ledger', address),
    new ServiceClient('grpc.health.v1.Health', address),
  ]
  t.equal((await health.call('Check')).value['status'], 'SERVING')
  const ended = standIn.terminate()
  while ((await health.call('Check')).value['status'] === 'SERVING') await sleep(20)
  t.equal((await health.call('Check')).value['status'], 'NOT_SERVING')
  t.equal((await ledger.call('ExecuteContract')).code, status.OK)
  const { ms } = await ended
  t.ok(ms >= 5000, `ended in ${ms} ms`)
  ledger.close()
  health.close()
})

t.test('damage is seen', async (t) => {
  const standIn = await runStandInProcess(t, { server, databases: ['damaged_a', 'damaged_b'], environment: busy })
  await transfersDone(standIn, 30)
  await standIn.terminate()
  const touched = await damage(standIn.connections)
  t.ok((touched['savings.account'] ?? 0) > 0)
  t.ok((touched['checking.transfer'] ?? 0) > 0)
  const verdict = await checkInvariant(standIn.connections)
  t.equal(verdict.holds, false)
  t.ok(verdict.problems.length >= 3, verdict.problems.join('; '))
})

t.test("ScalarDB's metadata names every table, with its columns in the order they have", async (t) => {
  const standIn = await runStandInProcess(t, {
    server,
    databases: ['meta_a', 'meta_b'],
    environment: { STAND_IN_WORKERS: '0', STAND_IN_FILL_MB: '2' },
  })
  await standIn.terminate()
  const client = await server.connect('meta_a')
  const namespaces = await client.query<{ namespace_name: string }>(
    'SELECT namespace_name FROM scalardb.namespaces ORDER BY 1',
  )
  t.strictSame(
    namespaces.rows.map((row) => row.namespace_name),
    ['checking', 'coordinator', 'scalar', 'scalardb'],
  )
  const wrong = await client.query(`
    SELECT c.table_schema, c.table_name, c.column_name, m.ordinal_position FROM information_schema.columns c
    FULL JOIN scalardb.metadata m ON m.full_table_name = c.table_schema || '.' || c.table_name
      AND m.column_name = c.column_name AND m.ordinal_position = c.ordinal_position
    WHERE (c.table_schema IN ('scalar', 'coordinator', 'checking') OR c.table_schema IS NULL)
      AND (m.column_name IS NULL OR c.column_name IS NULL)`)
  t.strictSame(wrong.rows, [])
  const asset = await client.query<{ column_name: string }>(
    `SELECT column_name FROM scalardb.metadata WHERE full_table_name = 'scalar.asset' ORDER BY ordinal_position`,
  )
  t.strictSame(asset.rows.map((row) => row.column_name).slice(0, 4), ['id', 'age', 'argument', 'contract_id'])
  t.ok(asset.rows.some((row) => row.column_name === 'before_tx_committed_at'))
  const size = await client.query<{ bytes: string }>(`SELECT pg_total_relation_size('checking.filler') AS bytes`)
  t.ok(
    Math.abs(Number(size.rows[0]?.bytes) - 1_000_000) < 150_000,
    `half of 2 MB of ballast: ${size.rows[0]?.bytes} bytes`,
  )
  await client.end()
})
