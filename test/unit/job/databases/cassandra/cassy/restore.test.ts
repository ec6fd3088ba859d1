import t, { type Test } from 'tap'
import type { RequestOf } from '../../../../../../operation/request.ts'
import { dyingAt } from '../../../served-release.ts'
import { asAnotherProcess } from '../../../in-memory-cluster.ts'
import { hasGo } from '../../../../../stand-ins/versitygw/versitygw.ts'
import { cassyGround, impatient } from './stage.ts'

// Restores of backups by Cassy: stopped, handed over, and gone on with.

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
    const disks = [...s.cassy.disks]
    const isWhole = async () => {
      const keys = await s.keys()
      return disks.every(([address, { files, isSpoiled }]) => {
        const its = keys.filter((key) => key.includes(`/${address}/`))
        return !isSpoiled && its.length > 0 && files.size === its.length
      })
    }
    return {
      ...s,
      restore,
      resume,
      undo,
      /** What Cassy writes down of a restore of one node. */
      restored: (address: string, status: number, created_at: number, of: Record<string, string> = {}) =>
        s.cassy.restores.push({
          cluster_id: String(s.entry()?.details['clusterId']),
          snapshot_id: String(s.entry()?.details['snapshotId']),
          target_ip: address,
          restore_type: 2,
          created_at,
          status,
          ...of,
        }),
      isWhole,
      /** What an administrator does first, on all nodes or some. */
      stopAndEmpty(addresses = disks.map(([address]) => address)) {
        s.ring.stop(s.ring.nodes.filter(({ address }) => addresses.includes(address)))
        for (const [address, disk] of disks)
          if (addresses.includes(address)) Object.assign(disk, { files: new Set(), isSpoiled: false })
      },
      /** What he does last: the ring has what is on its disks. */
      async startNodes() {
        s.ring.transactions.delete((await isWhole()) ? 'new' : 'old')
        s.ring.start()
      },
      /** Runs a part of the restore. @returns its exit code and why it failed, or what is left to do */
      async goOn(operation: string) {
        const code = await s.run(resume(operation)).ended
        const { failure } = s.record(operation) ?? {}
        return `${code} ${code === 7 ? failure?.next : failure?.why}`
      },
    }
  }

  t.test('a restore by its administrator, Cassy and this program in turns', async (t) => {
    const s = await backedUp(t)
    // A restore of before is none of this.
    for (const { address } of s.ring.nodes) s.restored(address, 3, Date.now() - minuteMs)
    t.equal(await s.run(s.restore).ended, 7)
    t.equal(s.replicas.count, 0)
    t.match(s.record('restore-a')?.restore?.waitsFor?.join('\n'), /Stop Cassandra on every node, and leave it stopped/)

    t.match(await s.goOn('resume-a'), /^1 .*has not restored node 127\.1\.0\.1 since.*and Cassandra runs/)
    s.stopAndEmpty(['127.1.0.1', '127.1.0.2'])
    t.match(await s.goOn('resume-b'), /^1 /, 'the third still runs')
    t.strictSame(s.asked('RestoreBackup'), [])
    t.equal(s.replicas.count, 0)

    s.stopAndEmpty()
    t.match(await s.goOn('resume-c'), /^7 .*Cassy has put the files back on every node.*Start Cassandra.*--continue/s)
    t.strictSame(s.asked('RestoreBackup'), ['RestoreBackup 2 127.1.0.1 127.1.0.2 127.1.0.3'])
    t.ok(await s.isWhole())
    t.match(s.record('restore-a'), {
      exitCode: 7,
      failure: { next: /Start Cassandra/ },
      restore: { serving: 'nothing', waitsFor: [/Cassy has put the files back/], wayBack: [/--continue/] },
    })
    t.notMatch(s.record('restore-a')?.restore?.wayBack.join(), /--undo/)
    t.match(await s.goOn('resume-d'), /^7 .*Start Cassandra/s)
    t.equal(s.asked('RestoreBackup').length, 1, 'it is asked once')
    t.equal(await s.run(s.undo).ended, 1, 'there is no way back any more')

    await s.startNodes()
    t.equal(await s.goOn('resume-e'), '0 undefined')
    t.ok(s.isServing())
    t.match(
      s.record('resume-e')?.findings.map(({ check, outcome }) => `${check}: ${outcome}`),
      [
        'cassy: ok',
        'cassandra nodes: ok',
        'cassandra tokens: ok',
        'cassandra restarts: ok',
        'cassandra schema: ok',
        'cassandra data: ok',
        'cassandra, not seen: warning',
      ],
    )
    t.match(s.record('restore-a'), { state: 'succeeded', exitCode: 0, restore: { serving: 'restored' } })
  })

  t.test('killed at any write while Cassy is at work: it is asked once, and every node is whole', async (t) => {
    for (let dies = 1; ; dies += 1) {
      const s = await backedUp(t)
      t.equal(await s.run(s.restore).ended, 7)
      s.stopAndEmpty()
      s.cassy.before = () => new Promise((done) => setTimeout(done, 30))
      const survived = await s.run(s.resume('resume-a'), dyingAt(s.cluster, dies)).ended.then(
        (code) => code === 7,
        () => false,
      )
      const code = survived ? 7 : await s.run(s.resume('resume-a'), asAnotherProcess(s.cluster)).ended
      t.equal(code, 7, `killed at write ${dies}`)
      t.equal(s.asked('RestoreBackup').length, 1, `killed at write ${dies}`)
      t.ok(await s.isWhole(), `killed at write ${dies}`)
      t.match(s.record('restore-a')?.restore?.waitsFor?.[0], /Cassy has put the files back/)
      s.cassy.kill()
      if (survived) break
    }
  })

  t.test('a node whose restore fails is emptied again, and asked for alone', async (t) => {
    const s = await backedUp(t)
    await s.run(s.restore).ended
    s.stopAndEmpty()
    s.cassy.restoreFaults.set('127.1.0.2', 'fails')
    const told = /^7 .*has failed on node 127\.1\.0\.2\. .*Empty the node's data folder again/s
    t.match(await s.goOn('resume-a'), told)
    s.cassy.restoreFaults.clear()
    t.match(await s.goOn('resume-b'), told, 'its half is in the way, and Cassy overwrites nothing')
    s.stopAndEmpty(['127.1.0.2'])
    t.match(await s.goOn('resume-c'), /^7 .*Start Cassandra/s)
    t.strictSame(s.asked('RestoreBackup').slice(1), ['RestoreBackup 2 127.1.0.2', 'RestoreBackup 2 127.1.0.2'])
    t.ok(await s.isWhole())
  })

  t.test('Cassy that says failed while its programs run: told, and asked again once the nodes are empty', async (t) => {
    const s = await backedUp(t)
    await s.run(s.restore).ended
    s.stopAndEmpty()
    for (const { address } of s.ring.nodes) s.cassy.restoreFaults.set(address, 'unwritten')
    t.match(await s.goOn('resume-a'), /^7 .*127\.1\.0\.1, 127\.1\.0\.2, 127\.1\.0\.3.*Wait until its program runs/s)
    while ([...s.cassy.disks.values()].some(({ programs }) => programs > 0))
      await new Promise((done) => setTimeout(done, 5))
    s.cassy.restoreFaults.clear()
    s.stopAndEmpty()
    t.match(await s.goOn('resume-b'), /^7 .*Start Cassandra/s)
    t.ok(await s.isWhole())
  })

  const forgetful: Record<string, (s: Awaited<ReturnType<typeof backedUp>>) => unknown> = {
    'a node that Cassy cannot log in to': (s) => s.cassy.restoreFaults.set('127.1.0.3', 'ssh'),
    'Cassy that ends while it restores, and is started anew': (s) => {
      s.cassy.before = async (what) => {
        if (what !== 'placed') return
        s.cassy.before = undefined
        s.cassy.kill()
        await s.cassy.start()
      }
    },
  }
  for (const [what, prepare] of Object.entries(forgetful))
    t.test(`${what}: started for ever, so its administrator is told, and nothing is asked for twice`, async (t) => {
      impatient(t)
      const s = await backedUp(t)
      await s.run(s.restore).ended
      s.stopAndEmpty()
      await prepare(s)
      const told =
        /^7 .*says nothing new of node .*127\.1\.0\.3.*UPDATE restore_history SET status = 4 .*'127\.1\.0\.3'/s
      t.match(await s.goOn('resume-a'), told)
      t.match(await s.goOn('resume-b'), told)
      t.equal(s.asked('RestoreBackup').length, 1)
      for (const entry of s.cassy.restores) if (entry.status < 3) entry.status = 4
      s.cassy.restoreFaults.clear()
      t.match(await s.goOn('resume-c'), /^7 .*has failed on node .*127\.1\.0\.3/s)
      const failed = s.cassy.restores.filter(({ status }) => status === 4).map(({ target_ip }) => target_ip)
      s.stopAndEmpty(failed)
      t.match(await s.goOn('resume-d'), /^7 .*Start Cassandra/s)
      t.strictSame(s.asked('RestoreBackup').slice(1), [`RestoreBackup 2 ${failed.join(' ')}`])
      t.ok(await s.isWhole())
      t.equal(s.replicas.count, 0)
    })

  t.test('a restore of the same ring by somebody else is in the way, whatever its name there', async (t) => {
    const s = await backedUp(t)
    await s.run(s.restore).ended
    s.stopAndEmpty()
    s.cassy.clusters.push({ cluster_id: 'theirs', target_ips: ['127.1.0.2'], keyspaces: [] })
    const theirs = { cluster_id: 'theirs', snapshot_id: 'their-snapshot' }
    // Whatever was forgotten before a later one that came to its end is in nobody's way.
    s.restored('127.1.0.2', 2, Date.now() - 3 * minuteMs, theirs)
    s.restored('127.1.0.2', 2, Date.now() - 2 * minuteMs, theirs)
    t.match(await s.goOn('resume-a'), /^1 .*at work on node 127\.1\.0\.2, on snapshot their-snapshot since/)
    t.match(s.record('resume-a')?.failure, { next: /wait for its end.*pgrep.*UPDATE restore_history/ })
    t.strictSame(s.asked('RestoreBackup'), [])
    s.restored('127.1.0.2', 3, Date.now() - minuteMs, theirs)
    t.match(await s.goOn('resume-b'), /^7 .*Start Cassandra/s)
  })

  t.test('a lost answer: what Cassy has written down counts', async (t) => {
    const after = await backedUp(t)
    await after.run(after.restore).ended
    after.stopAndEmpty()
    after.cassy.losesAnswer = (method) => (method === 'RestoreBackup' ? 'after' : undefined)
    t.match(await after.goOn('resume-a'), /^7 .*Start Cassandra/s)
    t.equal(after.asked('RestoreBackup').length, 1)

    const before = await backedUp(t)
    await before.run(before.restore).ended
    before.stopAndEmpty()
    before.cassy.losesAnswer = (method) => (method === 'RestoreBackup' ? 'before' : undefined)
    t.match(await before.goOn('resume-a'), /^1 UNAVAILABLE/)
    before.cassy.losesAnswer = undefined
    t.match(await before.goOn('resume-b'), /^7 .*Start Cassandra/s)
    t.ok(await before.isWhole())
  })

  t.test('Cassy that is away right after it was asked is waited for', async (t) => {
    const s = await backedUp(t)
    await s.run(s.restore).ended
    s.stopAndEmpty()
    let away = 3
    s.cassy.losesAnswer = (method) => {
      if (method !== 'ListRestoreStatuses' || s.asked('RestoreBackup').length === 0 || away === 0) return undefined
      away -= 1
      return 'before'
    }
    t.match(await s.goOn('resume-a'), /^7 .*Start Cassandra/s)
    t.equal(away, 0)
    t.equal(s.asked('RestoreBackup').length, 1)
    t.ok(await s.isWhole())
  })

  t.test(
    'files that go from the bucket meanwhile: Cassy calls the node completed, this program does not',
    async (t) => {
      const s = await backedUp(t)
      await s.run(s.restore).ended
      s.stopAndEmpty()
      const of = (address: string) => (key: string) =>
        key.includes(`${address}/scalar/asset-`) && key.endsWith('2-big-Data.db')
      const keys = await s.keys()
      s.cassy.before = async (what) => {
        if (what === 'download') await s.remove(keys.find(of('127.1.0.2')) ?? '')
      }
      t.match(await s.goOn('resume-a'), /^1 .*no nb-2-big-Data\.db of scalar\.asset of node 127\.1\.0\.2/)
      t.ok(s.cassy.restores.every(({ status }) => status === 3))
      t.match(s.record('resume-a')?.failure, { next: /bring these files back/ })

      const early = await backedUp(t)
      await early.run(early.restore).ended
      early.stopAndEmpty()
      await early.remove((await early.keys()).find(of('127.1.0.3')) ?? '')
      t.match(await early.goOn('resume-a'), /^1 .*of node 127\.1\.0\.3/)
      t.strictSame(early.asked('RestoreBackup'), [])
    },
  )

  t.test('a node that is not started again, or was never stopped, is found', async (t) => {
    const s = await backedUp(t)
    await s.run(s.restore).ended
    s.stopAndEmpty()
    await s.goOn('resume-a')
    await s.startNodes()
    s.ring.stop(s.ring.nodes.slice(2))
    t.match(await s.goOn('resume-b'), /^1 .*node 127\.1\.0\.3 does not answer/)
    s.ring.start()
    Object.assign(s.ring.nodes[1] ?? {}, { generation: 1_763_700_001 })
    t.match(await s.goOn('resume-c'), /^1 .*not stopped since the hand-over: node 127\.1\.0\.2/)
    t.equal(s.replicas.count, 0)
  })

  t.test('it is given up as long as no node was stopped, and not after', async (t) => {
    const s = await backedUp(t)
    await s.run(s.restore).ended
    t.equal(await s.run(s.undo).ended, 0)
    t.ok(s.isServing())

    const stopped = await backedUp(t)
    await stopped.run(stopped.restore).ended
    stopped.ring.start()
    t.equal(await stopped.run(stopped.undo).ended, 1)
    t.match(stopped.record('undo-a')?.failure, { why: /was stopped or started since/, next: /--continue/ })
    t.equal(stopped.replicas.count, 0)
  })

  t.test('it is not given up once Cassy was asked, also where its nodes could not be reached and ran on', async (t) => {
    for (const isAway of [false, true]) {
      const s = await backedUp(t)
      await s.run(s.restore).ended
      const generations = s.ring.nodes.map(({ generation }) => generation)
      s.stopAndEmpty()
      t.match(await s.goOn('resume-a'), /^7 /)
      s.ring.start()
      for (const [index, node] of s.ring.nodes.entries()) node.generation = generations[index] ?? 0
      if (isAway) s.cassy.kill()
      t.equal(await s.run(s.undo).ended, 1)
      t.match(s.record('undo-a')?.failure, { why: /Cassy was asked to put files/ })
      t.equal(s.replicas.count, 0)
    }
  })

  t.test('a Cassy whose clock was set back: its restore is known all the same, and asked for once', async (t) => {
    const s = await backedUp(t)
    for (const { address } of s.ring.nodes) s.restored(address, 3, Date.now() + 60 * minuteMs)
    await s.run(s.restore).ended
    s.stopAndEmpty()
    t.match(await s.goOn('resume-a'), /^7 .*Start Cassandra/s)
    t.equal(s.asked('RestoreBackup').length, 1)
    t.ok(await s.isWhole())
    await s.startNodes()
    t.equal(await s.goOn('resume-b'), '0 undefined')
  })

  t.test('a node that has another address by then: Cassy would not find it, and that is said', async (t) => {
    const s = await backedUp(t)
    Object.assign(s.ring.nodes[2] ?? {}, { address: '127.1.0.9' })
    t.equal(await s.run(s.restore).ended, 7)
    t.match(
      s.record('restore-a')?.findings.find(({ check }) => check === 'cassandra addresses'),
      { outcome: 'warning', message: /node 127\.1\.0\.3 of the backup is 127\.1\.0\.9 now/ },
    )
  })

  t.test('a backup of which a file is gone, or empty, is not begun to be restored', async (t) => {
    const refused = async (end: string, spoil: (s: Awaited<ReturnType<typeof backedUp>>, key: string) => unknown) => {
      const s = await backedUp(t)
      const key = (await s.keys()).find((one) => one.includes('127.1.0.2/scalar/asset-') && one.endsWith(end))
      await spoil(s, key ?? '')
      t.equal(await s.run(s.restore).ended, 1)
      t.ok(s.isServing())
      return s.record('restore-a')?.failure?.why
    }
    const of = 'of scalar\\.asset of node 127\\.1\\.0\\.2'
    for (const file of ['nb-1-big-Data.db', 'nb-1-big-CompressionInfo.db', 'nb-2-big-TOC.txt'])
      t.match(await refused(file, (s, key) => s.remove(key)), new RegExp(`no ${file} ${of}`))
    const empty = await refused('nb-1-big-Data.db', (s, key) => s.put(key, ''))
    t.match(empty, /an empty nb-1-big-Data\.db of scalar\.asset of node 127\.1\.0\.2/)
  })

  t.test('a Cassy that is gone by the time of a restore: what it did cannot be told, and that is said', async (t) => {
    const s = await backedUp(t)
    for (const { address } of s.ring.nodes) s.restored(address, 3, Date.now() - minuteMs)
    s.cassy.kill()
    t.equal(await s.run(s.restore).ended, 7)
    t.match(
      s.record('restore-a')?.findings.find(({ check }) => check === 'cassy'),
      { outcome: 'warning', cure: /have it run there/ },
    )
    s.stopAndEmpty()
    t.match(await s.goOn('resume-a'), /^1 UNAVAILABLE/, 'and nothing is put back without it')
    // By hand, out of the bucket.
    s.ring.transactions.delete('new')
    s.ring.start()
    t.equal(await s.goOn('resume-b'), '0 undefined')
    t.match(s.record('resume-b')?.findings[0], { check: 'cassy', outcome: 'warning', message: /you vouch for it/ })
    t.ok(s.isServing())
  })

  t.test('a Cassy that was made again: its restores of before count for nothing', async (t) => {
    const s = await backedUp(t)
    for (const { address } of s.ring.nodes) s.restored(address, 3, Date.now() - minuteMs)
    s.cassy.kill()
    t.equal(await s.run(s.restore).ended, 7)
    await s.cassy.start()
    s.stopAndEmpty()
    t.match(await s.goOn('resume-a'), /^7 .*Start Cassandra/s)
    t.equal(s.asked('RestoreBackup').length, 1)
    t.ok(await s.isWhole())
  })
}
