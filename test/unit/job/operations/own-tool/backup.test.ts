import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { Interrupted } from '../../../../../job/process/interrupted.ts'
import { asAnotherProcess } from '../../in-memory-cluster.ts'
import { dyingAt } from '../../served-release.ts'
import { firstThatMatters, goneAfterPreflight, scene } from './scene.ts'

// Backups by the administrator's own tool in the real starter: what may go wrong, and what is left then.

/** Tells of all variables but those that the run of the tests has. */
const tellsAll =
  'env | grep ^SCALARDL_ | grep -v ^SCALARDL_TEST_ > "$TOLD"; ' +
  'echo "$SCALARDL_BACKUP.dmp" >> "$SCALARDL_ARTEFACTS"; echo made'

function toldIn(file: string): Record<string, string> {
  const pairs = readFileSync(file, 'utf8').trim().split('\n')
  return Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]))
}

t.test('in the pause: run once, told what it needs, and recorded with what it made', async (t) => {
  const s = await scene(t, tellsAll)
  process.env['TOLD'] = join(s.folder, 'told')
  const { ended, events } = s.pod(s.backup)
  t.equal(await ended, 0)
  t.equal(s.runs(), 1)
  const [window] = s.record()?.windows ?? []
  const { SCALARDL_ARTEFACTS: _, SCALARDL_WINDOW_END: end, ...told } = toldIn(join(s.folder, 'told'))
  t.strictSame(told, {
    SCALARDL_PHASE: 'snapshot',
    SCALARDL_NAMESPACE: 'ns',
    SCALARDL_RELEASES: 'my-ledger',
    SCALARDL_DATABASES: 'Oracle Database at db.example.com:1521/ORCL',
    SCALARDL_BACKUP: 'a',
    SCALARDL_WINDOW_START: window?.allPausedAt ?? '',
    SCALARDL_RUN: '1',
  })
  t.equal(Date.parse(end ?? ''), Date.parse(window?.pauseSentAt ?? '') + 20_000)
  t.match(s.record()?.backup, {
    state: 'restorable',
    pause: { paused: true },
    databases: [
      {
        kind: 'other-database',
        title: 'Oracle Database at db.example.com:1521/ORCL',
        storages: ['ledger/default'],
        details: { artefacts: ['a.dmp'], tool: 'sh in tools:1' },
      },
    ],
    command: { phase: 'snapshot', runs: [{ window: 1, end: 'exit code 0', artefacts: ['a.dmp'] }] },
  })
  const [run] = s.record()?.backup?.command?.runs ?? []
  t.ok(Date.parse(run?.startedAt ?? '') >= Date.parse(window?.allPausedAt ?? ''))
  t.ok(Date.parse(run?.finishedAt ?? '') <= Date.parse(window?.unpauseSentAt ?? ''), 'all of it in the window')
  t.ok(Date.parse(s.record()?.backup?.restorePoint ?? '') > Date.parse(window?.allPausedAt ?? ''))
  t.ok(events.some(({ message }) => message === 'sh: made'))
  t.notMatch(JSON.stringify([...s.cluster.recordsByName.values(), events]), /tiger/)
})

t.test('after the pause: it is told the restore point and the window', async (t) => {
  const s = await scene(t, tellsAll, { exec: { image: 'tools:1', program: 'sh', phase: 'complete', timeoutMs: 5000 } })
  process.env['TOLD'] = join(s.folder, 'told')
  t.equal(await s.pod(s.backup).ended, 0)
  const [window] = s.record()?.windows ?? []
  t.match(toldIn(join(s.folder, 'told')), {
    SCALARDL_PHASE: 'complete',
    SCALARDL_RESTORE_POINT: s.record()?.backup?.restorePoint,
    SCALARDL_WINDOW_START: window?.allPausedAt,
    SCALARDL_WINDOW_END: window?.unpauseSentAt,
  })
  t.match(s.record()?.backup, { state: 'restorable', command: { runs: { length: 1 } } })
})

