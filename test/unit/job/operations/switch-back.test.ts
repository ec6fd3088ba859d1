import type { Finding } from '../../../../operation/finding.ts'
import t, { type Test } from 'tap'
import type { RestoreDestination } from '../../../../job/databases/database.ts'
import { describeRestore } from '../../../../job/operations/restore/describe-restore.ts'
import { keepStopped } from '../../../../job/operations/restore/keep-stopped.ts'
import { run as runRestore } from '../../../../job/operations/restore/restore.ts'
import { switchBack } from '../../../../job/operations/restore/undo.ts'
import type { RequestOf } from '../../../../operation/request.ts'
import { failureOf } from '../failure-of.ts'
import { inMemoryCluster } from '../in-memory-cluster.ts'
import { contextOf, pauseRequest } from '../pausing-context.ts'

/** A cluster whose one Deployment tells how many replicas it has. */
function scaled() {
  const cluster = inMemoryCluster([])
  const state = { replicas: 3 }
  cluster.workloads = async () => [
    { name: 'my-ledger', release: 'my-ledger', replicas: state.replicas, readyReplicas: state.replicas },
  ]
  cluster.scale = async (_, replicas) => void (state.replicas = replicas)
  return { cluster, state }
}

/** A database that is only which data serves; `broken` names what fails. */
function database(serving: 'restored' | 'former', broken: readonly (keyof RestoreDestination)[] = []) {
  const state = { serving }
  const act =
    (name: keyof RestoreDestination, then: () => void = () => undefined) =>
    async () => {
      if (broken.includes(name)) throw new Error(`${name} fails`)
      then()
    }
  const looks = (name: keyof RestoreDestination) => async () => {
    await act(name)()
    return []
  }
  const destination: RestoreDestination = {
    plan: async () => ({ title: 'a database', steps: [], loses: [] }),
    preflight: async () =>
      broken.includes('preflight')
        ? [{ check: 'connection', subject: 'a database', outcome: 'error', message: 'no', cure: 'none' }]
        : [],
    verify: act('verify'),
    load: act('load'),
    checkWayBack: looks('checkWayBack'),
    checkDrop: looks('checkDrop'),
    activate: act('activate', () => (state.serving = 'restored')),
    deactivate: act('deactivate', () => (state.serving = 'former')),
    discard: act('discard'),
    dropPrevious: act('dropPrevious'),
    describe: () => ({ title: 'a database', kind: 'test', state: 'planned', details: {} }),
    close: act('close'),
  }
  return { state, destination }
}

const { durationMs: _, pause: __, ...common } = pauseRequest()
const undo: RequestOf<'undo'> = { ...common, kind: 'undo', operation: 'undo-test', restore: 'restore-x', readyMs: 1000 }
const restore: RequestOf<'restore'> = {
  ...common,
  kind: 'restore',
  operation: 'restore-x',
  backup: 'backup-x',
  dropPrevious: false,
  parallel: 1,
  readyMs: 1000,
}
const held = new AbortController().signal

async function undoing(t: Test, ...databases: ReturnType<typeof database>[]) {
  return undoingFrom(
    t,
    'restored',
    databases.map((one) => one.destination),
  )
}

type Serving = Parameters<typeof switchBack>[3]['serving']

async function undoingFrom(t: Test, serving: Serving, databases: RestoreDestination[]) {
  const { cluster, state } = scaled()
  const { context } = await contextOf({ ...undo, replicas: 3 }, cluster)
  const recorded = { serving }
  await t.rejects(
    switchBack(context, databases, held, { serving, write: async (now) => void (recorded.serving = now) }),
  )
  return { ...state, recorded: recorded.serving }
}

t.test('an undo that fails at the second database: the first is switched again and the releases serve', async (t) => {
  const [first, second] = [database('restored'), database('restored', ['deactivate'])]
  t.equal((await undoing(t, first, second)).replicas, 3)
  t.strictSame([first.state.serving, second.state.serving], ['restored', 'restored'])
})

