import { createServer, connect as dial, type Socket } from 'node:net'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { startPostgresql } from '../../../../stand-ins/postgresql/local-server.ts'
import { accessOf } from '../../../../../job/databases/postgresql/access.ts'
import { openSnapshotSession } from '../../../../../job/databases/postgresql/backup/snapshot-session.ts'
import { connect } from '../../../../../job/databases/postgresql/connect.ts'
import { useSnapshot } from '../../../../../job/databases/postgresql/backup/preflight.ts'
import { createLedgerDatabase, settingsFor } from './ledger-database.ts'

const server = await startPostgresql()
t.teardown(() => server.stop())
const client = await createLedgerDatabase(server, 'quiet', 10)
t.teardown(() => client.end())

/** A load balancer that ends connections over which no byte went for a while, as they do after some minutes. */
async function loadBalancer(idleMs: number): Promise<{ port: number; ended(): number; close(): Promise<void> }> {
  let ended = 0
  const sockets = new Set<Socket>()
  const balancer = createServer((from) => {
    const to = dial(server.port, server.host)
    for (const [here, there] of [
      [from, to],
      [to, from],
    ] as const) {
      sockets.add(here)
      let bytesMs = 0
      here.setTimeout(idleMs, async () => {
        const silentMs = performance.now()
        // On a machine that stood still, what was sent in time has yet to be read.
        await sleep(graceMs)
        if (bytesMs > silentMs) return
        ended += 1
        here.destroy()
        there.destroy()
      })
      here.on('error', () => undefined).on('close', () => there.destroy())
      here.on('data', (data) => {
        bytesMs = performance.now()
        there.setTimeout(idleMs)
        there.write(data)
      })
    }
  }).listen(0, '127.0.0.1')
  await once(balancer, 'listening')
  const address = balancer.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const close = async () => {
    for (const socket of sockets) socket.destroy()
    balancer.close()
    await once(balancer, 'close')
  }
  return { port, ended: () => ended, close }
}

// Ten minutes of silence against a limit of four, a hundred and fifty times as fast.
const idleMs = 1_600
const graceMs = 200
const quietMs = 4_000

await t.test('the session that holds a snapshot outlives a quiet hour behind a load balancer', async (t) => {
  const balancer = await loadBalancer(idleMs)
  t.teardown(() => balancer.close())
  const access = accessOf([
    settingsFor(server, 'quiet', { contactPoints: `jdbc:postgresql://127.0.0.1:${balancer.port}/quiet` }),
  ])
  const talking = await openSnapshotSession(access, [], 200)
  const silent = await openSnapshotSession(access, [], 3_600_000)
  const id = await talking.take()
  await silent.take()
  await sleep(quietMs)
  t.ok(silent.lost.aborted, 'the balancer ends what is silent')
  t.notOk(talking.lost.aborted)
  await client.query(useSnapshot(id))
  await client.query('ROLLBACK')
  await Promise.all([talking.end(), silent.end()])
})

await t.test('nothing is said before the snapshot is taken: the first query takes it', async (t) => {
  const session = await openSnapshotSession(accessOf([settingsFor(server, 'quiet')]), [], 50)
  await sleep(300)
  await client.query(`INSERT INTO coordinator.state VALUES ('late', 1)`)
  await session.take()
  const { rows } = await session.client.query(`SELECT FROM coordinator.state WHERE tx_id = 'late'`)
  t.equal(rows.length, 1)
  await session.end()
})

await t.test('the kernel asks after half a minute whether a silent connection still stands', async (t) => {
  const { client: own } = await connect(accessOf([settingsFor(server, 'quiet')]))
  t.teardown(() => own.end())
  // The server sees whom it talks to; the kernel's timers of our own end are in /proc: 02 is the keep-alive, in
  // hundredths of seconds.
  const { rows } = await own.query<{ port: number }>('SELECT inet_client_port() AS port')
  await sleep(100)
  const port = (rows[0]?.port ?? 0).toString(16).toUpperCase().padStart(4, '0')
  // Each connection has two lines here, since the server is on this machine: ours begins with our own port.
  const ours = new RegExp(`^\\s*\\d+: [0-9A-F]{8}:${port} [0-9A-F]{8}:[0-9A-F]{4} 01 `)
  const line = (await readFile('/proc/net/tcp', 'utf8')).split('\n').find((one) => ours.test(one))
  const [timer = '', when = ''] = line?.trim().split(/\s+/)[5]?.split(':') ?? []
  t.equal(timer, '02', line ?? 'no such connection')
  t.ok(Number.parseInt(when, 16) <= 3_000, when)
})
