import t from 'tap'
import { findTargets } from '../../../../job/servers/targets.ts'
import type { ReleasePod } from '../../../../job/kubernetes/cluster.ts'
import type { Target } from '../../../../operation/request.ts'
import { failureOf } from '../failure-of.ts'
import { inMemoryCluster } from '../in-memory-cluster.ts'
import { startNameServer } from '../name-server.ts'

const pod = (name: string, ip: string, release = 'my-ledger'): ReleasePod => ({
  name,
  uid: name,
  ip,
  ready: true,
  restarts: 0,
  otherRestarts: 0,
  release,
  app: 'ledger',
  adminPort: 50053,
})
const pods = [pod('ledger-0', '127.0.0.1'), pod('ledger-1', '10.1.2.4'), pod('auditor-0', '10.1.2.5', 'my-auditor')]
const cluster = inMemoryCluster(pods)
const target = (changes: Partial<Target>): Target => ({
  releases: [],
  serviceUrls: [],
  addresses: [],
  tls: { enabled: false },
  ...changes,
})
const ledger = { name: 'my-ledger', app: 'ledger' }
const auditor = { name: 'my-auditor', app: 'auditor' }

async function addressesOf(changes: Partial<Target>): Promise<string[]> {
  const { targets } = await findTargets(target(changes), cluster)
  return targets.map(({ host, port, pod: of }) => `${host}:${port} ${of?.name}`)
}

t.test('releases are found by their labels, all of them at once', async (t) => {
  t.strictSame(await addressesOf({ releases: [ledger] }), ['127.0.0.1:50053 ledger-0', '10.1.2.4:50053 ledger-1'])
  t.equal((await addressesOf({ releases: [ledger, auditor] })).length, 3)
  t.strictSame(await addressesOf({ releases: [auditor], adminPort: 7 }), ['10.1.2.5:7 auditor-0'])
})

t.test('an unknown release is named', async (t) => {
  const failure = await failureOf(
    findTargets(target({ releases: [ledger, { name: 'my-legder', app: 'ledger' }] }), cluster),
  )
  t.match(failure, { what: 'my-legder has no pods', next: /status/ })
  t.match(await failureOf(findTargets(target({}), cluster)), { what: 'nothing to pause' })
})

t.test('addresses: the pods and releases behind them are known, each server once', async (t) => {
  const found = await findTargets(
    target({ addresses: ['10.1.2.5:40053', '10.1.2.5:40053', '[2001:db8::1]:1', 'localhost:50053'] }),
    cluster,
  )
  t.match(found.targets, [
    { host: '10.1.2.5', port: 40_053, pod: { name: 'auditor-0' } },
    { host: '2001:db8::1', port: 1 },
    { serverName: 'localhost' },
  ])
  t.strictSame(found.releases, ['my-auditor', 'my-ledger'])
  for (const wrong of ['10.1.2.5', 'host:', 'host:0', 'host:70000', '2001:db8::1:1']) {
    t.match(await failureOf(findTargets(target({ addresses: [wrong] }), cluster)), {
      what: `no server found at ${wrong}`,
    })
  }
  t.match(await failureOf(findTargets(target({ addresses: ['no-such-host.invalid:1'] }), cluster)), {
    why: /cannot be resolved/,
  })
})

t.test('an SRV name stands for every server behind it; one that resolves to nothing is refused', async (t) => {
  const server = await startNameServer(t)
  server.answers.set('_scalardl-admin._tcp.known SRV', { to: 'localhost', port: 50_053 })
  const known = await findTargets(target({ serviceUrls: ['_scalardl-admin._tcp.known'] }), cluster)
  t.match(known.targets, [{ host: '127.0.0.1', port: 50_053, serverName: 'localhost', pod: { name: 'ledger-0' } }])
  t.strictSame(await addressesOf({ serviceUrls: ['_scalardl-admin._tcp.known'], adminPort: 9 }), [
    '127.0.0.1:9 ledger-0',
  ])
  t.match(await failureOf(findTargets(target({ serviceUrls: ['_scalardl-admin._tcp.unknown'] }), cluster)), {
    what: /_scalardl-admin._tcp.unknown/,
    why: /SRV/,
  })
})

t.test('the address of a Service is refused, since it leads to one of several servers', async (t) => {
  const services = { ...cluster, serviceAddresses: async () => new Map([['10.96.0.7', 'my-envoy']]) }
  const failure = await failureOf(findTargets(target({ addresses: ['10.96.0.7:50053'] }), services))
  t.match(failure, { what: /10\.96\.0\.7:50053 is no server but the Service my-envoy/, next: /name the release/ })
  t.equal((await findTargets(target({ addresses: ['10.1.2.4:50053'] }), services)).targets.length, 1)
})

t.test('a server that a dual-stack name gives twice is paused once, at its first address', async (t) => {
  const dual = inMemoryCluster([{ ...pod('ledger-0', '10.1.2.6'), otherIps: ['fd00::6'] }])
  const { targets } = await findTargets(target({ addresses: ['10.1.2.6:50053', '[fd00::6]:50053'] }), dual)
  t.strictSame(
    targets.map(({ host, pod: of }) => [host, of?.name]),
    [['10.1.2.6', 'ledger-0']],
  )
})
