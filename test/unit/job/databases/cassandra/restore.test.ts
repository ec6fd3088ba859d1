import t, { type Test } from 'tap'
import type { RequestOf } from '../../../../../operation/request.ts'
import type { OperationRecord } from '../../../../../operation/record.ts'
import { asAnotherProcess } from '../../in-memory-cluster.ts'
import { dyingAt } from '../../served-release.ts'
import { doors, scene, type Door, type Scene } from './stage.ts'

// Whole restores of a scripted ring: stopped, handed over to its administrator, gone on with or given up.

const minuteMs = 60_000

/** A scene with a good backup, and a transaction on either side of its restore point. */
async function backedUp(t: Test, door: Door = 'nodetool') {
  const s = await scene(t, { door })
  s.ring.transactions.set('old', Date.now() - 10 * minuteMs)
  if ((await s.run().ended) !== 0) throw new Error(`no backup: ${s.record()?.failure?.why}`)
  s.ring.transactions.set("new:o'clock", Date.now() + 10 * minuteMs)
  const own = { ...s.shared, readyMs: 1000 }
  const { pause: _, ...unpaused } = own
  const restore: RequestOf<'restore'> = {
    ...own,
    kind: 'restore',
    operation: 'restore-a',
    backup: 'backup-a',
    dropPrevious: false,
    parallel: 1,
  }
  const resume = (operation = 'resume-a'): RequestOf<'resume'> => ({
    ...unpaused,
    kind: 'resume',
    operation,
    restore: 'restore-a',
  })
  const undo = (operation = 'undo-a'): RequestOf<'undo'> => ({ ...own, kind: 'undo', operation, restore: 'restore-a' })
  return { ...s, restore, resume, undo, tag: String(s.record()?.backup?.databases[0]?.details['tag']) }
}

/** What an administrator does: every node is stopped, gets the files of its snapshot, and is started. */
function restoreByHand({ ring }: Pick<Scene, 'ring'>): void {
  for (const node of ring.nodes) node.generation += 100
  for (const id of ring.transactions.keys()) if (id.startsWith('new')) ring.transactions.delete(id)
}

/** What of a record a person goes by. */
const standing = (record: OperationRecord | undefined) => [
  record?.state,
  record?.exitCode,
  record?.restore?.serving,
  record?.restore?.waitsFor !== undefined,
]
const waiting = ['failed', 7, 'nothing', true]

/** Without which nothing is done. */
const rights: Record<Door, string> = { nodetool: 'create pods/exec', 'the management API': 'list pods' }

