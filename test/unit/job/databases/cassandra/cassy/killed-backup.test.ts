import t, { type Test } from 'tap'
import { Interrupted } from '../../../../../../job/process/interrupted.ts'
import { hasGo } from '../../../../../stand-ins/versitygw/versitygw.ts'
import { killedBackups } from '../stage.ts'
import { cassyGround } from './stage.ts'

// Workers killed in backups by Cassy.

if (!hasGo()) t.test('Cassy', { skip: 'there is no go to compile an S3 server with' }, (t) => t.end())
else {
  const scene = await cassyGround(t)

  t.test('killed at any write and started again: restorable and whole, or unusable', async (t) => {
    const ends = new Set<string>()
    for await (const { s, code, backup, where } of killedBackups(() => scene(t))) {
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
    }
    t.strictSame([...ends].sort(), ['0 restorable', '3 unusable'], 'both happen')
  })

  /** A backup whose worker is stopped once its pause is over, before anything is uploaded. */
  const stopped = async (t: Test) => {
    const s = await scene(t)
    const first = s.run()
    s.cassy.before = async (what) => {
      if (what !== 'upload') return
      s.cassy.before = undefined
      while (s.record()?.backup?.state !== 'recorded') await new Promise((done) => setTimeout(done, 5))
      first.stop.abort(new Interrupted('SIGTERM'))
      await first.ended.catch(() => undefined)
    }
    await first.ended.catch(() => undefined)
    return s
  }

  t.test('stopped while Cassy uploads: another goes on with the same snapshots', async (t) => {
    const s = await stopped(t)
    t.equal(await s.run().ended, 0)
    t.equal(s.asked('TakeBackup').length, 1)
    t.match(s.record()?.windows, { length: 1 })
    t.equal(s.entry()?.details['snapshotId'], s.cassy.history[0]?.snapshot_id)
    t.match(
      s.entry()?.details['nodes'],
      s.ring.nodes.map(({ hostId, address }) => ({ hostId, address })),
    )
  })

  t.test('a node that goes while no worker runs: unusable, since the record would tell of another ring', async (t) => {
    const s = await stopped(t)
    s.ring.nodes.pop()
    t.equal(await s.run().ended, 3)
    t.match(s.record()?.backup, { state: 'unusable', reason: /[0-9a-f-]{36} has left/ })
    t.strictSame(s.onNodes(), [])
  })
}
