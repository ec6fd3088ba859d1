import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { ensureJavaClient } from '../../../java-client/ensure.ts'
import { scalarAdmin } from '../../../java-client/scalar-admin.ts'
import { makeCertificates } from '../../../stand-ins/ledger/release/certificates.ts'
import { Faults } from '../../../stand-ins/ledger/gate/faults.ts'
import { FormerGate, Gate } from '../../../stand-ins/ledger/gate/gate.ts'
import { startServer } from '../../../stand-ins/ledger/gate/server.ts'

// Java may have to be installed and the client to be fetched, on a machine that does other things as well.
t.setTimeout(600_000)
await ensureJavaClient()

async function standIn(
  t: Pick<Test, 'teardown'>,
  options: { version?: '4' | '2'; tls?: { certificate: string; key: string } } = {},
) {
  const { version = '4', tls } = options
  const gate = version === '4' ? new Gate() : new FormerGate()
  const log: string[] = []
  const server = await startServer({
    ports: [0],
    version,
    gate,
    faults: new Faults(),
    tls,
    execute: async () => '',
    log: (line) => log.push(line),
  })
  t.teardown(() => server.stop())
  return { gate, log, address: `127.0.0.1:${server.ports[0]}` }
}

t.test("Scalar's own client pauses, asks and unpauses the stand-in", async (t) => {
  const { gate, log, address } = await standIn(t)
  let run = await scalarAdmin('-c', 'PAUSE', '-a', address)
  t.equal(run.exitCode, 0, run.output)
  t.match(run.output, 'Pause completed at')
  t.equal(gate.isOpen, false)
  run = await scalarAdmin('-c', 'CHECK_PAUSED', '-a', address)
  t.equal(run.exitCode, 0)
  t.match(run.output, `"${address}": "true"`)
  run = await scalarAdmin('-c', 'UNPAUSE', '-a', address)
  t.equal(run.exitCode, 0)
  t.equal(gate.isOpen, true)
  t.match((await scalarAdmin('-c', 'CHECK_PAUSED', '-a', address)).output, `"${address}": "false"`)
  t.strictSame(log, ['Pause: PAUSED', 'Unpause'])
})

t.test('it hears of a drain that was too slow, of a wait that is none, and need not wait', async (t) => {
  const { gate, log, address } = await standIn(t)
  gate.occupy()
  const slow = await scalarAdmin('-c', 'PAUSE', '-a', address, '-m', '300')
  t.equal(slow.exitCode, 1)
  t.match(slow.output, 'FAILED_PRECONDITION')
  t.equal(gate.isOpen, true)
  const none = await scalarAdmin('-c', 'PAUSE', '-a', address, '-m', '0')
  t.equal(none.exitCode, 1)
  t.match(none.output, 'INVALID_ARGUMENT')
  t.equal((await scalarAdmin('-c', 'PAUSE', '-a', address, '--no-wait')).exitCode, 0)
  t.equal(gate.isOpen, false, 'paused over a running request')
  t.strictSame(log, ['Pause: TIMED_OUT', 'Pause: PAUSED'])
})

t.test('it pauses two at once; with one of two away it fails and undoes nothing', async (t) => {
  const [one, two] = [await standIn(t), await standIn(t)]
  t.equal((await scalarAdmin('-c', 'PAUSE', '-a', `${one.address},${two.address}`)).exitCode, 0)
  t.strictSame([one.gate.isOpen, two.gate.isOpen], [false, false])
  one.gate.open()
  const run = await scalarAdmin('-c', 'PAUSE', '-a', `${one.address},127.0.0.1:1`)
  t.equal(run.exitCode, 1)
  t.match(run.output, 'UNAVAILABLE')
  // It ends at the first failure: the other's Pause may have been sent by then, and then it stays.
  t.notOk(one.log.includes('Unpause'), 'nothing is undone')
})

t.test('an old server does not know CHECK_PAUSED', async (t) => {
  const { address } = await standIn(t, { version: '2' })
  const run = await scalarAdmin('-c', 'CHECK_PAUSED', '-a', address)
  t.equal(run.exitCode, 1)
  t.match(run.output, 'UNIMPLEMENTED')
})

t.test('over TLS it verifies the certificate against the CA and the authority', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'java-client-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const { ca, certificate, key } = await makeCertificates(['ledger.example'])
  const file = async (name: string, text: string) => {
    await writeFile(join(folder, name), text)
    return join(folder, name)
  }
  const tls = { certificate: await file('tls.crt', certificate), key: await file('tls.key', key) }
  const { gate, address } = await standIn(t, { tls })
  const over = ['-a', address, '--tls', '--ca-root-cert-path', await file('ca.crt', ca)]
  t.equal((await scalarAdmin('-c', 'PAUSE', ...over)).exitCode, 1, 'the certificate is for another name than 127.0.0.1')
  t.equal(gate.isOpen, true)
  const run = await scalarAdmin('-c', 'PAUSE', ...over, '--override-authority', 'ledger.example')
  t.equal(run.exitCode, 0, run.output)
  t.equal(gate.isOpen, false)
  t.equal((await scalarAdmin('-c', 'UNPAUSE', '-a', address)).exitCode, 1, 'plaintext is refused')
})
