import t from 'tap'
import { groupByRing, namespaceOf } from '../../../../../job/databases/cassandra/access.ts'
import { nodetool, readHostId, readSnapshots, readStatus } from '../../../../../job/databases/cassandra/nodetool.ts'
import type { PodsElsewhere } from '../../../../../job/kubernetes/elsewhere/pods-elsewhere.ts'
import type { StorageSettings } from '../../../../../job/scalardb/storage-settings.ts'
import { failureOf } from '../../failure-of.ts'

const limits = { timeoutMs: 1000, signal: new AbortController().signal }

function saying(exitCode: number, stdout: string, stderr: string): PodsElsewhere {
  return {
    namespace: 'db',
    missingRights: async () => [],
    readSecret: async () => new Map<string, string>(),
    list: async () => [],
    run: async () => ({ exitCode, stdout, stderr }),
  }
}

const ask = (...said: Parameters<typeof saying>) =>
  nodetool(saying(...said), { pod: 'c-0', container: 'cassandra' }, ['snapshot'], limits)

t.test('nodetool is judged by what it says as well as by its exit code', async (t) => {
  // As Cassandra 5.0.9 says these.
  t.match(await failureOf(ask(1, 'nodetool: Keyspace a does not exist\nSee …', '')), {
    why: 'exit code 1: nodetool: Keyspace a does not exist',
    next: 'see the log of Cassandra: kubectl logs c-0 -c cassandra -n db',
  })
  t.match(await failureOf(ask(2, 'Requested …', 'error: Snapshot a already exists.\n-- StackTrace --\n')), {
    why: 'exit code 2: error: Snapshot a already exists.',
  })
  t.match(await failureOf(ask(1, '', "nodetool: Failed to connect to '127.0.0.1:7199'")), { why: /Failed to connect/ })
  t.match(await failureOf(ask(0, 'Snapshot directory: a', 'error: No space left on device')), { why: /^exit code 0/ })
  t.match(await failureOf(ask(0, 'nodetool: nothing was done', '')), { why: /^exit code 0/ })
  t.match(await failureOf(ask(127, '', 'sh: nodetool: not found')), { next: /--cassandra-selector/ })
  t.match(await failureOf(ask(137, '', '')), { why: 'exit code 137: it says nothing' })
  t.equal(
    await ask(0, 'fine', 'OpenJDK 64-Bit Server VM warning: an option failed to apply\nPicked up X: -Dy\n'),
    'fine',
  )
})

t.test('what nodetool prints is read as versions 3.11, 4.1 and 5.0 print it', async (t) => {
  const id = '20f4ae2e-b020-46cd-8c10-b18d2bdd0cce'
  t.equal(readHostId(`ID                     : ${id}\nGossip active : true`), id)
  t.equal(readHostId('Gossip active : true'), undefined)
  t.strictSame(
    readStatus(
      [
        'Datacenter: dc1',
        '--  Address      Load       Tokens       Owns (effective)  Host ID                               Rack',
        `UN  10.1.0.1     109.39 KiB 256          100.0%            ${id}  rack1`,
        `DN  10.1.0.2     ?          256          100.0%            ${id}  rack 2`,
        `UJ  fe80::1      1 GiB      256          ?                 ${id}  r1`,
      ].join('\n'),
    ),
    [
      { state: 'UN', address: '10.1.0.1', hostId: id },
      { state: 'DN', address: '10.1.0.2', hostId: id },
      { state: 'UJ', address: 'fe80::1', hostId: id },
    ],
  )
  const list =
    'Snapshot Details: \nSnapshot name Keyspace name\nbackup-a.1 bank t 1 KiB\nbackup-ab.1 bank t\nothers bank t\n'
  t.strictSame(readSnapshots(list, 'backup-a.'), [{ tag: 'backup-a.1', schema: 'bank', table: 't' }])
})

t.test('contact points tell the namespace of their Service, and which storages are one ring', async (t) => {
  const of = (host: string) => namespaceOf({ hosts: [{ host }] as { host: string; port: number }[] })
  t.equal(of('dc1-service.cassandra.svc.cluster.local'), 'cassandra')
  t.equal(of('cassandra-0.cassandra-headless.db.svc.cluster.local'), 'db')
  t.equal(of('cassandra.db'), 'db')
  t.equal(of('cassandra'), undefined)
  t.equal(of('10.1.0.1'), undefined)
  t.equal(of('cassandra.example.com'), undefined)
  const storage = (name: string, contactPoints: string, contactPort?: string) =>
    ({ storage: name, contactPoints, contactPort, fromSecret: false }) as StorageSettings
  t.strictSame(
    groupByRing([storage('a', 'x,y'), storage('b', 'z'), storage('c', 'Y , w'), storage('d', 'x', '9043')]).map(
      (group) => group.map((one) => one.storage),
    ),
    [['a', 'c'], ['b'], ['d']],
  )
})
