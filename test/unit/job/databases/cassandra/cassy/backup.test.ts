import t from 'tap'
import type { RequestOf } from '../../../../../../operation/request.ts'
import type { CassyFault } from '../../../../../stand-ins/cassy/cassy.ts'
import { hasGo } from '../../../../../stand-ins/versitygw/versitygw.ts'
import { cassyGround, impatient, type CassyScene } from './stage.ts'

// Whole backups of a scripted ring by Cassy, into a real S3 server: what may go wrong, and what is left then.

if (!hasGo()) t.test('Cassy', { skip: 'there is no go to compile an S3 server with' }, (t) => t.end())
else {
  const scene = await cassyGround(t)

  t.test('Cassy takes the snapshots inside our pause, and what arrived is looked at', async (t) => {
    const s = await scene(t)
    const paused: boolean[] = []
    s.cassy.before = () => void paused.push(s.ledgers.every(({ gate }) => !gate.isOpen))
    t.equal(await s.run().ended, 0)
    t.strictSame(paused.slice(0, 1), [true], 'all were paused when it asked the nodes')
    t.strictSame(s.asked('TakeBackup'), ['TakeBackup 2'], 'it was not asked to pause by itself')
    t.match(s.record(), { windows: [{ verdict: 'valid' }], backup: { state: 'restorable', pause: { paused: true } } })
    const [cluster] = s.cassy.clusters
    const [entry] = s.cassy.history
    t.match(s.entry(), {
      kind: 'cassandra',
      serviceBackups: 1,
      tables: [{ name: 'asset' }, { name: 'asset_metadata' }, { name: 'state' }],
      details: {
        cassy: s.cassy.address,
        cassyStorage: s.storage,
        clusterId: cluster?.cluster_id,
        snapshotId: entry?.snapshot_id,
        cluster: 'test',
        nodes: s.ring.nodes.map(({ hostId, address }) => ({ hostId, address, tokens: Array })),
        schema: ['CREATE TABLE scalar.asset (a int PRIMARY KEY);'],
      },
    })
    const [window] = s.record()?.windows ?? []
    const at = Date.parse(s.entry()?.snapshotAt ?? '')
    t.ok(at >= Date.parse(window?.allPausedAt ?? '') && at <= Date.parse(window?.unpauseSentAt ?? ''))
    t.ok(s.isServing())
    t.notMatch(JSON.stringify([...s.cluster.recordsByName.values(), ...s.cluster.journals.values()]), /s3cret/)
  })

  t.test('without a right in the pods of Cassandra it is said what nobody sees', async (t) => {
    const s = await scene(t)
    s.ring.missing.push('create pods/exec')
    const { ended, events } = s.run()
    t.equal(await ended, 0)
    t.ok(events.some(({ message }) => /nobody looks at the nodes inside the pause.*create pods\/exec/.test(message)))
    t.equal(s.ring.calls.length, 0)
  })

  t.test('what cannot be backed up is refused before the pause, with the reason and a cure', async (t) => {
    const refused = async (prepare: (s: CassyScene) => unknown, own?: Record<string, string>) => {
      const s = await scene(t, {}, own)
      await prepare(s)
      t.ok([1, 2].includes(await s.run().ended))
      t.notOk(s.wasPaused())
      t.strictSame(s.asked('TakeBackup'), [])
      return s.record()?.failure
    }
    t.match(await refused((s) => s.cassy.kill()), {
      why: /Cassy at 127\.0\.0\.1:\d+.* UNAVAILABLE/,
      next: /Cassy runs there/,
    })
    const [noCassy] = (await scene(t)).ledgers
    t.match(await refused(() => undefined, { cassy: noCassy?.address ?? '' }), {
      why: /UNIMPLEMENTED/,
      next: /is no Cassy, or an older one/,
    })
    t.match(await refused((s) => Object.assign(s.ring.nodes[1] ?? {}, { fault: 'down' })), {
      what: /did not register/,
      why: /All the required nodes are not available/,
    })
    t.match(await refused((s) => (s.cassy.sees.nodes = ({ pod }) => pod !== 'cassandra-2')), {
      why: /does not see node 127\.1\.0\.3/,
    })
    t.match(await refused((s) => (s.cassy.sees.keyspaces = (name) => name !== 'coordinator')), {
      why: /does not see keyspace coordinator/,
    })
    t.match(await refused(() => undefined, { 'cassy-storage': 'pvc://claim' }), { why: /pvc:\/\/claim is a volume/ })
    t.match(await refused(() => undefined, { 'cassy-storage': 's3://bucket/below' }), { why: /has a path in it/ })
    t.match(await refused(() => undefined, { 'cassy-storage': 's3://bucket?secret=keys' }), { why: /own identity/ })
    t.match(await refused(() => undefined, { cassy: 'http://cassy' }), { why: /is not HOST:PORT/ })
    t.match(await refused(() => undefined, { 'cassandra-medusa': 'medusa' }), { why: /two tools for one thing/ })
  })

  /** Faults that Cassy itself does not tell of, or tells of late, with what is said of them. */
  const faults: Record<Exclude<CassyFault, 'hangs' | 'ssh'>, [seen: RegExp, unseen: RegExp]> = {
    snapshot: [/is not whole on node 127\.1\.0\.2/, /nothing of node 127\.1\.0\.2: it has taken no snapshot/],
    lost: [/is not whole on node 127\.1\.0\.2/, /./],
    folder: [/no nb-2-big-Data\.db of /, /no nb-2-big-Data\.db of .* of node 127\.1\.0\.2/],
    full: [/is not whole on node 127\.1\.0\.2/, /no snapshot of .* of node 127\.1\.0\.2/],
    unwritten: [/SQLITE_BUSY.*may still upload to node-backup/, /SQLITE_BUSY.*may still upload to node-backup/],
    upload: [
      /has not uploaded the snapshot of node 127\.1\.0\.2/,
      /has not uploaded the snapshot of node 127\.1\.0\.2/,
    ],
  }

  for (const [fault, [seen, unseen]] of Object.entries(faults))
    t.test(`${fault}: unusable with the reason, and nothing of ours is left where it can be removed`, async (t) => {
      for (const [why, mayLook] of [
        [seen, true],
        [unseen, false],
      ] as const) {
        if (fault === 'lost' && !mayLook) continue
        const s = await scene(t)
        if (!mayLook) s.ring.missing.push('create pods/exec')
        s.cassy.faults.set('127.1.0.2', fault as CassyFault)
        t.equal(await s.run().ended, 3)
        t.match(s.record()?.backup, { state: 'unusable', reason: why, databases: { length: 0 } })
        if (mayLook) t.strictSame(s.onNodes(), [])
        if (!mayLook) t.match(s.record()?.backup?.reason, /snapshot [0-9a-f-]{36} on the nodes: the worker may not/)
        t.ok(s.isServing())
      }
    })

  t.test('a node that Cassy cannot log in to stays started: given up once nothing moves', async (t) => {
    impatient(t)
    const s = await scene(t)
    s.cassy.faults.set('127.1.0.3', 'ssh')
    t.equal(await s.run().ended, 3)
    t.match(s.record()?.backup, { state: 'unusable', reason: /stands still.*127\.1\.0\.3/ })
    t.strictSame(s.onNodes(), [])
    t.ok(s.isServing())
  })

  t.test('a node that never answers ends with the pause', async (t) => {
    const s = await scene(t, { pause: { drainMs: 1000, maxPauseMs: 700, guard: false } })
    s.cassy.faults.set('127.1.0.1', 'hangs')
    t.equal(await s.run().ended, 3)
    t.match(s.record()?.backup, {
      state: 'unusable',
      reason: /nothing may stay paused.*Cassy may still upload to node-backup/,
    })
    t.equal(s.ring.nodes[0]?.late, undefined, 'it was looked for, and taken then')
    t.strictSame(s.onNodes(), [])
    t.ok(s.isServing())
  })

  for (const state of ['down', 'unnoticed'] as const)
    t.test(
      `a node that goes down in the window (${state}): unusable, the others are cleared, it is named`,
      async (t) => {
        impatient(t)
        for (const [when, mayLook] of [
          ['snapshots', true],
          ['upload', true],
          ['upload', false],
        ] as const) {
          const s = await scene(t)
          if (!mayLook) s.ring.missing.push('create pods/exec')
          const [, second] = s.ring.nodes
          s.cassy.before = (what) => {
            if (what === when && second !== undefined) second.fault = state
          }
          t.equal(await s.run().ended, 3)
          t.match(s.record()?.backup, { state: 'unusable', reason: /127\.1\.0\.2/ })
          if (mayLook)
            t.strictSame(
              s.ring.left().filter((line) => !line.startsWith('cassandra-1') && /[0-9a-f-]{36}$/.test(line)),
              [],
            )
          t.ok(s.isServing())
        }
      },
    )

  t.test('a lost answer: what Cassy has written down counts, and nothing is asked for twice', async (t) => {
    const after = await scene(t)
    after.cassy.losesAnswer = (method) => (method === 'TakeBackup' ? 'after' : undefined)
    t.equal(await after.run().ended, 0)
    t.equal(after.entry()?.details['snapshotId'], after.cassy.history[0]?.snapshot_id)
    t.equal(after.asked('TakeBackup').length, 1)
    t.match(after.record()?.windows, [{ verdict: 'valid' }])

    impatient(t)
    const before = await scene(t)
    before.cassy.losesAnswer = (method) => (method === 'TakeBackup' ? 'before' : undefined)
    t.equal(await before.run().ended, 3)
    t.equal(before.asked('TakeBackup').length, 1)
    t.match(before.record()?.backup, { state: 'unusable', reason: /did not take the snapshots/ })
    t.ok(before.isServing())
  })

  t.test('Cassy that ends inside the pause: unusable, and every server serves', async (t) => {
    impatient(t)
    const s = await scene(t)
    s.cassy.before = async (what) => {
      if (what !== 'snapshots') return
      s.cassy.before = undefined
      s.cassy.kill()
      await s.cassy.start()
    }
    t.equal(await s.run().ended, 3)
    t.match(s.record()?.backup, { state: 'unusable', reason: /did not take the snapshots/ })
    t.ok(s.isServing())
  })

  t.test('Cassy that ends while it uploads, and is started anew: unusable, since it has forgotten', async (t) => {
    impatient(t)
    const s = await scene(t)
    s.cassy.before = async (what) => {
      if (what !== 'upload') return
      s.cassy.before = undefined
      // Once the pause is over.
      while (!s.isServing()) await new Promise((done) => setTimeout(done, 5))
      s.cassy.kill()
      await s.cassy.start()
    }
    t.equal(await s.run().ended, 3)
    t.match(s.record(), { windows: [{ verdict: 'valid' }], backup: { state: 'unusable', reason: /stands still/ } })
    t.strictSame(s.onNodes(), [])
    t.ok(s.isServing())
  })

  const gone: Record<string, (s: CassyScene) => unknown> = {
    'ends for good': (s) => s.cassy.kill(),
    'is made again without its database': (s) => s.cassy.history.splice(0),
  }
  for (const [what, happens] of Object.entries(gone))
    t.test(`Cassy that ${what} while it uploads: unusable, and its snapshots are cleared all the same`, async (t) => {
      impatient(t)
      const s = await scene(t)
      s.cassy.before = async (what) => {
        if (what !== 'upload') return
        s.cassy.before = undefined
        while (!s.isServing()) await new Promise((done) => setTimeout(done, 5))
        happens(s)
      }
      t.equal(await s.run().ended, 3)
      t.match(s.record()?.backup, { state: 'unusable', reason: /stands still.*(UNAVAILABLE|may still upload)/ })
      t.strictSame(s.onNodes(), [])
      t.ok(s.isServing())
    })

  t.test('an incremental backup of our snapshot by somebody else says nothing of the snapshot', async (t) => {
    const s = await scene(t)
    s.cassy.before = async (what) => {
      if (what !== 'upload') return
      s.cassy.before = undefined
      const theirs = s.cassy.history.map((entry) => ({ ...entry, backup_type: 3, created_at: Date.now() + 1 }))
      for (const [index, entry] of theirs.entries()) entry.status = index === 0 ? 4 : 3
      s.cassy.history.push(...theirs)
    }
    t.equal(await s.run().ended, 0)
  })

  t.test('a bucket that is not that of Cassy: unusable, and what it uploaded elsewhere is named', async (t) => {
    const other = await scene(t)
    const s = await scene(t, {}, { 'cassy-storage': other.storage })
    t.equal(await s.run().ended, 3)
    t.match(s.record()?.backup, { state: 'unusable', reason: /has nothing of any node, and Cassy calls all of them/ })
    const folder = `node-backup/${s.cassy.clusters[0]?.cluster_id}/${s.cassy.history[0]?.snapshot_id}`
    t.ok(s.record()?.failure?.next.includes(`storage_base_uri in Cassy's settings`))
    t.ok(s.record()?.failure?.next.includes(folder))
    t.strictSame(s.onNodes(), [])
  })

  t.test('a backup of somebody else that clears our snapshots: unusable, never guessed', async (t) => {
    const s = await scene(t)
    s.ring.missing.push('create pods/exec')
    s.cassy.before = (what) => {
      if (what === 'upload') for (const { snapshots } of s.ring.nodes.slice(1)) snapshots.clear()
    }
    t.equal(await s.run().ended, 3)
    t.match(s.record()?.backup, {
      state: 'unusable',
      reason: /nothing of node 127\.1\.0\.2.*nothing of node 127\.1\.0\.3/,
    })
  })

  t.test('a Cassy that left the servers paused for somebody else: refused, and that pause stays', async (t) => {
    const s = await scene(t)
    s.cassy.servers = [...s.ledgers.map(({ address }) => address), '127.0.0.1:1']
    s.cassy.clusters.push({ cluster_id: 'theirs', target_ips: ['127.1.0.1'], keyspaces: [] })
    await s.cassy.takeForOthers('theirs', 1)
    while (s.ledgers.some(({ gate }) => gate.isOpen)) await new Promise((done) => setTimeout(done, 5))
    t.equal(await s.run().ended, 1)
    t.match(s.record(), { windows: { length: 0 }, failure: { why: /paused/, next: /unpause .*--force/ } })
    t.ok(
      s.ledgers.every(({ gate }) => !gate.isOpen),
      'nobody but its owner ends it',
    )
    t.strictSame(s.asked('TakeBackup'), [])
  })

  t.test('a Cassy that pauses and opens the servers inside our window: void', async (t) => {
    const s = await scene(t)
    s.cassy.servers = s.ledgers.map(({ address }) => address)
    s.cassy.clusters.push({ cluster_id: 'theirs', target_ips: ['127.1.0.1'], keyspaces: [] })
    s.cassy.before = async (what) => {
      if (what !== 'snapshots') return
      s.cassy.before = undefined
      await s.cassy.takeForOthers('theirs', 1)
    }
    t.equal(await s.run().ended, 3)
    t.match(s.record(), {
      windows: [{ verdict: 'void', reasons: [/unpaused by somebody else/] }],
      backup: { state: 'unusable' },
    })
    t.ok(s.isServing())
  })

  t.test('a Cassy that pauses inside our window and leaves it at that: every server serves afterwards', async (t) => {
    const s = await scene(t)
    s.cassy.servers = [...s.ledgers.map(({ address }) => address), '127.0.0.1:1']
    s.cassy.clusters.push({ cluster_id: 'theirs', target_ips: ['127.1.0.1'], keyspaces: [] })
    s.cassy.before = async (what) => {
      if (what !== 'snapshots') return
      s.cassy.before = undefined
      await s.cassy.takeForOthers('theirs', 1)
    }
    const code = await s.run().ended
    t.strictSame([code, s.record()?.backup?.state], [0, 'restorable'])
    t.ok(s.isServing())
  })

  t.test('another window has a registration of its own, and what the void one uploaded goes', async (t) => {
    const s = await scene(t, { retries: 1 })
    let first = true
    s.cassy.before = async (what) => {
      // What is under way to the bucket while it is removed would come afterwards.
      const isCopied = () => s.cassy.history.slice(0, 3).every(({ status }) => status === 3)
      if (what === 'upload' && s.cassy.clusters.length > 1)
        while (!isCopied()) await new Promise((done) => setTimeout(done, 5))
      const [server] = s.cluster.pods
      if (what !== 'snapshots' || !first || server === undefined) return
      first = false
      s.cluster.change({ of: 'pod', name: server.name, before: server, now: { ...server, restarts: 1 } })
    }
    t.equal(await s.run().ended, 0)
    t.match(s.record()?.windows, [{ verdict: 'void' }, { verdict: 'valid' }])
    t.equal(s.cassy.clusters.length, 2)
    const { clusterId, snapshotId } = s.entry()?.details ?? {}
    t.equal(clusterId, s.cassy.clusters[1]?.cluster_id)
    t.strictSame(s.onNodes(), [snapshotId])
    t.ok((await s.keys()).every((key) => key.startsWith(`node-backup/${String(clusterId)}/`)))
  })

  t.test('doctor tells what it would meet, and which case the loss of one node is', async (t) => {
    const look = async (s: CassyScene, operation: string) => {
      const doctor = { ...s.backup, pause: undefined, kind: 'doctor', operation }
      const code = await s.run(doctor as never as RequestOf<'doctor'>).ended
      const found = s.record(operation)?.findings.filter(({ check }) => /cass/.test(check)) ?? []
      return [code, ...found.map(({ check, outcome, message }) => `${check}: ${outcome}: ${message}`)]
    }
    const s = await scene(t)
    t.match(await look(s, 'doctor-a'), [
      0,
      /^cassandra, one node lost: ok: The loss of one node needs no pause and no restore of all/,
      'cassy: ok: it answers',
      /^cassy's storage: ok/,
    ])
    s.ring.replication = '1'
    t.match((await look(s, 'doctor-b'))[1], /leaves no quorum of (coordinator, scalar|scalar, coordinator),/)
    t.notOk(s.wasPaused())
    t.strictSame([s.asked('RegisterCluster'), s.asked('TakeBackup')], [[], []], 'it only looks')
    s.cassy.kill()
    t.match((await look(s, 'doctor-c'))[2], /^cassy: error: UNAVAILABLE/)
  })

  t.test('deleting a backup removes it from the bucket, and nothing else', async (t) => {
    const s = await scene(t)
    t.equal(await s.run().ended, 0)
    const request = { ...s.shared, pause: undefined, kind: 'delete', operation: 'delete-a', backup: 'backup-a' }
    t.equal(await s.run(request as never as RequestOf<'delete'>).ended, 0)
    t.strictSame(await s.keys(), [])
  })
}