for (const phase of ['snapshot', 'complete'] as const) {
  const exec = { image: 'tools:1', program: 'sh', phase, timeoutMs: 1500 }
  t.test(`${phase}: a command that fails or hangs makes the backup unusable, and every server serves`, async (t) => {
    for (const [script, end] of [
      ['echo half >> "$SCALARDL_ARTEFACTS"; exit 1', /^exit code 1$/],
      ['echo half >> "$SCALARDL_ARTEFACTS"; sleep 300', /^it took longer than 1\.5 s \(--exec-timeout\)/],
    ] as const) {
      const s = await scene(t, script, { exec })
      t.equal(await s.pod(s.backup).ended, 3)
      t.match(s.record(), {
        backup: { state: 'unusable', reason: end.source.startsWith('^exit') ? /exit code 1/ : /took longer/ },
        failure: { what: 'sh, your own tool, failed', next: /kubectl scalardl logs backup-a/ },
      })
      const runs = s.record()?.backup?.command?.runs
      t.match(runs, [{ end, artefacts: ['half'] }], 'what it left is named')
      t.equal(runs?.length, 1)
      t.equal(s.runs(), 1)
      t.ok(s.isServing())
    }
  })
}

t.test('a command that succeeds in a window that turns out void does not save it', async (t) => {
  const s = await scene(t, 'sleep 1')
  const { ended, events } = s.pod(s.backup)
  while (!events.some(({ code }) => code === 'paused')) await sleep(10)
  const [first] = s.ledgers
  // Somebody else opens a server for a moment.
  s.cluster.change({
    of: 'pod',
    name: first?.pod.name ?? '',
    ...(first && { before: first.pod, now: { ...first.pod, restarts: 1 } }),
  })
  t.equal(await ended, 3)
  t.match(s.record(), {
    windows: [{ verdict: 'void' }],
    backup: { state: 'unusable', reason: /the pause proves nothing/, command: { runs: [{ end: 'exit code 0' }] } },
  })
  t.equal(s.runs(), 1)
  t.ok(s.isServing())
})

t.test('after a pause that proves nothing, what is to run after it does not run', async (t) => {
  const s = await scene(t, 'true', { exec: { image: 'tools:1', program: 'sh', phase: 'complete', timeoutMs: 5000 } })
  for (const { gate, pod } of s.ledgers.slice(0, 1)) {
    const pause = gate.pause.bind(gate)
    gate.pause = async (waitMs) => {
      const result = await pause(waitMs)
      s.cluster.change({ of: 'pod', name: pod.name, before: pod, now: { ...pod, restarts: 1 } })
      return result
    }
  }
  t.equal(await s.pod(s.backup).ended, 3)
  t.match(s.record(), {
    windows: [{ verdict: 'void' }],
    backup: { state: 'unusable', reason: /the pause proves nothing/, command: undefined },
  })
  t.equal(s.runs(), 0)
  t.ok(s.isServing())
})

t.test('what cannot begin is refused before anything is paused', async (t) => {
  const missing = await scene(t, '')
  t.equal(await missing.pod(missing.backup, missing.cluster, '', 'no-such-program').ended, 1)
  t.match(missing.record(), {
    windows: { length: 0 },
    failure: { what: /nothing was touched/, why: /the image has no program no-such-program/ },
  })

  const without = await scene(t, '')
  const { exec: _, ...bare } = without.backup
  t.equal(await without.pod(bare).ended, 1)
  t.match(without.record(), {
    windows: { length: 0 },
    failure: { what: /nothing was paused/, why: /Oracle Database/, next: /--exec-image IMAGE -- COMMAND/ },
  })
  t.match(
    without.record()?.findings.find(({ outcome }) => outcome === 'warning'),
    { subject: /Oracle Database/, message: /no backup of its own/ },
  )
  t.ok(without.ledgers.every(({ log }) => !log.some((line) => line.startsWith('Pause'))))

  const long = await scene(t, '', { exec: { image: 'i', program: 'sh', phase: 'snapshot', timeoutMs: 30_000 } })
  t.equal(await long.pod(long.backup).ended, 1)
  t.match(long.record(), { windows: { length: 0 }, failure: { why: /--max-pause allows 20\.0 s/ } })
})

t.test('a tool that no database is left to is refused, since it would not run', async (t) => {
  const cassandra = ['scalar.db.storage=cassandra', 'scalar.db.contact_points=127.0.0.1']
  const s = await scene(t, 'true', {}, cassandra)
  t.equal(await s.pod(s.backup).ended, 2)
  t.match(s.record()?.failure, { what: '--exec-image has nothing to back up', why: /cassandra/ })
  t.equal(s.runs(), 0)
  t.ok(s.ledgers.every(({ log }) => !log.some((line) => line.startsWith('Pause'))))
})

