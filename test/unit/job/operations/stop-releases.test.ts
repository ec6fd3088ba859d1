import t, { type Test } from 'tap'
import { keepStopped } from '../../../../job/operations/restore/keep-stopped.ts'
import { startReleases, stopReleases } from '../../../../job/operations/restore/stop-and-start.ts'
import { switchAll } from '../../../../job/operations/restore/switch-databases.ts'
import type { RestoreDestination } from '../../../../job/databases/database.ts'
import type { RequestOf } from '../../../../operation/request.ts'
import { failureOf } from '../failure-of.ts'
import { inMemoryCluster } from '../in-memory-cluster.ts'
import { contextOf, pauseRequest } from '../pausing-context.ts'
import { startLedgers } from '../servers/ledgers.ts'

const deployment = { kind: 'Deployment' as const, uid: 'd', generation: 1 }

/** A release of three servers whose Deployment can be scaled; its pods end when nothing holds them. */
async function serving(t: Test) {
  const ledgers = await startLedgers(3)
  t.teardown(() => ledgers.forEach((ledger) => ledger.stop()))
  const cluster = inMemoryCluster(ledgers.map(({ pod }) => pod))
  const state = { replicas: 3, scaledBy: 'helm' }
  const closed: boolean[] = []
  cluster.workloads = async () => [{ name: 'my-ledger', release: 'my-ledger', readyReplicas: 0, ...state }]
  cluster.scale = async (_, replicas) => {
    closed.push(ledgers.every(({ gate }) => !gate.isOpen))
    state.replicas = replicas
  }
  cluster.waitForNoPods = async (_releases, _ms, _signal, left) => {
    left?.(3)
    for (const ledger of ledgers) ledger.stop()
    cluster.pods = []
    left?.(0)
  }
  const { durationMs: _, kind: __, ...common } = pauseRequest()
  const request: RequestOf<'restore'> = {
    ...common,
    kind: 'restore',
    operation: 'restore-x',
    backup: 'backup-x',
    dropPrevious: false,
    parallel: 1,
    readyMs: 1000,
  }
  const { context, events } = await contextOf(request, cluster)
  const stopped = keepStopped(context)
  t.teardown(() => stopped.release())
  const backUp = (name: string) => {
    Object.assign(state, { replicas: 3, scaledBy: name })
    cluster.change({
      of: 'workload',
      name: 'Deployment/my-ledger',
      before: { ...deployment, replicas: 0 },
      now: { ...deployment, replicas: 3 },
    })
  }
  return { backUp, closed, cluster, context, events, ledgers, state, stopped }
}

t.test('no server takes a request once its Deployment is scaled down', async (t) => {
  const { closed, context, events, stopped } = await serving(t)
  await stopReleases(context, stopped)
  t.strictSame(closed, [true], 'all were paused when it was scaled')
  t.strictSame([context.record.current.stillPaused, context.record.current.windows], [[], []])
  const progress = events.filter(({ code }) => code === 'progress').map(({ message }) => message)
  t.match(progress, [/^0 of 3 pods have ended, /, /^3 of 3 pods have ended, /])
  t.notOk(
    events.some(({ code }) => code === 'unpaused'),
    'nobody waits for the answers of servers that have ended',
  )
  await stopped.confirm()
})

t.test('servers that cannot be paused are stopped all the same, and it is said what that costs', async (t) => {
  const { closed, context, events, ledgers, state, stopped } = await serving(t)
  for (const { faults } of ledgers) faults.set({ fail: { Pause: { code: 'INTERNAL', forMs: 10_000 } } })
  await stopReleases(context, stopped)
  t.strictSame([closed, state.replicas], [[false], 0])
  const warned = events.some(
    ({ level, message }) => level === 'warning' && /without a pause.*goes out of service/.test(message),
  )
  t.ok(warned, 'a warning')
})

t.test('a stop that fails leaves nothing paused', async (t) => {
  const { cluster, context, ledgers, stopped } = await serving(t)
  cluster.scale = () => Promise.reject(new Error('not allowed'))
  await t.rejects(stopReleases(context, stopped), { message: 'not allowed' })
  t.strictSame(
    ledgers.map(({ gate }) => gate.isOpen),
    [true, true, true],
  )
})

t.test('a release without pods is stopped without a pause', async (t) => {
  const { cluster, context, events, stopped } = await serving(t)
  cluster.pods = []
  await stopReleases(context, stopped)
  t.notOk(events.some(({ code, level }) => code === 'paused' || level === 'warning'))
})

t.test('somebody who scales up while the pods end is named at once, and nothing stays paused', async (t) => {
  const { backUp, cluster, context, ledgers, stopped } = await serving(t)
  cluster.waitForNoPods = (_releases, _ms, signal) =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error))
      backUp('argocd-controller')
    })
  const failure = await failureOf(stopReleases(context, stopped))
  t.match(failure, { what: /did not stay stopped/, why: 'Deployment my-ledger was scaled to 3 by argocd-controller' })
  t.strictSame(
    ledgers.map(({ gate }) => gate.isOpen),
    [true, true, true],
  )
})

t.test('what is back when a database is about to be switched keeps it from being switched', async (t) => {
  const { backUp, context, state, stopped } = await serving(t)
  await stopReleases(context, stopped)
  const switched: string[] = []
  const database = (name: string) =>
    ({
      activate: async () => {
        switched.push(name)
        // The watch may be late; the look before the next does not depend on it.
        if (name === 'first') state.replicas = 3
      },
    }) as unknown as RestoreDestination
  const failure = await failureOf(switchAll([database('first'), database('second')], context.journal, stopped))
  t.match(failure, { why: /scaled to 3 by helm/ })
  t.strictSame(switched, ['first'])
  backUp('helm')
})

t.test('what is back while a database is being switched is told by the signal', async (t) => {
  const { backUp, context, stopped } = await serving(t)
  await stopReleases(context, stopped)
  await stopped.confirm()
  const told = new Promise((resolve) => stopped.broughtBack.addEventListener('abort', resolve))
  backUp('flux')
  await told
  t.match(stopped.broughtBack.reason, { why: /by flux/ })
})

t.test('a release that may start again is nobody’s trouble', async (t) => {
  const { backUp, context, stopped } = await serving(t)
  await stopReleases(context, stopped)
  stopped.release()
  await startReleases(context)
  backUp('kubectl-scalardl')
  await new Promise(setImmediate)
  t.notOk(stopped.broughtBack.aborted)
})
