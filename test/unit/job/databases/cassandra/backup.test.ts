import t from 'tap'
import { usualLateLook } from '../../../../../job/databases/cassandra/backup/snapshots.ts'
import type { RequestOf } from '../../../../../operation/request.ts'
import { scriptedRing, type Fault } from '../../../../stand-ins/cassandra/scripted-ring.ts'
import { doors, killedBackups, scene, type Door } from './stage.ts'

// Whole backups of a scripted ring: what may go wrong on a node, and what is left then.

// Long enough for a second look on a busy machine.
Object.assign(usualLateLook, { forMs: 3000, everyMs: 20 })

function withoutPod(podsIn: Awaited<ReturnType<typeof scriptedRing>>['podsIn'], pod: string): typeof podsIn {
  return (namespace) => {
    const pods = podsIn(namespace)
    return { ...pods, list: async (selector) => (await pods.list(selector)).filter(({ name }) => name !== pod) }
  }
}

const faults: Record<Exclude<Fault, 'hangs' | 'outlasts' | 'half' | 'down' | 'unnoticed'>, Record<Door, RegExp>> = {
  fails: bothSay(/node 127\.1\.0\.2 \(pod cassandra-1\).*Unable to create hard link/),
  full: bothSay(/No space left on device/),
  lies: {
    nodetool: /exit code 0: error: Snapshot was aborted/,
    'the management API': /is not whole on node 127\.1\.0\.2 .*it is not there/,
  },
}

function bothSay(why: RegExp): Record<Door, RegExp> {
  return { nodetool: why, 'the management API': why }
}

