import t, { type Test } from 'tap'
import type { RequestOf } from '../../../../../../operation/request.ts'
import { dyingAt } from '../../../served-release.ts'
import { asAnotherProcess } from '../../../in-memory-cluster.ts'
import { hasGo } from '../../../../../stand-ins/versitygw/versitygw.ts'
import { cassyGround } from './stage.ts'

// Workers killed in backups by Cassy, and restores of such backups: stopped, handed over, and gone on with.

const minuteMs = 60_000

if (!hasGo()) t.test('Cassy', { skip: 'there is no go to compile an S3 server with' }, (t) => t.end())
else {
  const scene = await cassyGround(t)

  /** A scene with a good backup, and a transaction on either side of its restore point. */
  const backedUp = async (t: Test) => {
    const s = await scene(t)
    s.ring.transactions.set('old', Date.now() - 10 * minuteMs)
    if ((await s.run().ended) !== 0) throw new Error(`no backup: ${s.record()?.failure?.why}`)
    s.ring.transactions.set('new', Date.now() + 10 * minuteMs)
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
    const resume = (operation: string): RequestOf<'resume'> => ({
      ...unpaused,
      kind: 'resume',
      operation,
      restore: 'restore-a',
    })
    const undo: RequestOf<'undo'> = { ...own, kind: 'undo', operation: 'undo-a', restore: 'restore-a' }
    /** What Cassy writes down of a restore of one node. */
    const restored = (address: string, status: number, at = Date.now() + 1) =>
      s.cassy.restores.push({
        target_ip: address,
        snapshot_id: String(s.entry()?.details['snapshotId']),
        created_at: at,
        status,
      })
    return { ...s, restore, restored, resume, undo }
  }

  t.test('killed at any write and started again: restorable and whole, or unusable', async (t) => {
    const ends = new Set<string>()
    for (let dies = 1; ; dies += 1) {
      const s = await scene(t)
      const survived = await s.run(s.backup, dyingAt(s.cluster, dies)).ended.then(
        (code) => code === 0,
        () => false,
      )
      const code = survived ? 0 : await s.run(s.backup, asAnotherProcess(s.cluster)).ended
      const { backup, failure } = s.record() ?? {}
      const where = `killed at write ${dies}: exit code ${code}, ${backup?.state}, ${failure?.why}`
      ends.add(`${code} ${backup?.state}`)
      t.ok((code === 0 && backup?.state === 'restorable') || (code === 3 && backup?.state === 'unusable'), where)
      t.ok(s.asked('TakeBackup').length <= 2, where)
      const [entry] = backup?.databases ?? []
      t.strictSame(s.onNodes(), code === 0 ? [entry?.details['snapshotId']] : [], where)
      const folder = `node-backup/${String(entry?.details['clusterId'])}/`
      if (code === 0)
        t.ok(
          (await s.keys()).every((key) => key.startsWith(folder)),
          where,
        )
      t.ok(s.isServing(), where)
      s.cassy.kill()
      if (survived) break
    }
    t.strictSame([...ends].sort(), ['0 restorable', '3 unusable'], 'both happen')
  })

  t.test('a restore tells how Cassy puts it back, and goes on once Cassy and the ring say so', async (t) => {
    const s = await backedUp(t)
    const { clusterId, snapshotId } = s.entry()?.details ?? {}
    // A restore of before is none of this.
    for (const { address } of s.ring.nodes) s.restored(address, 3, Date.now() - minuteMs)
    t.equal(await s.run(s.restore).ended, 7)
    t.equal(s.replicas.count, 0)
    const steps = s.record('restore-a')?.restore?.waitsFor?.join('\n') ?? ''
    t.match(steps, new RegExp(`"cluster_id":"${String(clusterId)}","snapshot_id":"${String(snapshotId)}"`))
    t.match(steps, /"restore_type":2,"snapshot_only":true}' 127\.0\.0\.1:\d+ rpc\.Cassy\.RestoreBackup/)

    const waits = async (operation: string, why: RegExp) => {
      t.equal(await s.run(s.resume(operation)).ended, 1)
      t.match(s.record(operation)?.failure, { why })
      t.equal(s.replicas.count, 0)
    }
    await waits('resume-a', /it has not restored node 127\.1\.0\.1 since/)
    const [first, ...others] = s.ring.nodes
    for (const { address } of others) s.restored(address, 3)
    s.restored(first?.address ?? '', 2)
    await waits('resume-b', /its restore of node 127\.1\.0\.1 is not done/)
    s.restored(first?.address ?? '', 4, Date.now() + 2)
    await waits('resume-c', /its restore of node 127\.1\.0\.1 has failed/)
    s.restored(first?.address ?? '', 3, Date.now() + 3)
    await waits('resume-d', /transaction new of after the restore point is still in coordinator\.state/)

    t.equal(await s.run(s.undo).ended, 1)
    t.match(s.record('undo-a')?.failure, { next: /--continue/ })
    s.ring.transactions.delete('new')
    t.equal(await s.run(s.resume('resume-e')).ended, 0)
    t.ok(s.isServing())
    t.match(
      s.record('resume-e')?.findings.map(({ check, outcome }) => `${check}: ${outcome}`),
      [
        'cassy: ok',
        'cassandra tokens: ok',
        'cassandra schema: ok',
        'cassandra data: ok',
        'cassandra, not seen: warning',
      ],
    )
  })

  t.test('a backup of which a file is gone is not begun to be restored', async (t) => {
    const s = await backedUp(t)
    const key = (await s.keys()).find((one) => one.includes('127.1.0.2/scalar/asset-') && one.endsWith('Data.db'))
    await s.remove(key ?? '')
    t.equal(await s.run(s.restore).ended, 1)
    t.match(s.record('restore-a')?.failure, { why: /no nb-1-big-Data\.db of scalar\.asset of node 127\.1\.0\.2/ })
    t.ok(s.isServing())
  })

  t.test('a Cassy that is gone by the time of a restore: what it did cannot be told, and that is said', async (t) => {
    const s = await backedUp(t)
    s.cassy.kill()
    t.equal(await s.run(s.restore).ended, 7)
    s.ring.transactions.delete('new')
    t.equal(await s.run(s.resume('resume-a')).ended, 0)
    t.match(s.record('resume-a')?.findings[0], { check: 'cassy', outcome: 'warning', message: /you vouch for it/ })
    t.ok(s.isServing())
  })
}