for (const door of doors)
  t.test(`asked by ${door}`, async (t) => {
    t.test('a restore stops the releases, tells what to do, and goes on once that is done', async (t) => {
      const s = await backedUp(t, door)
      t.equal(await s.run(s.restore).ended, 7)
      t.equal(s.replicas.count, 0)
      t.strictSame(standing(s.record('restore-a')), waiting)
      t.match(s.record('restore-a'), {
        failure: {
          what: 'restore-a waits for you',
          next: new RegExp(`Copy the files of the snapshot.*--continue.*--undo`, 's'),
        },
        restore: {
          replicas: { 'my-ledger': 2 },
          wayBack: [/restore restore-a --continue/, /restore restore-a --undo/],
        },
      })
      t.match(
        s.record('restore-a')?.restore?.waitsFor?.join('\n'),
        new RegExp(`keep the snapshot ${s.tag}: .*cassandra-2`),
      )

      t.equal(await s.run(s.resume('resume-early')).ended, 1, 'nothing was done yet')
      t.match(s.record('resume-early')?.failure, { why: /not stopped since the hand-over: node 127\.1\.0\.1/ })
      t.equal(s.replicas.count, 0)
      t.strictSame(standing(s.record('restore-a')), waiting)

      restoreByHand(s)
      t.equal(await s.run(s.resume()).ended, 0)
      t.ok(s.isServing())
      t.match(
        s.record('resume-a')?.findings.map(({ check, outcome }) => `${check}: ${outcome}`),
        [
          'cassandra nodes: ok',
          'cassandra tokens: ok',
          'cassandra restarts: ok',
          'cassandra schema: ok',
          'cassandra data: ok',
          'cassandra, not seen: warning',
        ],
      )
      t.strictSame(standing(s.record('restore-a')), ['succeeded', 0, 'restored', false])
      t.equal(s.record('restore-a')?.failure, undefined)
      t.match(s.record('restore-a')?.restore, {
        databases: [{ state: 'in-service' }],
        wayBack: [/there is no way back/],
      })

      t.equal(await s.run(s.resume('resume-b')).ended, 1, 'it waits no more')
      t.match(s.record('resume-b')?.failure, { why: 'it does not wait for you' })
      t.equal(await s.run(s.undo()).ended, 1)
      t.ok(s.isServing())
    })

    t.test('what an administrator has left undone is found, and nothing starts', async (t) => {
      const left: [string, (s: Scene) => void, RegExp][] = [
        [
          'one node not restarted',
          (s) => void ((s.ring.nodes[1] ?? { generation: 0 }).generation -= 100),
          /127\.1\.0\.2/,
        ],
        [
          'one node down',
          (s) => void Object.assign(s.ring.nodes[2] ?? {}, { fault: 'down' }),
          /127\.1\.0\.3.* not answer/,
        ],
        [
          'data of after the point',
          (s) => void s.ring.transactions.set("new:o'clock", 1),
          /after the restore point is still/,
        ],
        ['data lost', (s) => void s.ring.transactions.delete('old'), /old of before the restore point is not in/],
        ['a table lost', (s) => void s.ring.tables.splice(1, 1), /not there: scalar\.asset_metadata/],
        [
          'other tokens',
          (s) => void ((s.ring.nodes[0] ?? { tokens: [] }).tokens = ['5']),
          /tokens of node 127\.1\.0\.1/,
        ],
        ['a node too many', (s) => void s.ring.nodes.splice(2, 1), /no node of the ring has the tokens/],
        ['no rights', (s) => void s.ring.missing.push(rights[door]), new RegExp(`may not ${rights[door]}`)],
        ['no ring', (s) => s.ring.close(), /nothing answers|none of its contact points/],
      ]
      for (const [what, leave, why] of left) {
        const s = await backedUp(t, door)
        t.equal(await s.run(s.restore).ended, 7, what)
        restoreByHand(s)
        leave(s)
        t.equal(await s.run(s.resume()).ended, 1, what)
        t.match(s.record('resume-a')?.failure?.why, why, what)
        t.equal(s.replicas.count, 0, what)
        t.strictSame(standing(s.record('restore-a')), waiting, what)
      }
    })

    t.test('given up before a node was stopped: the data of before serves; after that it is refused', async (t) => {
      const s = await backedUp(t, door)
      t.equal(await s.run(s.restore).ended, 7)
      t.equal(await s.run(s.undo()).ended, 0)
      t.ok(s.isServing())
      t.match(standing(s.record('restore-a')), ['failed', 7, 'previous', false])
      t.equal(await s.run(s.resume()).ended, 1)
      t.match(s.record('resume-a')?.failure, { why: 'it does not wait for you' })
      t.ok(s.isServing())

      const begun = await backedUp(t, door)
      t.equal(await begun.run(begun.restore).ended, 7)
      ;(begun.ring.nodes[1] ?? { generation: 0 }).generation += 1
      t.equal(await begun.run(begun.undo()).ended, 1)
      t.match(begun.record('undo-a')?.failure, { why: /node 127\.1\.0\.2 was stopped or started/, next: /--continue/ })
      t.strictSame(standing(begun.record('restore-a')), waiting, 'it waits on')
      t.equal(begun.replicas.count, 0)
    })

    t.test('a ring that cannot be asked is restored all the same, and what is not checked is said', async (t) => {
      const s = await backedUp(t, door)
      for (const node of s.ring.nodes) node.fault = 'down'
      t.equal(await s.run(s.restore).ended, 7)
      t.match(s.record('restore-a')?.findings, [
        { check: 'cassandra nodes', outcome: 'warning', message: /no pod|not answer/ },
      ])
      t.equal(await s.run(s.undo()).ended, 1)
      t.match(s.record('undo-a')?.failure, { why: /could not be asked when it was handed over/ })
      for (const node of s.ring.nodes) node.fault = undefined
      restoreByHand(s)
      t.equal(await s.run(s.resume()).ended, 0)
      t.match(
        s.record('resume-a')?.findings.filter(({ outcome }) => outcome === 'warning'),
        [{ check: 'cassandra restarts' }, { check: 'cassandra, not seen' }],
      )
      t.ok(s.isServing())
    })

    t.test('what this program needs for its own part is refused before anything is stopped', async (t) => {
      const s = await backedUp(t, door)
      const rightsBefore = [...s.ring.missing]
      s.ring.missing.push(rights[door])
      t.equal(await s.run(s.restore).ended, 1)
      t.match(s.record('restore-a')?.failure, { what: /nothing was touched/, next: /install --cassandra-namespace ns/ })
      s.ring.missing.splice(0, s.ring.missing.length, ...rightsBefore)
      t.equal(await s.run({ ...s.restore, operation: 'restore-b', dropPrevious: true }).ended, 1)
      t.match(s.record('restore-b')?.failure, { why: /--drop-previous/ })
      t.ok(s.isServing())
    })
  })