for (const door of doors)
  t.test(`asked by ${door}`, async (t) => {
    t.test('a snapshot on every node inside the pause, recorded with schema and tokens', async (t) => {
      const s = await scene(t, { door, password: 's3cret' })
      const paused: boolean[] = []
      s.ring.before = (_, verb) => {
        if (verb === 'snapshot') paused.push(s.ledgers.every(({ gate }) => !gate.isOpen))
      }
      t.equal(await s.run().ended, 0)
      t.strictSame(paused, [true, true, true])
      const { backup, windows } = s.record() ?? {}
      t.match(backup, {
        state: 'restorable',
        pause: { paused: true },
        databases: [{ kind: 'cassandra', serviceBackups: 3 }],
      })
      const [entry] = backup?.databases ?? []
      const { tag } = entry?.details ?? {}
      t.match(tag, /^backup-a\.20261121-000000\.[0-9a-z]+$/)
      t.strictSame(
        s.left(),
        ['cassandra-0', 'cassandra-1', 'cassandra-2'].map((pod) => `${pod} ${String(tag)}`),
      )
      t.match(entry, {
        title: `cassandra://127.0.0.1:${s.ring.port}`,
        tables: [
          { schema: 'scalar', name: 'asset' },
          { schema: 'scalar', name: 'asset_metadata' },
          { schema: 'coordinator', name: 'state' },
        ],
        details: {
          namespace: 'ns',
          cluster: 'test',
          nodes: s.ring.nodes.map(({ pod, hostId, address }) => ({ pod, hostId, address, dataCenter: 'dc1' })),
          schema: ['CREATE TABLE scalar.asset (a int PRIMARY KEY);'],
        },
      })
      const [window] = windows ?? []
      const at = Date.parse(entry?.snapshotAt ?? '')
      t.ok(at >= Date.parse(window?.allPausedAt ?? '') && at <= Date.parse(window?.unpauseSentAt ?? ''))
      t.ok(s.isServing())
      t.ok(s.othersStay())
      t.notMatch(JSON.stringify([...s.cluster.recordsByName.values(), ...s.cluster.journals.values()]), /s3cret/)
    })

    t.test('what cannot be backed up is refused before the pause, with the reason and a cure', async (t) => {
      const refused = async (prepare: (s: Awaited<ReturnType<typeof scene>>) => void, password?: string) => {
        const s = await scene(t, { door, ...(password === undefined ? {} : { password }) })
        prepare(s)
        t.equal(await s.run().ended, 1)
        t.notOk(s.wasPaused())
        t.strictSame(s.left(), [])
        t.equal(s.ring.calls.filter((call) => call.endsWith(' snapshot')).length, 0)
        return s.record()?.failure
      }
      const right = door === 'nodetool' ? 'create pods/exec' : 'list pods'
      t.match(await refused((s) => s.ring.missing.push(right)), {
        why: new RegExp(`may not ${right} in namespace ns`),
        next: /install --cassandra-namespace ns/,
      })
      t.match(await refused((s) => (s.ring.label = 'app=mine')), {
        why: /no pod of this ring/,
        next: /--cassandra-selector/,
      })
      for (const fault of ['down', 'unnoticed'] as const)
        t.match(await refused((s) => Object.assign(s.ring.nodes[1] ?? {}, { fault })), {
          why: /node 127\.1\.0\.2 \([0-9a-f-]+\) does not answer: /,
          next: /bring every node up first.* loss of one node needs no pause.*nodetool repair/,
        })
      t.match(
        await refused((s) => {
          s.ring.replication = '1'
          Object.assign(s.ring.nodes[2] ?? {}, { fault: 'down' })
        }),
        { next: /no quorum of scalar, coordinator/ },
      )
      t.match(
        await refused((s) => {
          const [, second] = s.ring.nodes
          s.ring.podsIn = withoutPod(s.ring.podsIn, second?.pod ?? '')
        }),
        { why: /node 127\.1\.0\.2 .* has no pod here/ },
      )
      t.match(await refused(() => undefined, 'another'), { why: /does not let user cassandra in/ })
      // The last before the node has noticed that the others are down.
      for (const words of [undefined, 'Operation timed out - received only 1 responses.'])
        t.match(await refused((s) => s.ring.loseUsers(words), 's3cret'), {
          why: /nodes that know its users are down/,
          next: /bring every node up first/,
        })
      t.match(await refused((s) => s.ring.close()), { why: /nothing answers|none of its contact points/ })
    })

    for (const [fault, why] of Object.entries(faults))
      t.test(`a node whose snapshot ${fault}: unusable, and no snapshot of ours is left`, async (t) => {
        const s = await scene(t, { door })
        Object.assign(s.ring.nodes[1] ?? {}, { fault })
        t.equal(await s.run().ended, 3)
        t.match(s.record(), { backup: { state: 'unusable', reason: why[door], databases: { length: 0 } } })
        t.strictSame(s.left(), [])
        t.ok(s.othersStay())
        t.ok(s.isServing())
      })

    t.test('a node that ends in the pause, the one that was asked until then: the others are cleared', async (t) => {
      const s = await scene(t, { door })
      const [first, , last] = s.ring.nodes
      if (first === undefined) throw new Error('a ring of three')
      s.ring.before = (node, verb) => {
        if (node !== last || verb !== 'snapshot') return
        first.fault = 'down'
        s.ring.stop([first])
      }
      t.equal(await s.run().ended, 3)
      t.match(s.record()?.backup, { state: 'unusable', reason: /node 127\.1\.0\.1 / })
      t.strictSame(
        s.left().filter((line) => !line.startsWith(first.pod)),
        [],
      )
      t.ok(s.isServing())
    })

    t.test('a ring that lets nobody in any more: its nodes are cleared all the same', async (t) => {
      const s = await scene(t, { door })
      s.ring.before = (_, verb) => {
        if (verb === 'snapshot') s.ring.stop()
      }
      t.equal(await s.run().ended, 3)
      t.match(s.record()?.backup, { state: 'unusable' })
      t.strictSame(s.left(), [])
      t.ok(s.isServing())
    })

    t.test('a ring that loses its users in the pause: that is said, and its nodes are cleared', async (t) => {
      const s = await scene(t, { door, password: 's3cret', retries: 1 })
      s.ring.before = (_, verb) => {
        if (verb === 'snapshot') s.ring.loseUsers('Operation timed out - received only 1 responses.')
      }
      Object.assign(s.ring.nodes[1] ?? {}, { fault: 'fails' })
      t.equal(await s.run().ended, 3)
      t.match(s.record()?.backup, { state: 'unusable', reason: /nodes that know its users are down/ })
      t.match(s.record()?.failure, { next: /bring every node up first/ })
      t.strictSame(s.left(), [])
      t.ok(s.isServing())
    })

    t.test('a snapshot that hangs ends with the pause; what the node takes later is cleared as well', async (t) => {
      const s = await scene(t, { door, pause: { drainMs: 1000, maxPauseMs: 600, guard: false } })
      Object.assign(s.ring.nodes[2] ?? {}, { fault: 'hangs' })
      t.equal(await s.run().ended, 3)
      t.match(s.record()?.backup, { state: 'unusable', reason: /nothing may stay paused/ })
      t.equal(s.ring.nodes[2]?.late, undefined, 'it was looked for, and taken then')
      t.strictSame(s.left(), [])
      t.ok(s.isServing())
    })

    t.test('a snapshot that lacks a table is found after the pause', async (t) => {
      const s = await scene(t, { door })
      Object.assign(s.ring.nodes[0] ?? {}, { fault: 'half' })
      t.equal(await s.run().ended, 3)
      t.match(s.record()?.backup, {
        state: 'unusable',
        reason: /is not whole on node 127\.1\.0\.1 .*nothing of scalar\.asset/,
      })
      t.strictSame(s.left(), [])
    })

    t.test(
      'a node that goes down in the window: unusable, the others are cleared, and the one left is named',
      async (t) => {
        for (const when of ['snapshot', 'listsnapshots']) {
          const s = await scene(t, { door })
          s.ring.before = (node, verb) => {
            const all = s.ring.calls.filter((call) => call.endsWith(' snapshot')).length
            if (node.pod === 'cassandra-1' && verb === when && (when === 'snapshot' || all === 3)) node.fault = 'down'
          }
          t.equal(await s.run().ended, 3, when)
          t.match(s.record()?.backup, {
            state: 'unusable',
            reason: /(cassandra-1|127\.1\.0\.2).*snapshots of cassandra:.* may be left.*127\.1\.0\.2.*clearsnapshot/s,
          })
          t.strictSame(
            s.left().filter((line) => !line.startsWith('cassandra-1')),
            [],
            when,
          )
          t.ok(s.isServing())
        }
      },
    )

    t.test(
      'a node that is restarted in the window keeps its snapshot; one that comes back empty has none',
      async (t) => {
        for (const isEmpty of [false, true]) {
          const s = await scene(t, { door })
          s.ring.before = (node, verb) => {
            if (
              node.pod !== 'cassandra-1' ||
              verb !== 'info' ||
              ![...node.snapshots].some((line) => line.startsWith('backup-a.'))
            )
              return
            node.generation += 1
            if (isEmpty) node.snapshots.clear()
          }
          t.equal(await s.run().ended, isEmpty ? 3 : 0)
          t.match(
            s.record()?.backup,
            isEmpty
              ? { state: 'unusable', reason: /is not whole on node 127\.1\.0\.2 .*it is not there/ }
              : { state: 'restorable' },
          )
          t.equal(s.left().length, isEmpty ? 0 : 3)
          t.ok(s.isServing())
        }
      },
    )

    t.test('a void window is cleared before another is tried', async (t) => {
      const s = await scene(t, { door, retries: 1 })
      let first = true
      const before: string[][] = []
      s.ring.before = ({ pod }, verb) => {
        if (verb === 'snapshot') before.push(s.left().filter((line) => line.startsWith(`${pod} `)))
        if (verb !== 'snapshot' || !first) return
        first = false
        const [server] = s.cluster.pods
        if (server === undefined) return
        s.cluster.change({ of: 'pod', name: server.name, before: server, now: { ...server, restarts: 1 } })
      }
      t.equal(await s.run().ended, 0)
      t.match(s.record()?.windows, [{ verdict: 'void' }, { verdict: 'valid' }])
      const { tag } = s.record()?.backup?.databases[0]?.details ?? {}
      t.strictSame(new Set(s.left().map((line) => line.split(' ')[1])), new Set([tag]))
      t.equal(s.ring.cleared.size, 1)
      t.strictSame(
        before,
        before.map(() => []),
        'each window begins with nothing of ours',
      )
    })

    t.test('a snapshot of an earlier window that comes after its end is cleared from a good backup', async (t) => {
      const s = await scene(t, { door })
      let isLate = false
      s.ring.before = (node, verb) => {
        const taken = s.ring.calls.filter((call) => call.endsWith(' snapshot')).length
        if (verb !== 'listsnapshots' || taken < s.ring.nodes.length || isLate) return
        isLate = true
        node.snapshots.add('backup-a.20261121-000000.earlier scalar asset')
      }
      t.equal(await s.run().ended, 0)
      t.ok(isLate)
      const { tag } = s.record()?.backup?.databases[0]?.details ?? {}
      t.strictSame(
        s.left(),
        s.ring.nodes.map(({ pod }) => `${pod} ${String(tag)}`),
      )
    })

    t.test('killed at any write and started again: restorable with its snapshots, or unusable with none', async (t) => {
      const ends = new Set<string>()
      for await (const { s, code, backup, where } of killedBackups(() => scene(t, { door }))) {
        ends.add(`${code} ${backup?.state}`)
        t.ok((code === 0 && backup?.state === 'restorable') || (code === 3 && backup?.state === 'unusable'), where)
        const tag = String(backup?.databases[0]?.details['tag'])
        t.strictSame(s.left(), code === 0 ? s.ring.nodes.map(({ pod }) => `${pod} ${tag}`) : [], where)
        t.ok(s.isServing(), where)
        t.ok(s.othersStay(), where)
      }
      t.strictSame([...ends].sort(), ['0 restorable', '3 unusable'], 'both happen')
    })

    t.test('deleting a backup clears its snapshots on every node, and nobody else’s', async (t) => {
      const s = await scene(t, { door })
      t.equal(await s.run().ended, 0)
      const request: RequestOf<'delete'> = {
        ...s.shared,
        pause: undefined,
        kind: 'delete',
        operation: 'delete-a',
        backup: 'backup-a',
      } as never
      Object.assign(s.ring.nodes[1] ?? {}, { fault: 'down' })
      t.equal(await s.run(request).ended, 1)
      t.match(s.record('delete-a')?.failure, { why: /node 127\.1\.0\.2/ })
      Object.assign(s.ring.nodes[1] ?? {}, { fault: undefined })
      t.equal(await s.run({ ...request, operation: 'delete-b' }).ended, 0)
      t.strictSame(s.left(), [])
      t.ok(s.othersStay())
    })

    t.test('doctor tells which case the loss of one node is', async (t) => {
      const s = await scene(t, { door })
      const doctor: RequestOf<'doctor'> = {
        ...s.shared,
        pause: undefined,
        kind: 'doctor',
        operation: 'doctor-a',
        schemas: [],
      } as never
      t.equal(await s.run(doctor).ended, 0)
      t.match(
        s.record('doctor-a')?.findings.filter(({ check }) => check.startsWith('cassandra')),
        [
          { outcome: 'ok', message: /^3 nodes up in cluster test/ },
          { outcome: 'ok', message: /needs no pause/ },
        ],
      )
      t.strictSame(s.left(), [])
    })
  })
