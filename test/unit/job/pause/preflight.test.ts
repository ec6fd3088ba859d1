import { createServer } from 'node:net'
import { once } from 'node:events'
import t from 'tap'
import { preflight } from '../../../../job/pause/preflight.ts'
import type { Finding } from '../../../../operation/finding.ts'
import type { Target } from '../../../../operation/request.ts'
import { inMemoryCluster } from '../in-memory-cluster.ts'
import { contextOf, pauseRequest } from '../pausing-context.ts'
import { makeCertificates, startLedger, type Ledger } from '../servers/ledgers.ts'

async function check(ledger: Ledger, changes: Partial<Target> = {}): Promise<Finding[]> {
  const request = pauseRequest()
  request.target = { ...request.target, ...changes }
  const { context } = await contextOf(request, inMemoryCluster([ledger.pod]))
  return preflight(context)
}

const errors = (findings: readonly Finding[]) => findings.filter(({ outcome }) => outcome === 'error')
const certificates = makeCertificates()

t.test('where all is well, every check says so', async (t) => {
  const ledger = await startLedger()
  t.teardown(() => ledger.stop())
  const findings = await check(ledger)
  t.strictSame([...new Set(findings.map(({ outcome }) => outcome))], ['ok'])
  t.strictSame(
    findings.map(({ check: name }) => name),
    ['rights of the worker', 'no other operation', 'pods ready', 'admin port'],
  )
  t.strictSame(ledger.log, [], 'nothing was touched')
})

t.test('TLS where the server has none, and none where it has, are told apart', async (t) => {
  const [plain, secure] = await Promise.all([startLedger(), startLedger({ tls: certificates })])
  t.teardown(() => [plain, secure].forEach((ledger) => ledger.stop()))
  const cases: [string, Promise<Finding[]>, { message: RegExp; cure: RegExp }][] = [
    ['plaintext to TLS', check(secure), { message: /speaks TLS, and it was asked in plaintext/, cure: /--tls/ }],
    [
      'TLS to plaintext',
      check(plain, { tls: { enabled: true } }),
      { message: /does not speak TLS/, cure: /omit --tls/ },
    ],
    [
      'an unknown CA',
      check(secure, { tls: { enabled: true, authority: 'ledger.example' } }),
      { message: /not trusted/, cure: /--tls-ca/ },
    ],
    [
      'another name',
      check(secure, { tls: { enabled: true, caPem: certificates.ca } }),
      { message: /for another name/, cure: /--tls-authority/ },
    ],
  ]
  for (const [name, findings, expected] of cases) t.match(errors(await findings), [expected], name)
  t.strictSame(
    errors(await check(secure, { tls: { enabled: true, caPem: certificates.ca, authority: 'ledger.example' } })),
    [],
  )
})

t.test('a wrong port: nothing there, something else there', async (t) => {
  const ledger = await startLedger()
  const other = createServer((socket) => socket.on('error', () => undefined).end('220 mail\r\n')).listen(0, '127.0.0.1')
  await once(other, 'listening')
  const address = other.address()
  t.teardown(() => {
    ledger.stop()
    other.close()
  })
  const [nothing, mail] = await Promise.all([
    check(ledger, { adminPort: 1 }),
    check(ledger, { adminPort: typeof address === 'object' ? (address?.port ?? 0) : 0 }),
  ])
  t.match(errors(nothing), [{ message: /nothing listens on port 1/, cure: /--admin-port/ }])
  t.match(errors(mail), [{ message: /does not speak gRPC/, cure: /--admin-port/ }])
})

t.test('a server of an older version is a warning, not an error', async (t) => {
  const ledger = await startLedger({ version: '2' })
  t.teardown(() => ledger.stop())
  const findings = await check(ledger)
  t.strictSame(errors(findings), [])
  t.match(
    findings.filter(({ outcome }) => outcome === 'warning'),
    [{ message: /does not know CheckPaused/, cure: String }],
  )
})

t.test('a server that does not answer for a moment is asked again, one that never does is an error', async (t) => {
  const [moment, ever] = await Promise.all([startLedger(), startLedger()])
  t.teardown(() => [moment, ever].forEach((each) => each.stop()))
  moment.faults.set({ fail: { CheckPaused: { code: 'UNAVAILABLE', forMs: 150 } } })
  ever.faults.set({ fail: { CheckPaused: { code: 'UNAVAILABLE', forMs: 60_000 } } })
  t.strictSame(errors(await check(moment)), [])
  t.match(errors(await check(ever)), [{ check: 'admin port', message: /CheckPaused failed: .*UNAVAILABLE/ }])
})

t.test("an address that is no pod's is a warning, a pod that no address leads to an error", async (t) => {
  const [ledger, second] = await Promise.all([startLedger(), startLedger()])
  t.teardown(() => [ledger, second].forEach((each) => each.stop()))
  const request = pauseRequest()
  request.target = { ...request.target, addresses: [second.address] }
  const { context } = await contextOf(request, inMemoryCluster([{ ...ledger.pod, ip: '192.0.2.7' }]))
  const findings = await preflight(context)
  t.match(
    findings.filter(({ outcome }) => outcome === 'warning'),
    [{ subject: '127.0.0.1' }],
  )
  t.match(errors(findings), [{ subject: `pod ${ledger.pod.name}`, message: /no address given leads to it/ }])
})