t.test('nothing is paused while the container of the tool is away', async (t) => {
  const s = await scene(t, 'true')
  const { container, ended, gone } = goneAfterPreflight(s, (its) => s.pod(s.backup, its))
  await gone
  await sleep(1500)
  t.ok(s.ledgers.every(({ log }) => !log.some((line) => line.startsWith('Pause'))))
  container.start()
  t.equal(await ended, 0)
  t.equal(s.runs(), 1)
})

t.test('a worker that is killed in the pause leaves nothing running; another pause runs it again', async (t) => {
  for (const [retries, code, state] of [
    [0, 3, 'unusable'],
    [1, 0, 'restorable'],
  ] as const) {
    const s = await scene(t, 'true', { retries })
    const first = s.pod(s.backup, asAnotherProcess(s.cluster), 'sleep 300')
    while (s.runs() === 0) await sleep(20)
    first.stop.abort(new Interrupted('SIGTERM'))
    t.equal(await first.ended, 143)
    t.ok(s.isServing())
    t.equal(await s.pod(s.backup, asAnotherProcess(s.cluster)).ended, code)
    t.equal(s.runs(), 1 + retries)
    t.match(s.record()?.backup, { state, command: { runs: { length: 1 + retries } } })
    t.ok(s.isServing())
  }
})

t.test('the end of a command that a shell could not run says what that means', async (t) => {
  for (const [script, end] of [
    ['no-such-program', /^exit code 127, which a shell gives for a program that it does not find$/],
    ['kill -KILL $$', /^exit code 137: it was killed; too little memory \(--exec-limits\) is the usual cause$/],
  ] as const) {
    const s = await scene(t, script)
    t.equal(await s.pod(s.backup).ended, 3)
    t.match(s.record()?.backup?.command?.runs, [{ end }])
  }
})

t.test('a worker that is killed never lets the command run twice', async (t) => {
  const s = await scene(t, 'sleep 300', {
    exec: { image: 'tools:1', program: 'sh', phase: 'complete', timeoutMs: 60_000 },
  })
  const first = s.pod(s.backup)
  while (s.runs() === 0) await sleep(20)
  t.ok(s.isServing())
  first.stop.abort(new Interrupted('SIGTERM'))
  t.equal(await first.ended, 143)
  t.equal(await s.pod(s.backup).ended, 3)
  t.equal(s.runs(), 1)
  t.match(s.record()?.backup, {
    state: 'unusable',
    reason: /nobody knows how it ended/,
    command: { runs: { length: 1 } },
  })
})

for (const phase of ['snapshot', 'complete'] as const)
  t.test(`${phase}: killed at any write and started again, a backup ends usable or unusable`, async (t) => {
    const ends = new Set<string>()
    const exec = { image: 'tools:1', program: 'sh', phase, timeoutMs: 5000 }
    const whole = await scene(t, 'sleep 0.1', { exec })
    for (let dies = await firstThatMatters(t, whole, whole.backup); ; dies += 1) {
      const s = await scene(t, 'echo made >> "$SCALARDL_ARTEFACTS"', { exec })
      const survived = await s.pod(s.backup, dyingAt(s.cluster, dies)).ended.then(
        (code) => code === 0,
        () => false,
      )
      const code = survived ? 0 : await s.pod(s.backup, asAnotherProcess(s.cluster)).ended
      const { backup, failure } = s.record() ?? {}
      ends.add(`${code} ${backup?.state}`)
      const where = `killed at write ${dies}: exit code ${code}, ${backup?.state}, ${failure?.what}: ${failure?.why}`
      t.ok((code === 0 && backup?.state === 'restorable') || (code === 3 && backup?.state === 'unusable'), where)
      t.ok(code === 0 || (backup?.reason ?? '') !== '', where)
      t.ok(s.runs() <= 1, where)
      if (code === 0) t.equal(s.runs(), 1, where)
      t.ok(s.isServing(), where)
      if (survived) break
    }
    t.strictSame([...ends].sort(), ['0 restorable', '3 unusable'], 'both happen')
  })
