import t, { type Test } from 'tap'
import type { RequestOf } from '../../../../../operation/request.ts'
import { runbookOf } from '../../../../../operation/databases/cassandra.ts'
import { readMedusa } from '../../../../../job/databases/cassandra/medusa.ts'
import type { MedusaFault } from '../../../../stand-ins/cassandra/scripted-medusa.ts'
import { killedBackups, scene } from './stage.ts'

// Whole backups that a scripted Medusa copies away: what may go wrong on a node, and what is left then.

async function withMedusa(t: Test) {
  const s = await scene(t)
  s.backup.target.databases = { own: { 'cassandra-medusa': 'medusa' } }
  s.ring.medusa.set('theirs', new Map([['cassandra-0', 'finished']]))
  return s
}

t.test('Medusa copies the snapshots of all nodes after the pause, and the nodes keep none', async (t) => {
  const s = await withMedusa(t)
  s.ring.datacenter = 'dc1'
  const paused: boolean[] = []
  s.ring.before = (_, verb) => {
    if (verb === 'backup-node') paused.push(s.ledgers.some(({ gate }) => !gate.isOpen))
  }
  t.equal(await s.run().ended, 0)
  t.strictSame(paused, [false, false, false])
  const [entry] = s.record()?.backup?.databases ?? []
  const tag = String(entry?.details['tag'])
  t.match(entry, {
    serviceBackups: 1,
    details: { medusa: { container: 'medusa', command: ['medusa'], datacenter: 'dc1' } },
  })
  t.strictSame([...(s.ring.medusa.get(tag)?.values() ?? [])], ['finished', 'finished', 'finished'])
  t.strictSame(s.left(), [])
  t.ok(s.othersStay())
  if (entry === undefined) throw new Error('no entry')
  t.match(runbookOf(entry).join('\n'), /nodetool truncatehints on every node/)
  t.match(runbookOf(entry).join('\n'), new RegExp(`MedusaRestoreJob.*cassandraDatacenter: dc1, backup: ${tag}`))
  const { datacenter: _, ...elsewhere } = entry.details['medusa'] as Record<string, string>
  t.match(
    runbookOf({ ...entry, details: { ...entry.details, medusa: elsewhere } }).join('\n'),
    new RegExp(
      `remove the hints [^]*cassandra-2 \\(container medusa\\): medusa restore-node --in-place --backup-name ${tag}`,
    ),
  )
  const restore: RequestOf<'restore'> = {
    ...s.shared,
    kind: 'restore',
    operation: 'restore-a',
    backup: 'backup-a',
    dropPrevious: false,
    parallel: 1,
    readyMs: 1000,
  }
  t.equal(await s.run(restore).ended, 7)
  t.match(
    s.record('restore-a')?.findings.map(({ check, outcome }) => `${check} ${outcome}`),
    ['cassandra nodes ok', 'cassandra tokens ok', 'medusa ok'],
  )
  t.match(s.record('restore-a')?.failure?.next, /MedusaTask.*MedusaRestoreJob.*--continue/s)

  const { pause: __, ...unpaused } = s.shared
  const erase: RequestOf<'delete'> = { ...unpaused, kind: 'delete', operation: 'delete-a', backup: 'backup-a' }
  t.equal(await s.run(erase).ended, 1, 'the restore that waits needs it')
  const undo: RequestOf<'undo'> = {
    ...s.shared,
    kind: 'undo',
    operation: 'undo-a',
    restore: 'restore-a',
    readyMs: 1000,
  }
  t.equal(await s.run(undo).ended, 0)
  t.equal(await s.run({ ...erase, operation: 'delete-b' }).ended, 0)
  t.strictSame([...s.ring.medusa.keys()], ['theirs'], "Medusa's own goes, and nobody else's")
})

