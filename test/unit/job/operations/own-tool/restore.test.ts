import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { Interrupted } from '../../../../../job/process/interrupted.ts'
import { asAnotherProcess } from '../../in-memory-cluster.ts'
import { dyingAt } from '../../served-release.ts'
import { firstThatMatters, goneAfterPreflight, scene } from './scene.ts'

// Restores by the administrator's own tool in the real starter: what may go wrong, and what is left then.

t.test('a restore stops the release, runs the command, and starts it; there is no way back', async (t) => {
  const s = await scene(t, 'cat "$SCALARDL_ARTEFACTS" > "$TOLD"; echo a.dmp > "$SCALARDL_ARTEFACTS"')
  process.env['TOLD'] = join(s.folder, 'told')
  t.equal(await s.pod(s.backup).ended, 0)
  const seen = join(s.folder, 'seen')
  writeFileSync(seen, '')
  const { ended } = s.pod(s.restore(), s.cluster, `cp "$SCALARDL_ARTEFACTS" ${seen}; sleep 0.5`)
  while (readFileSync(seen, 'utf8') === '') await sleep(20)
  t.equal(s.replicas.count, 0, 'it runs while the release is stopped')
  t.equal(await ended, 0)
  t.equal(readFileSync(seen, 'utf8'), 'a.dmp\n')
  t.equal(s.replicas.count, 2)
  t.match(s.record('restore-a')?.restore, {
    serving: 'restored',
    wayBack: [/^there is no way back: Oracle Database .* is restored by your own tool/],
    command: { phase: 'restore', runs: [{ end: 'exit code 0' }] },
  })
})

t.test('a restore whose command fails leaves the release stopped, since nobody knows what it left', async (t) => {
  const s = await scene(t, 'true')
  t.equal(await s.pod(s.backup).ended, 0)
  t.equal(await s.pod(s.restore(), s.cluster, 'exit 9').ended, 1)
  t.equal(s.replicas.count, 0)
  t.match(s.record('restore-a'), {
    restore: { serving: 'nothing', command: { runs: [{ end: 'exit code 9' }] } },
    failure: { why: /exit code 9/, next: /restore a backup again, with --replicas N \(before: my-ledger 2\)$/ },
  })
  t.equal(await s.pod({ ...s.restore('restore-b'), replicas: 2 }).ended, 0, 'another restore starts it')
  t.equal(s.replicas.count, 2)
})

t.test('nothing is stopped while the container of the tool is away', async (t) => {
  const s = await scene(t, 'true')
  t.equal(await s.pod(s.backup).ended, 0)
  const { container, ended, gone } = goneAfterPreflight(s, (its) => s.pod(s.restore(), its))
  await gone
  await sleep(1500)
  t.equal(s.replicas.count, 2)
  container.start()
  t.equal(await ended, 0)
})

t.test('a restore without the tool is refused while the release serves', async (t) => {
  const s = await scene(t, 'true')
  t.equal(await s.pod(s.backup).ended, 0)
  const { exec: _, ...bare } = s.restore()
  t.equal(await s.pod(bare).ended, 1)
  t.match(s.record('restore-a')?.failure, { what: /nothing was touched/, next: /--exec-image/ })
  t.equal(s.replicas.count, 2)
})

t.test('a restore that is killed while the command runs does not run it again', async (t) => {
  const s = await scene(t, 'true')
  t.equal(await s.pod(s.backup).ended, 0)
  const first = s.pod(s.restore(), s.cluster, 'sleep 300')
  while (s.runs() < 2) await sleep(20)
  first.stop.abort(new Interrupted('SIGTERM'))
  t.equal(await first.ended, 143)
  t.equal(await s.pod(s.restore(), s.cluster, 'true').ended, 1)
  t.equal(s.runs(), 2, 'the backup, and the restore once')
  t.match(s.record('restore-a'), { restore: { serving: 'nothing' }, failure: { what: /nobody knows how it ended/ } })
})

t.test('killed at any write and started again, a restore ends in service or stopped with the reason', async (t) => {
  const s = await scene(t, 'true')
  t.equal(await s.pod(s.backup).ended, 0)
  for (let dies = await firstThatMatters(t, s, s.restore('restore-whole')); ; dies += 1) {
    const operation = `restore-${dies}`
    const before = s.runs()
    s.replicas.count = 2
    const survived = await s.pod(s.restore(operation), dyingAt(s.cluster, dies)).ended.then(
      (code) => code === 0,
      () => false,
    )
    const code = survived ? 0 : await s.pod(s.restore(operation), asAnotherProcess(s.cluster)).ended
    const { restore, failure } = s.record(operation) ?? {}
    const why = `${failure?.what}: ${failure?.why}`
    const where = `killed at write ${dies}: exit code ${code}, ${restore?.serving}: ${why}`
    t.ok(s.runs() - before <= 1, where)
    if (code === 0) t.match([restore?.serving, s.replicas.count, s.runs() - before], ['restored', 2, 1], where)
    else t.match([restore?.serving, why], ['nothing', /nobody knows how it ended|exit code/], where)
    if (survived) break
  }
})
