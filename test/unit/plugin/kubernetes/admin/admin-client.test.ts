import { join } from 'node:path'
import t, { type Test } from 'tap'
import {
  connectAdmin,
  type AdminConnection,
  type AdminTls,
} from '../../../../../plugin/kubernetes/admin/admin-client.ts'
import { unpauseServer } from '../../../../../plugin/kubernetes/admin/direct-unpause.ts'
import type { ServerVersion } from '../../../../stand-ins/ledger/gate/admin-service.ts'
import { makeCertificates } from '../../../../stand-ins/ledger/release/certificates.ts'
import { Faults } from '../../../../stand-ins/ledger/gate/faults.ts'
import { Gate } from '../../../../stand-ins/ledger/gate/gate.ts'
import { startServer } from '../../../../stand-ins/ledger/gate/server.ts'

/** A paused server, and a connection to it. */
async function paused(
  t: Test,
  version: ServerVersion,
  tls?: { server: { certificate: string; key: string }; client: AdminTls },
): Promise<{ gate: Gate; admin: AdminConnection }> {
  const gate = new Gate()
  const server = await startServer({
    ports: [0, 0, 0],
    version,
    gate,
    faults: new Faults(),
    tls: tls?.server,
    execute: async () => '',
    log: () => {},
  })
  const admin = connectAdmin(`127.0.0.1:${server.ports.at(-1)}`, tls?.client, 3000)
  t.teardown(() => {
    admin.close()
    server.stop()
  })
  await gate.pause(1000)
  return { gate, admin }
}

t.test('a paused server is seen, unpaused, and seen to serve', async (t) => {
  const { gate, admin } = await paused(t, '4')
  t.equal(await admin.isPaused(), true)
  await admin.unpause()
  t.equal(gate.isOpen, true)
  t.equal(await admin.isPaused(), false)
})

t.test('a server too old to be asked is unpaused all the same', async (t) => {
  const { gate, admin } = await paused(t, '2')
  t.equal(await admin.isPaused(), undefined)
  await admin.unpause()
  t.equal(gate.isOpen, true)
})

t.test("somebody else's pause is left alone, also where the server cannot say whether it is paused", async (t) => {
  for (const version of ['4', '2'] as const) {
    const { gate, admin } = await paused(t, version)
    t.match(await unpauseServer(admin, false), { outcome: 'left' })
    t.equal(gate.isOpen, false)
    t.match(await unpauseServer(admin, true), { outcome: version === '2' ? 'unknown' : 'serving' })
    t.equal(gate.isOpen, true)
  }
})

t.test('a server that serves is not told to', async (t) => {
  const { admin } = await paused(t, '4')
  await admin.unpause()
  t.match(await unpauseServer(admin, true), { outcome: 'not-paused' })
})

t.test(
  "TLS through a port-forward needs the name in the certificate, since the address is not the server's",
  async (t) => {
    const { ca, certificate, key } = await makeCertificates(['ledger.example'])
    const folder = t.testdir({ 'tls.crt': certificate, 'tls.key': key })
    const server = { certificate: join(folder, 'tls.crt'), key: join(folder, 'tls.key') }
    const right = await paused(t, '4', { server, client: { ca, authority: 'ledger.example' } })
    await right.admin.unpause()
    t.equal(right.gate.isOpen, true)
    const wrong = await paused(t, '4', { server, client: { ca, authority: 'another.example' } })
    await t.rejects(wrong.admin.unpause())
    t.equal(wrong.gate.isOpen, false)
  },
)