t.test('an undo that could not be completed stops nothing', async (t) => {
  const scale = await undoing(t, database('restored', ['checkWayBack', 'deactivate', 'activate']))
  t.equal(scale.replicas, 3)
})

t.test('an undo that this user may not do stops nothing, and says so', async (t) => {
  const { cluster, state } = scaled()
  const { context, events } = await contextOf(undo, cluster)
  const scales: number[] = []
  cluster.scale = async (_, replicas) => void scales.push(replicas)
  const { destination } = database('restored')
  const findings: Finding[] = [
    { check: 'sessions', subject: 'a database', outcome: 'warning', message: 'somebody is connected', cure: 'wait' },
    { check: 'rights', subject: 'a database', outcome: 'error', message: 'it may not rename', cure: 'give a Secret' },
  ]
  const undoing = switchBack(context, [{ ...destination, checkWayBack: async () => findings }], held, {
    serving: 'restored',
    write: async () => undefined,
  })
  t.match(await failureOf(undoing), {
    what: 'undo of restore-x was not begun, nothing was touched',
    why: /may not rename/,
    next: 'give a Secret',
  })
  t.strictSame([scales, state.replicas], [[], 3])
  t.strictSame(context.record.current.findings, findings)
  t.strictSame(
    events.filter(({ code }) => code === 'finding').map(({ message }) => message),
    ['sessions, a database: somebody is connected'],
  )
})

t.test(
  'a restore that leaves the releases stopped names the command that ends it, and how many to start',
  async (t) => {
    const { cluster } = scaled()
    const flags = ['--database-secret admin']
    const { context } = await contextOf({ ...restore, flags }, cluster)
    await context.record.update((record) => {
      record.restore = { backup: 'backup-x', databases: [], serving: 'previous', wayBack: [] }
    })
    const { destination } = database('former', ['activate', 'deactivate'])
    t.match(await failureOf(runRestore(context, [destination], held, keepStopped(context))), {
      next: /kubectl scalardl restore restore-x --undo --database-secret admin -n ns$/,
    })
    t.match(context.record.current.restore, { serving: 'nothing', replicas: { 'my-ledger': 3 } })
  },
)

t.test('an undo whose databases hold different data leaves the releases stopped', async (t) => {
  t.strictSame(await undoing(t, database('restored', ['activate']), database('restored', ['deactivate'])), {
    replicas: 0,
    recorded: 'nothing',
  })
})

t.test('an undo that fails in a database that switches in parts: it is switched again, too', async (t) => {
  const one = database('restored', ['deactivate'])
  one.state.serving = 'former'
  t.strictSame(await undoingFrom(t, 'restored', [{ ...one.destination, switchesInParts: true }]), {
    replicas: 3,
    recorded: 'restored',
  })
  t.equal(one.state.serving, 'restored')
})

t.test('an undo that leaves a database half-way leaves the releases stopped', async (t) => {
  const { destination } = database('restored', ['deactivate', 'activate'])
  t.strictSame(await undoingFrom(t, 'restored', [{ ...destination, switchesInParts: true }]), {
    replicas: 0,
    recorded: 'nothing',
  })
})

t.test(
  'a worker killed while it switches again what an undo had put back: the next undoes all databases, or none',
  async (t) => {
    const [first, second] = [database('restored'), database('restored', ['deactivate'])]
    const { cluster } = scaled()
    const worker = async (databases: RestoreDestination[]) => {
      const { context } = await contextOf({ ...undo, replicas: 3 }, cluster)
      await switchBack(context, databases, held, { serving: 'restored', write: async () => undefined })
    }
    await t.rejects(worker([first.destination, second.destination]))
    t.equal(first.state.serving, 'restored', 'it was switched again')
    const mended = database('restored')
    await worker([first.destination, mended.destination])
    t.strictSame([first.state.serving, mended.state.serving], ['former', 'former'])

    first.state.serving = 'former'
    await t.rejects(worker([first.destination, second.destination]))
    t.equal(first.state.serving, 'restored', 'as it is by one that finds a database back')
  },
)