t.test('Medusa that does not answer on every node is refused before the pause', async (t) => {
  for (const [fault, why] of [
    ['none', /pod cassandra-1: exit code 127/],
    ['unreachable', /pod cassandra-1: exit code 1: .*the bucket does not answer/],
  ] as const) {
    const s = await withMedusa(t)
    Object.assign(s.ring.nodes[1] ?? {}, { medusaFault: fault })
    t.equal(await s.run().ended, 1)
    t.notOk(s.wasPaused())
    t.match(s.record()?.failure, { why, next: /--cassandra-medusa/ })
    t.strictSame(s.left(), [])
  }
})

const faults: Record<Exclude<MedusaFault, 'none' | 'unreachable' | 'damaged'>, RegExp> = {
  breaks: /node 127\.1\.0\.2 \(pod cassandra-1\): exit code 1: .*No space left on device/,
  forgets: /Incomplete \[2 of 3 nodes finished\]/,
}
for (const [fault, why] of Object.entries(faults))
  t.test(`Medusa that ${fault} on one node: unusable, and nothing of ours is left anywhere`, async (t) => {
    const s = await withMedusa(t)
    Object.assign(s.ring.nodes[1] ?? {}, { medusaFault: fault })
    t.equal(await s.run().ended, 3)
    t.match(s.record()?.backup, { state: 'unusable', reason: why })
    t.strictSame(s.left(), [])
    t.strictSame([...s.ring.medusa.keys()], ['theirs'])
    t.ok(s.othersStay())
    t.ok(s.isServing())
  })

t.test(
  'what Medusa has of a backup that is given up goes by any node, and is named where it goes by none',
  async (t) => {
    for (const lost of [1, 3]) {
      const s = await withMedusa(t)
      Object.assign(s.ring.nodes[1] ?? {}, { medusaFault: 'breaks' })
      s.ring.before = (_, verb) => {
        // Once nothing is copied any more.
        if (verb !== 'list-backups' || !s.ring.calls.some((call) => call.endsWith(' backup-node'))) return
        for (const node of s.ring.nodes.slice(0, lost)) node.medusaFault = 'unreachable'
      }
      t.equal(await s.run().ended, 3)
      t.match(s.record()?.backup, {
        state: 'unusable',
        reason:
          lost === 1 ? /No space left/ : /No space left.*Medusa may have a part of backup-a\..* left.*does not answer/s,
      })
      t.strictSame([...s.ring.medusa.keys()].length, lost === 1 ? 1 : 2)
      t.strictSame(s.left(), [])
      t.ok(s.isServing())
    }
  },
)

t.test('a file that verify finds damaged: unusable', async (t) => {
  const s = await withMedusa(t)
  Object.assign(s.ring.nodes[0] ?? {}, { medusaFault: 'damaged' })
  t.equal(await s.run().ended, 3)
  t.match(s.record()?.backup, { state: 'unusable', reason: /is not whole.*Manifest validation failed/ })
  t.strictSame(s.left(), [])
  t.strictSame([...s.ring.medusa.keys()], ['theirs'])
})

t.test('killed at any write and started again: whole in Medusa, or unusable with nothing left', async (t) => {
  const ends = new Set<string>()
  for await (const { s, code, backup, where } of killedBackups(() => withMedusa(t))) {
    ends.add(`${code} ${backup?.state}`)
    const tag = String(backup?.databases[0]?.details['tag'])
    t.strictSame([...s.ring.medusa.keys()], code === 0 ? ['theirs', tag] : ['theirs'], where)
    t.strictSame(s.left(), [], where)
    t.ok(s.isServing(), where)
  }
  t.strictSame([...ends].sort(), ['0 restorable', '3 unusable'], 'both happen')
})

t.test('the flag names a container, and a command where it is not medusa', async (t) => {
  t.equal(readMedusa(undefined), undefined)
  t.strictSame(readMedusa('m'), { container: 'm', command: ['medusa'] })
  t.strictSame(readMedusa('m:poetry run medusa'), { container: 'm', command: ['poetry', 'run', 'medusa'] })
})
