import { once } from 'node:events'
import { createServer } from 'node:http'
import t, { type Test } from 'tap'
import { usualLateLook } from '../../../../../job/databases/cassandra/backup/snapshots.ts'
import { findManagementApi } from '../../../../../job/databases/cassandra/management-api.ts'
import { ToolFailed } from '../../../../../job/databases/cassandra/node-control.ts'
import { failureOf } from '../../failure-of.ts'
import { scene } from './stage.ts'

// What k8ssandra's management API alone does; whole backups and restores by it are in backup.test and restore.test.

Object.assign(usualLateLook, { forMs: 3000, everyMs: 20 })

const door = 'the management API'
const { signal } = new AbortController()

t.test('an API that gives up its own question leaves nobody knowing: the late snapshot is cleared', async (t) => {
  const s = await scene(t, { door })
  Object.assign(s.ring.nodes[1] ?? {}, { fault: 'outlasts' })
  t.equal(await s.run().ended, 3)
  t.match(s.record()?.backup, { state: 'unusable', reason: /pod cassandra-1.*Query timed out after PT30S/ })
  t.equal(s.ring.nodes[1]?.late, undefined, 'it was looked for, and taken then')
  t.strictSame(s.left(), [])
  t.ok(s.othersStay())
  t.ok(s.isServing())
})

t.test('no command is run in any pod, and with the right nothing else is done', async (t) => {
  const s = await scene(t, { door })
  s.ring.missing.length = 0
  const commands: string[] = []
  const { podsIn } = s.ring
  s.ring.podsIn = (namespace) => {
    const pods = podsIn(namespace)
    return {
      ...pods,
      run: (pod, ...of) => {
        commands.push(pod)
        return pods.run(pod, ...of)
      },
    }
  }
  t.equal(await s.run().ended, 0)
  t.strictSame(commands, [])
})

t.test('one that wants a certificate is passed over: nodetool where that may be run, else refused', async (t) => {
  const allowed = await scene(t)
  allowed.ring.api = 'tls'
  t.equal(await allowed.run().ended, 0)
  t.equal(allowed.left().length, 3)

  const s = await scene(t, { door })
  s.ring.api = 'tls'
  t.equal(await s.run().ended, 1)
  t.notOk(s.wasPaused())
  t.match(s.record()?.failure, {
    why: /may not .*create pods\/exec.*management API of pod cassandra-0 and 2 more does not answer: .*(hang up|reset)/,
    next: /let the worker connect to it.*install --cassandra-namespace ns/,
  })
})

t.test('Medusa is run in the pods whatever they are asked by', async (t) => {
  const s = await scene(t, { door })
  s.backup.target.databases = { own: { 'cassandra-medusa': 'medusa' } }
  t.equal(await s.run().ended, 1)
  t.match(s.record()?.failure, { why: /may not .*create pods\/exec.*Medusa is run there/ })
  const able = await scene(t, { door })
  able.ring.missing.length = 0
  able.backup.target.databases = { own: { 'cassandra-medusa': 'medusa' } }
  t.equal(await able.run().ended, 0)
  t.strictSame(able.left(), [])
})

/** An API that answers everything so. @returns the control of its node, and what was asked */
async function answering(t: Test, status: number, body: string) {
  const asked: string[] = []
  const server = createServer(({ method, url }, answer) => {
    asked.push(`${method} ${url}`)
    const isProbe = url?.includes('probes') === true
    answer.writeHead(isProbe ? 200 : status).end(isProbe ? 'OK' : body)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const at = server.address()
  const port = typeof at === 'object' && at !== null ? at.port : 0
  const containers = [{ name: 'cassandra', ports: [{ name: 'mgmt-api-http', port }] }]
  const of = { uid: 'c', node: 'a', labels: {}, ready: true, containers }
  const { api } = await findManagementApi({ ...of, name: 'c', ip: '127.0.0.1' }, undefined, signal)
  if (api === undefined) throw new Error('no API')
  return { api, asked }
}

t.test('an answer that cannot be read is never taken for a node without snapshots', async (t) => {
  for (const body of ['', 'null', '{"entity":null}', '{"entity":[{"Snapshot name":1}]}', '<html>']) {
    const { api } = await answering(t, 200, body)
    t.match(await failureOf(api.listSnapshots('a', signal)), { what: /answers what cannot be read/ }, body)
    t.match(await failureOf(api.look(signal)), { what: /answers what cannot be read/ }, body)
  }
  const { api } = await answering(t, 400, 'no such keyspace')
  const refused = await failureOf(api.takeSnapshot('a', { timeoutMs: 9000, signal }))
  t.ok(refused instanceof ToolFailed, 'it is known how that ended')
  t.match(refused, { why: 'HTTP status 400: no such keyspace' })
})

t.test('a snapshot is cleared by its name, since without one everybody’s would be', async (t) => {
  const { api, asked } = await answering(t, 200, 'OK')
  await api.clearSnapshot('backup-a.1&x', signal)
  t.strictSame(asked.slice(1), ['DELETE /api/v0/ops/node/snapshots?snapshotNames=backup-a.1%26x'])
  await t.rejects(api.clearSnapshot('', signal), { message: 'a snapshot without a name' })
  t.equal(asked.length, 2, 'and nothing was asked')
})

t.test('gossip is read as `nodetool status` shows it', async (t) => {
  const node = (HOST_ID: string, STATUS_WITH_PORT: string, IS_ALIVE = 'true') => ({
    HOST_ID,
    STATUS_WITH_PORT,
    IS_ALIVE,
    IS_LOCAL: String(HOST_ID === 'a'),
    ENDPOINT_IP: `10.1.0.${HOST_ID}`,
  })
  const { NORMAL, gone } = { NORMAL: 'NORMAL,-1', gone: node('x', 'LEFT,-1,99', 'false') }
  const entity = [
    node('a', NORMAL),
    node('b', NORMAL, 'false'),
    node('c', 'shutdown,true', 'false'),
    node('d', 'LEAVING,-1'),
    node('e', 'BOOT,-1'),
    node('f', 'MOVING,-1'),
    node('g', ''),
    node('h', 'removing,a', 'false'),
    gone,
    node('y', 'removed,a,99', 'false'),
    // Versions before 4.0, and of the API before it told addresses.
    { HOST_ID: 'i', STATUS: NORMAL, IS_ALIVE: 'true', INTERNAL_IP: '10.1.0.9' },
  ]
  const { api } = await answering(t, 200, JSON.stringify({ entity }))
  const { hostId, generation, status } = await api.look(signal)
  t.equal(hostId, 'a')
  t.equal(generation, undefined)
  t.strictSame(
    status.map(({ hostId: id, address, state }) => `${id} ${address} ${state}`),
    [
      'a 10.1.0.a UN',
      'b 10.1.0.b DN',
      'c 10.1.0.c DN',
      'd 10.1.0.d UL',
      'e 10.1.0.e UJ',
      'f 10.1.0.f UM',
      'g 10.1.0.g U?',
      'h 10.1.0.h DL',
      'i 10.1.0.9 UN',
    ],
  )
})
