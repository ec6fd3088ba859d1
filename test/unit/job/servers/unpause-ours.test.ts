import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { pauseOne, type OurPauses } from '../../../../job/servers/pause-all.ts'
import { serversOf, type Server } from '../../../../job/servers/servers.ts'
import { unpauseOurs } from '../../../../job/servers/unpause-ours.ts'
import { inMemoryCluster } from '../in-memory-cluster.ts'
import { startLedger, untilClosed, type Ledger } from './ledgers.ts'

const never = new AbortController().signal

async function scene(
  t: Test,
): Promise<{ ledger: Ledger; server: Server; ours: OurPauses; unpause: () => ReturnType<typeof unpauseOurs> }> {
  const ledger = await startLedger()
  const [server] = serversOf([{ host: ledger.pod.ip, port: ledger.pod.adminPort, pod: ledger.pod }], undefined) as [
    Server,
  ]
  await server.client.connect(2000)
  t.teardown(() => {
    server.client.close()
    ledger.stop()
  })
  const ours: OurPauses = new Map()
  return { ledger, server, ours, unpause: () => unpauseOurs(ours, inMemoryCluster([ledger.pod]), never) }
}

t.test("a Pause that waits for a rival's drain takes its turn after our Unpause: it is undone", async (t) => {
  const { ledger, server, ours, unpause } = await scene(t)
  ledger.gate.occupy()
  const rival = ledger.gate.pause(5000)
  const pausing = pauseOne(server, 1000, ours)
  await sleep(100)
  // Our Unpause opens the gate, which ends the rival's drain, whereupon ours begins; and then the drain is over.
  setTimeout(() => ledger.gate.letOut(), 300)
  const unpaused = await unpause()
  t.equal(await rival, 'GATE_OPEN')
  t.match(await pausing, { kind: String })
  t.match(unpaused, { answered: [ledger.address], stillPaused: { length: 0 } })
  await sleep(100)
  t.equal(ledger.gate.isOpen, true)
})

t.test(
  'a connection that broke in the drain: the server may pause after our Unpause, and that is undone',
  async (t) => {
    const { ledger, server, ours, unpause } = await scene(t)
    ledger.gate.occupy()
    const pausing = pauseOne(server, 1500, ours)
    await untilClosed(ledger.gate)
    ledger.stop()
    await ledger.start()
    t.match(await pausing, { kind: 'lost' })
    const unpausing = unpause()
    await sleep(300)
    t.equal(ledger.gate.isOpen, true)
    // What was lost on the way arrives after all.
    ledger.gate.letOut()
    await ledger.gate.pause(undefined)
    t.match(await unpausing, { stillPaused: { length: 0 } })
    t.equal(ledger.gate.isOpen, true)
  },
)

t.test(
  'a cut kept the Unpause from its server, and the Pause for as long again: what arrives after all is undone',
  async (t) => {
    const { ledger, server, ours, unpause } = await scene(t)
    ledger.faults.set({ hang: ['Pause'], fail: { Unpause: { code: 'UNAVAILABLE', forMs: 2500 } } })
    void pauseOne(server, 200, ours)
    await untilClosed(ledger.gate)
    ledger.gate.open()
    const unpausing = unpause()
    await sleep(4500)
    t.ok(ledger.log.includes('Unpause'))
    await ledger.gate.pause(undefined)
    t.match(await unpausing, { answered: [ledger.address], stillPaused: { length: 0 } })
    t.equal(ledger.gate.isOpen, true)
  },
)

t.test('an answer that comes late is undone as soon as it is there', async (t) => {
  const { ledger, server, ours, unpause } = await scene(t)
  ledger.faults.set({ delayMs: { Pause: 500 } })
  void pauseOne(server, 20_000, ours)
  await sleep(100)
  const begun = Date.now()
  t.match(await unpause(), { answered: [ledger.address], stillPaused: { length: 0 } })
  t.ok(Date.now() - begun < 5000, 'not after the whole time that it might have taken')
  t.equal(ledger.gate.isOpen, true)
})

t.test(
  "what the server says has not been paused by us is not unpaused again: it may be another's by then",
  async (t) => {
    const { ledger, server, ours, unpause } = await scene(t)
    ledger.gate.occupy()
    void pauseOne(server, 400, ours)
    await sleep(100)
    const unpausing = unpause()
    await sleep(50)
    ledger.gate.letOut()
    await sleep(50)
    await unpausing
    await ledger.gate.pause(undefined)
    await sleep(600)
    t.equal(ledger.gate.isOpen, false)
    t.equal(ledger.log.filter((line) => line === 'Unpause').length, 1)
  },
)

t.test('pauses that were answered cost no further look', async (t) => {
  const { ledger, server, ours, unpause } = await scene(t)
  await pauseOne(server, 20_000, ours)
  const begun = Date.now()
  await unpause()
  t.ok(Date.now() - begun < 2000)
  t.equal(ledger.log.filter((line) => line === 'Unpause').length, 1)
})