t.test('an undo that fails where nothing was in service leaves it so', async (t) => {
  t.strictSame(await undoingFrom(t, 'nothing', [database('restored', ['deactivate']).destination]), {
    replicas: 0,
    recorded: 'nothing',
  })
})

t.test(
  'after a restore that failed at its switch the releases serve again before what it made is removed',
  async (t) => {
    const { cluster, state } = scaled()
    const { context } = await contextOf(restore, cluster)
    const { destination } = database('former', ['activate'])
    const serving: number[] = []
    await t.rejects(
      runRestore(
        context,
        [{ ...destination, discard: async () => void serving.push(state.replicas) }],
        held,
        keepStopped(context),
      ),
      { message: /activate fails/ },
    )
    t.strictSame(serving, [3])
  },
)

t.test('releases that do not start again after a restore that failed do not keep what it made', async (t) => {
  const { cluster } = scaled()
  const { context } = await contextOf(restore, cluster)
  const { destination } = database('former', ['activate'])
  let discarded = false
  cluster.waitForReady = () => Promise.reject(new Error('not ready'))
  await t.rejects(
    runRestore(context, [{ ...destination, discard: async () => void (discarded = true) }], held, keepStopped(context)),
    {
      message: 'not ready',
    },
  )
  t.ok(discarded)
})

t.test('what a restore that was given up cannot remove is told, with the way to remove it', async (t) => {
  const { cluster } = scaled()
  const { context, events } = await contextOf(restore, cluster)
  await context.record.update((record) => {
    record.restore = { backup: 'backup-x', databases: [], serving: 'previous', wayBack: [] }
  })
  const { destination } = database('former', ['activate', 'discard'])
  await t.rejects(runRestore(context, [destination], held, keepStopped(context)), { message: /activate fails/ })
  const told = events.flatMap((event) => (event.code === 'note' ? [event.message] : []))
  const way = 'to remove what is left of the restore: kubectl scalardl restore restore-x --undo -n ns'
  t.strictSame(told.slice(-2), ['discard fails', way])
  t.strictSame(context.record.current.restore?.wayBack, [way])
})

t.test('a restore that cannot note that it was given up puts everything back, and lets nothing serve', async (t) => {
  const { cluster, state } = scaled()
  const { context } = await contextOf(restore, cluster)
  const one = database('restored', ['activate'])
  const write = cluster.writeJournal
  cluster.writeJournal = (journal) =>
    journal.steps.some(({ name }) => name === 'take back') ? Promise.reject(new Error('no')) : write(journal)
  await t.rejects(runRestore(context, [one.destination], held, keepStopped(context)), { message: /no/ })
  t.strictSame([state.replicas, one.state.serving], [0, 'former'])
})

t.test('a worker that took over a restore with the releases stopped, and is refused: they serve again', async (t) => {
  const { cluster, state } = scaled()
  const { context: earlier } = await contextOf(restore, cluster)
  await earlier.journal.once('note replicas', async () => [{ name: 'my-ledger', replicas: 3 }])
  state.replicas = 0
  const { context } = await contextOf(restore, cluster)
  await t.rejects(runRestore(context, [database('former', ['preflight']).destination], held, keepStopped(context)))
  t.equal(state.replicas, 3)
})

t.test('a restore whose switch would fail stops nothing', async (t) => {
  const { cluster } = scaled()
  const scaledTo: number[] = []
  cluster.scale = async (_, replicas) => void scaledTo.push(replicas)
  const { context } = await contextOf(restore, cluster)
  const busy: Finding = {
    check: 'sessions',
    subject: 'a database',
    outcome: 'error',
    message: 'psql',
    cure: 'close it',
  }
  const { destination } = database('former')
  const failure = failureOf(
    runRestore(context, [{ ...destination, checkSwitch: async () => [busy] }], held, keepStopped(context)),
  )
  t.match(await failure, { why: 'sessions, a database: psql', next: /serves again.*close it/ })
  t.strictSame(scaledTo, [])
})

