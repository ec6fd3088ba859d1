import { connect, createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import t, { type Test } from 'tap'
import { pause } from '../../../../job/operations/pause.ts'
import { inMemoryCluster } from '../in-memory-cluster.ts'
import { contextOf, pauseRequest } from '../pausing-context.ts'
import { failureOf } from '../failure-of.ts'
import { startLedger, startLedgers, type Ledger } from '../servers/ledgers.ts'

t.test('whoever waits for the pause finds in the record that all are paused', async (t) => {
  const ledger = await startLedger()
  t.teardown(() => ledger.stop())
  const cluster = inMemoryCluster([ledger.pod])
  const { context } = await contextOf(pauseRequest({ durationMs: 500 }), cluster)
  const write = cluster.writeRecord
  let told = false
  cluster.writeRecord = (record) => {
    told ||= !ledger.gate.isOpen && record.windows.at(-1)?.allPausedAt !== undefined
    return write(record)
  }
  await pause(context)
  t.ok(told)
})

for (const [what, answer] of [
  ['does not answer', () => new Promise<void>(() => undefined)],
  ['refuses', () => Promise.reject(new Error('etcd is away'))],
] as const) {
  t.test(`an API server that ${what} in the pause makes it neither longer nor void`, async (t) => {
    const ledger = await startLedger()
    t.teardown(() => ledger.stop())
    const cluster = inMemoryCluster([ledger.pod])
    const { context } = await contextOf(
      pauseRequest({ durationMs: 300, pause: { drainMs: 1000, maxPauseMs: 30_000, guard: false } }),
      cluster,
    )
    const write = cluster.writeRecord
    const opened = new Promise<void>((resolve) => {
      const poll = setInterval(() => {
        if (!ledger.log.includes('Unpause')) return
        clearInterval(poll)
        resolve()
      }, 20)
      t.teardown(() => clearInterval(poll))
    })
    // a request that goes unanswered ends some time after the pause, without an answer
    cluster.writeRecord = (record) =>
      ledger.gate.isOpen
        ? write(record)
        : Promise.race([answer(), opened.then(() => Promise.reject(new Error('no answer')))])
    await pause(context)
    const [window] = context.record.current.windows
    t.match(window, { verdict: 'valid', allPausedAt: String })
    const ms = Date.parse(window?.unpauseSentAt ?? '') - Date.parse(window?.pauseSentAt ?? '')
    t.ok(ms < 15_000, `${ms} ms`)
  })
}

/** A load balancer of the simplest kind, which leads every connection to the next server. */
async function balancer(t: Test, ledgers: readonly Ledger[]): Promise<string> {
  let next = 0
  const server = createServer((socket) => {
    const ledger = ledgers[next++ % ledgers.length]
    const onward = connect(Number(ledger?.address.split(':')[1]), '127.0.0.1')
    socket.on('error', () => onward.destroy()).pipe(onward)
    onward.on('error', () => socket.destroy()).pipe(socket)
  }).listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

t.test('an address behind which are several servers is never worth a pause', async (t) => {
  const ledgers = await startLedgers(2)
  t.teardown(() => ledgers.forEach((ledger) => ledger.stop()))
  for (const [count, verdict] of [
    [2, 'void'],
    [1, 'valid'],
  ] as const) {
    const request = pauseRequest({ durationMs: 300 })
    const addresses = [await balancer(t, ledgers.slice(0, count))]
    const { context } = await contextOf(
      { ...request, target: { ...request.target, releases: [], addresses } },
      inMemoryCluster([]),
    )
    if (verdict === 'valid') await pause(context)
    else t.match(await failureOf(pause(context)), { what: /leads to several servers/, next: /name the release/ })
    t.match(context.record.current.windows, [{ verdict }])
    t.strictSame(
      ledgers.map(({ gate }) => gate.isOpen),
      [true, true],
    )
  }
})
