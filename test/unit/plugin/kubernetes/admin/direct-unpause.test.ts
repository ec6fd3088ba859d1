import { setTimeout as sleep } from 'node:timers/promises'
import type { V1Pod } from '@kubernetes/client-node'
import t from 'tap'
import { appLabel, instanceLabel } from '../../../../../operation/product.ts'
import { adminServers } from '../../../../../plugin/kubernetes/admin/direct-unpause.ts'
import { fewAtOnce } from '../../../../../plugin/kubernetes/admin/few-at-once.ts'
import { groupReleases } from '../../../../../plugin/kubernetes/releases/releases.ts'

const labels = { [appLabel]: 'ledger', [instanceLabel]: 'my' }

function pod(name: string, status: V1Pod['status']): V1Pod {
  const containers = [{ name: 'ledger', ports: [{ name: 'admin', containerPort: 7053 }] }]
  return { metadata: { name, uid: `uid-${name}`, labels }, spec: { containers }, ...(status && { status }) }
}

const releases = groupReleases(
  [],
  [
    pod('serving', { phase: 'Running', podIP: '10.0.0.1' }),
    pod('evicted', { phase: 'Failed', reason: 'Evicted', podIP: '10.0.0.2' }),
    pod('done', { phase: 'Succeeded', podIP: '10.0.0.3' }),
    pod('waiting', { phase: 'Pending' }),
    pod('of-a-lost-node', { phase: 'Unknown', podIP: '10.0.0.4' }),
  ],
)

t.test('only pods that may run a server are unpaused', async (t) => {
  t.strictSame(
    adminServers(releases, [], undefined).map(({ pod: name, port }) => [name, port]),
    [
      ['serving', 50_053],
      ['of-a-lost-node', 50_053],
    ],
  )
})

t.test('the Service of the release says where the admin port is, and --admin-port comes before it', async (t) => {
  const service = (targetPort: number | string) => ({
    metadata: { name: 'my-headless', labels },
    spec: { ports: [{ name: 'scalardl-admin', port: 50_053, targetPort }] },
  })
  const ports = (targetPort: number | string, given?: number) =>
    adminServers(releases, [service(targetPort)], given).map(({ port }) => port)
  t.strictSame(ports(6053), [6053, 6053])
  t.strictSame(ports('admin'), [7053, 7053])
  t.strictSame(ports(6053, 1234), [1234, 1234])
})

t.test('a bounded number of servers is asked at once, and each answer keeps its place', async (t) => {
  let [now, most] = [0, 0]
  const numbers = Array.from({ length: 50 }, (_, index) => index)
  const answers = await fewAtOnce(numbers, async (number) => {
    now += 1
    most = Math.max(most, now)
    await sleep(number % 3)
    now -= 1
    return number
  })
  t.strictSame(answers, numbers)
  t.equal(most, 16)
})