/** A restore of databases, and which of them were loaded. */
async function restoring(databases: RestoreDestination[]) {
  const { cluster, state } = scaled()
  const { context } = await contextOf(restore, cluster)
  await context.record.update((record) => {
    record.restore = { backup: 'backup-x', databases: [], serving: 'previous', wayBack: [] }
  })
  const loaded: number[] = []
  const watched = databases.map((one, index) => ({
    ...one,
    load: (...given: Parameters<RestoreDestination['load']>) => {
      loaded.push(index)
      return one.load(...given)
    },
  }))
  const failure = await runRestore(context, watched, held, keepStopped(context)).then(
    () => undefined,
    (error: Error) => error.message,
  )
  return { failure, loaded, replicas: state.replicas }
}

t.test('a backup of which one database is damaged is not loaded at all', async (t) => {
  const [first, second] = [database('former'), database('former', ['verify'])]
  t.strictSame(await restoring([first.destination, second.destination]), {
    failure: 'verify fails',
    loaded: [],
    replicas: 3,
  })
  t.strictSame([first.state.serving, second.state.serving], ['former', 'former'])
})

t.test('where one of several databases cannot be loaded, none is switched and the releases serve on', async (t) => {
  const [first, second] = [database('former'), database('former', ['load'])]
  const { failure, replicas } = await restoring([first.destination, second.destination])
  t.strictSame([failure, replicas], ['the restore failed: load fails', 3])
  t.strictSame([first.state.serving, second.state.serving], ['former', 'former'])
})

t.test('a restore that nothing can undo removes what it loaded, and says why it failed', async (t) => {
  const failing = async (...broken: (keyof RestoreDestination)[]) => {
    const { cluster } = scaled()
    const { context } = await contextOf(restore, cluster)
    await context.record.update((record) => {
      record.restore = { backup: 'backup-x', databases: [], serving: 'previous', wayBack: [] }
    })
    const discarded: string[] = []
    const kept = { ...database('former', broken).destination, discard: async () => void discarded.push('kept') }
    const final = { ...database('former', ['activate', 'deactivate']).destination, noWayBack: 'nothing of it is kept' }
    const failure = await failureOf(runRestore(context, [kept, final], held, keepStopped(context)))
    return { discarded, failure: failure.text, serving: context.record.current.restore?.serving }
  }
  t.strictSame(await failing(), {
    discarded: ['kept'],
    failure: {
      what: 'the restore failed',
      why: 'activate fails; nothing of it is kept',
      next:
        'nothing writes while the releases stay scaled to 0; ' +
        'fix the cause, then restore a backup again, with --replicas N (before: my-ledger 3)',
    },
    serving: 'nothing',
  })
  t.match(await failing('deactivate'), {
    discarded: { length: 0 },
    failure: { next: /then restore a backup again, with --replicas N \(before: my-ledger 3\)$/ },
    serving: 'nothing',
  })
})

t.test('former data that is kept beside some that is not is named, to be removed', async (t) => {
  const { context } = await contextOf(restore, scaled().cluster)
  await context.record.update((record) => {
    record.restore = { backup: 'backup-x', databases: [], serving: 'previous', wayBack: [] }
  })
  const { destination } = database('restored')
  await describeRestore(context, [destination, { ...destination, noWayBack: 'nothing of it is kept' }], 'restored')
  t.strictSame(context.record.current.restore?.wayBack, [
    'there is no way back: nothing of it is kept',
    'to remove it once you are content: kubectl scalardl restore restore-x --drop-previous -n ns',
  ])
})
