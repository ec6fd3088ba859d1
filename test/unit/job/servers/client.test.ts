import t, { type Test } from 'tap'
import { adminClient, type AdminClient } from '../../../../job/servers/client.ts'
import { isOurs } from '../../../../job/servers/pause-reply.ts'
import { makeCertificates, startLedger, untilClosed, type Ledger } from './ledgers.ts'

async function connected(
  t: Test,
  options: Parameters<typeof startLedger>[0] = {},
): Promise<{ ledger: Ledger; client: AdminClient }> {
  const ledger = await startLedger(options)
  const client = adminClient({ host: '127.0.0.1', port: ledger.pod.adminPort }, undefined)
  t.teardown(() => {
    client.close()
    ledger.stop()
  })
  await client.connect(2000)
  return { ledger, client }
}

t.test('a pause closes the gate, an unpause opens it', async (t) => {
  const { ledger, client } = await connected(t)
  t.equal(await client.checkPaused(1000), false)
  t.strictSame(await client.pause(1000), { kind: 'paused' })
  t.equal(ledger.gate.isOpen, false)
  t.equal(await client.checkPaused(1000), true)
  await client.unpause(1000)
  t.equal(ledger.gate.isOpen, true)
})

t.test('requests that are not done in time: the gate is open again, and nothing is ours', async (t) => {
  const { ledger, client } = await connected(t)
  ledger.gate.occupy()
  const outcome = await client.pause(100)
  t.match(outcome, { kind: 'timed-out' })
  t.notOk(isOurs(outcome))
  t.equal(ledger.gate.isOpen, true)
})

t.test("the same under somebody else's pause: theirs goes on, and is not ours", async (t) => {
  const { ledger, client } = await connected(t)
  ledger.gate.occupy()
  await ledger.gate.pause(undefined)
  const outcome = await client.pause(100)
  t.match(outcome, { kind: 'timed-out-still-paused' })
  t.notOk(isOurs(outcome))
})

t.test('a rival that is still draining is not ours', async (t) => {
  const { ledger, client } = await connected(t)
  ledger.gate.occupy()
  const rival = ledger.gate.pause(1000)
  const outcome = await client.pause(100)
  t.match(outcome, { kind: 'pause-in-progress' })
  t.notOk(isOurs(outcome))
  ledger.gate.letOut()
  t.equal(await rival, 'PAUSED')
})

t.test('an unpause during the drain leaves the gate open', async (t) => {
  const { ledger, client } = await connected(t)
  ledger.gate.occupy()
  const pausing = client.pause(5000)
  await untilClosed(ledger.gate)
  ledger.gate.open()
  t.match(await pausing, { kind: 'gate-open' })
})

t.test('a connection lost during the drain: the server may have paused for us, so it counts as ours', async (t) => {
  const { ledger, client } = await connected(t)
  ledger.gate.occupy()
  const pausing = client.pause(5000)
  await untilClosed(ledger.gate)
  ledger.stop()
  const outcome = await pausing
  ledger.gate.letOut()
  t.match(outcome, { kind: 'lost' })
  t.ok(isOurs(outcome))
})

t.test('a server of before ScalarDL 4 gives no reason, so its failure counts as ours', async (t) => {
  const { ledger, client } = await connected(t, { version: '3' })
  ledger.gate.occupy()
  t.match(await client.pause(100), { kind: 'unknown' })
})

t.test('a server of before CheckPaused cannot say', async (t) => {
  const { client } = await connected(t, { version: '2' })
  t.equal(await client.checkPaused(1000), undefined)
})

t.test('a port without the admin service', async (t) => {
  const { ledger } = await connected(t)
  const client = adminClient({ host: '127.0.0.1', port: ledger.otherPort }, undefined)
  const outcome = await client.pause(1000)
  client.close()
  t.match(outcome, { kind: 'unimplemented' })
  t.notOk(isOurs(outcome))
})

t.test('TLS with a CA of its own and another name than its address', async (t) => {
  const tls = makeCertificates()
  const ledger = await startLedger({ tls })
  const at = { host: '127.0.0.1', port: ledger.pod.adminPort }
  const client = adminClient(at, { ca: tls.ca, authority: 'ledger.example' })
  await client.connect(2000)
  t.strictSame(await client.pause(1000), { kind: 'paused' })
  client.close()
  const found = adminClient({ ...at, serverName: 'ledger.example' }, { ca: tls.ca, authority: undefined })
  await found.connect(2000)
  t.equal(await found.checkPaused(1000), true, 'the name that it was found by is checked as well')
  found.close()
  const misnamed = adminClient(at, { ca: tls.ca, authority: undefined })
  await t.rejects(misnamed.connect(500))
  misnamed.close()
  ledger.stop()
})

t.test('a server that is not there is told without what gRPC says of its own inner life', async (t) => {
  const nobody = adminClient({ host: '127.0.0.1', port: 1 }, undefined)
  t.teardown(() => nobody.close())
  const error: unknown = await nobody.checkPaused(2000).catch((error: unknown) => error)
  t.match(error, { message: /ECONNREFUSED|no answer in 2 s/ })
  t.notMatch(error, { message: /Resolution note|Last error|LB pick/ })
  const { ledger, client } = await connected(t)
  ledger.faults.set({ hang: ['CheckPaused'] })
  t.match(await client.checkPaused(200).catch((error: unknown) => error), {
    message: 'DEADLINE_EXCEEDED: no answer in 200 ms',
  })
})