t.test('a release that was started before the restore goes on: refused', async (t) => {
  const s = await backedUp(t)
  t.equal(await s.run(s.restore).ended, 7)
  restoreByHand(s)
  await s.cluster.scale('my-ledger', 1)
  t.equal(await s.run(s.resume()).ended, 1)
  t.match(s.record('resume-a')?.failure, { what: /a release was started before it/, why: /scaled to 1/ })
  t.strictSame(standing(s.record('restore-a')), waiting)
})

t.test('a restore killed at any write and started again waits for its administrator just the same', async (t) => {
  const s = await backedUp(t)
  for (let dies = 1; ; dies += 1) {
    const restore = { ...s.restore, operation: `restore-${dies}` }
    const survived = await s.run(restore, dyingAt(s.cluster, dies)).ended.then(
      (code) => code === 7,
      () => false,
    )
    const code = survived ? 7 : await s.run(restore, asAnotherProcess(s.cluster)).ended
    const where = `killed at write ${dies}: ${s.record(restore.operation)?.failure?.why}`
    t.equal(code, 7, where)
    t.strictSame(standing(s.record(restore.operation)), waiting, where)
    t.equal(s.replicas.count, 0, where)
    const undo = { ...s.undo(`undo-${dies}`), restore: restore.operation }
    t.equal(await s.run(undo, asAnotherProcess(s.cluster)).ended, 0, where)
    t.ok(s.isServing(), where)
    if (survived) break
  }
})

for (const kind of ['resume', 'undo'] as const)
  t.test(`a ${kind} killed at any write and started again ends as it would have`, async (t) => {
    const s = await backedUp(t)
    for (let dies = 1; ; dies += 1) {
      const restore = `restore-${dies}`
      t.equal(await s.run({ ...s.restore, operation: restore }, asAnotherProcess(s.cluster)).ended, 7)
      if (kind === 'resume') restoreByHand(s)
      const request = { ...s[kind](`${kind}-${dies}`), restore }
      const survived = await s.run(request, dyingAt(s.cluster, dies)).ended.then(
        (code) => code === 0,
        () => false,
      )
      const where = `killed at write ${dies}`
      if (!survived) t.equal(await s.run(request, asAnotherProcess(s.cluster)).ended, 0, where)
      t.ok(s.isServing(), where)
      const serving = kind === 'resume' ? 'restored' : 'previous'
      t.strictSame(standing(s.record(restore)).slice(2), [serving, false], where)
      if (survived) break
    }
  })
