import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { Interrupted } from '../../../../job/process/interrupted.ts'
import { jsonLineEvents } from '../../../../job/process/events.ts'
import { work } from '../../../../job/worker/worker.ts'
import type { WorkerEvent } from '../../../../operation/event.ts'
import { mounts, type OperationRequest, type RequestOf } from '../../../../operation/request.ts'
import { toolContainer } from '../exec/tool-container.ts'
import { asAnotherProcess, inMemoryCluster, type InMemoryCluster } from '../in-memory-cluster.ts'
import { pauseRequest } from '../pausing-context.ts'
import { startLedgers } from '../servers/ledgers.ts'

// Whole operations with the administrator's own tool in the real starter: what may go wrong, and what is left then.

const killed = new Error('killed')

/** A release of an Oracle Database, and a tool whose script counts its runs. */
async function scene(t: Test, script: string, changes: Partial<RequestOf<'backup'>> = {}) {
  const folder = t.testdir({
    'ledger.properties': [
      'scalar.db.storage=jdbc',
      'scalar.db.contact_points=jdbc:oracle:thin:scott/tiger@//db.example.com:1521/ORCL',
      'scalar.db.username=scott',
      'scalar.db.password=tiger',
    ].join('\n'),
  })
  const counted = join(folder, 'runs')
  const ledgers = await startLedgers(2)
  t.teardown(() => ledgers.forEach((ledger) => ledger.stop()))
  const cluster = inMemoryCluster(ledgers.map(({ pod }) => pod))
  const replicas = { count: 2 }
  cluster.workloads = async () => [
    { name: 'my-ledger', release: 'my-ledger', replicas: replicas.count, readyReplicas: replicas.count },
  ]
  cluster.scale = async (_, count) => {
    replicas.count = count
    cluster.pods = count > 0 ? ledgers.map(({ pod }) => pod) : []
    if (count > 0) for (const { gate } of ledgers) gate.open()
  }
  const exec = { image: 'tools:1', program: 'sh', phase: 'snapshot' as const, timeoutMs: 5000 }
  const { kind: _, durationMs: __, target, ...common } = pauseRequest()
  const shared = {
    ...common,
    pause: { drainMs: 1000, maxPauseMs: 20_000, guard: false },
    target: {
      ...target,
      releases: [
        { name: 'my-ledger', app: 'ledger', properties: { file: `${folder}/ledger.properties`, envPrefix: '' } },
      ],
    },
    parallel: 1,
  }
  const backup: RequestOf<'backup'> = {
    ...shared,
    kind: 'backup',
    operation: 'backup-a',
    pauseMode: 'auto',
    schemas: [],
    retries: 0,
    exec,
    ...changes,
  }
  const restore = (operation = 'restore-a'): RequestOf<'restore'> => ({
    ...shared,
    kind: 'restore',
    operation,
    backup: 'backup-a',
    dropPrevious: false,
    readyMs: 5000,
    exec: { ...exec, phase: 'restore' },
  })
  /** A pod of its own: a worker, and the container beside it. */
  const pod = (request: OperationRequest, its: InMemoryCluster = cluster, command = script, program = 'sh') => {
    const container = toolContainer(t, [program, '-c', `echo run >> ${counted}; ${command}`])
    Object.assign(mounts, { exec: container.folder })
    const events: WorkerEvent[] = []
    const stop = new AbortController()
    const ended = work(request, {
      cluster: its,
      events: jsonLineEvents((line) => events.push(JSON.parse(line) as WorkerEvent)),
      signal: stop.signal,
    }).finally(() => container.kill())
    return { container, ended, events, stop }
  }
  return {
    backup,
    cluster,
    folder,
    ledgers,
    pod,
    replicas,
    restore,
    record: (operation = 'backup-a') => cluster.recordsByName.get(operation),
    runs: () => (existsSync(counted) ? readFileSync(counted, 'utf8').trim().split('\n').length : 0),
    isServing: () => ledgers.every(({ gate }) => gate.isOpen),
  }
}

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
    for (let dies = await firstThatMatters(whole, whole.backup); ; dies += 1) {
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

/** The same cluster for a worker that dies at its nth write: it writes nothing from then on. */
function dyingAt(cluster: InMemoryCluster, writes: number, written = { count: 0 }): InMemoryCluster {
  const its = asAnotherProcess(cluster)
  const { writeJournal, writeRecord } = its
  const alive = <T>(write: () => Promise<T>) => {
    written.count += 1
    return written.count >= writes ? Promise.reject(killed) : write()
  }
  its.writeJournal = (document) => alive(() => writeJournal(document))
  its.writeRecord = (record) => alive(() => writeRecord(record))
  return its
}

/** The write from which it matters to this tool that a worker dies: a few before its command first runs. */
async function firstThatMatters(s: Awaited<ReturnType<typeof scene>>, request: OperationRequest): Promise<number> {
  const written = { count: 0 }
  const before = s.runs()
  const { ended } = s.pod(request, dyingAt(s.cluster, Infinity, written))
  while (s.runs() === before) await sleep(5)
  const first = Math.max(1, written.count - 4)
  t.equal(await ended, 0)
  return first
}

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
    failure: { why: /exit code 9/, next: /restore a backup again/ },
  })
  t.equal(await s.pod({ ...s.restore('restore-b'), replicas: 2 }).ended, 0, 'another restore starts it')
  t.equal(s.replicas.count, 2)
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
  t.match(s.record('restore-a'), { restore: { serving: 'nothing' }, failure: { why: /nobody knows how it ended/ } })
})

t.test('killed at any write and started again, a restore ends in service or stopped with the reason', async (t) => {
  const s = await scene(t, 'true')
  t.equal(await s.pod(s.backup).ended, 0)
  for (let dies = await firstThatMatters(s, s.restore('restore-whole')); ; dies += 1) {
    const operation = `restore-${dies}`
    const before = s.runs()
    s.replicas.count = 2
    const survived = await s.pod(s.restore(operation), dyingAt(s.cluster, dies)).ended.then(
      (code) => code === 0,
      () => false,
    )
    const code = survived ? 0 : await s.pod(s.restore(operation), asAnotherProcess(s.cluster)).ended
    const { restore, failure } = s.record(operation) ?? {}
    const where = `killed at write ${dies}: exit code ${code}, ${restore?.serving}: ${failure?.why}`
    t.ok(s.runs() - before <= 1, where)
    if (code === 0) t.match([restore?.serving, s.replicas.count, s.runs() - before], ['restored', 2, 1], where)
    else t.match([restore?.serving, failure?.why], ['nothing', /nobody knows how it ended|exit code/], where)
    if (survived) break
  }
})
