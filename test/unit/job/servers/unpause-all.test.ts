import t from 'tap'
import { serversOf } from '../../../../job/servers/servers.ts'
import { unpauseAll } from '../../../../job/servers/unpause-all.ts'
import { setClock } from '../simulated-time.ts'
import { inMemoryCluster } from '../in-memory-cluster.ts'
import { startLedgers, type Ledger } from './ledgers.ts'

const limits = { atMost: 900, onceStopping: 200 }
const never = new AbortController().signal

t.test('a server that never answers is reported as still paused, the others are unpaused at once', async (t) => {
  const ledgers = (await startLedgers(2)) as [Ledger, Ledger]
  await Promise.all(ledgers.map(({ gate }) => gate.pause(undefined)))
  ledgers[1].faults.set({ fail: { Unpause: { code: 'INTERNAL', forMs: 60_000 } } })
  const cluster = inMemoryCluster(ledgers.map(({ pod }) => pod))
  const servers = serversOf(
    ledgers.map(({ pod }) => ({ host: pod.ip, port: pod.adminPort, pod })),
    undefined,
  )
  t.teardown(() => {
    servers.forEach(({ client }) => client.close())
    ledgers.forEach((ledger) => ledger.stop())
  })
  t.strictSame(await unpauseAll(servers, cluster, never, limits), {
    answered: [ledgers[0].address],
    gone: [],
    stillPaused: [ledgers[1].address],
  })
  t.strictSame(
    ledgers.map(({ gate }) => gate.isOpen),
    [true, false],
  )

  const started = Date.now()
  t.match(await unpauseAll(servers, cluster, AbortSignal.abort(), { atMost: 60_000, onceStopping: 200 }), {
    stillPaused: [ledgers[1].address],
  })
  t.ok(Date.now() - started < 2000, 'a worker that has to end does not try for as long')

  cluster.pods = cluster.pods.map((pod) => (pod.uid === ledgers[1].pod.uid ? { ...pod, otherRestarts: 1 } : pod))
  t.match(
    await unpauseAll(servers, cluster, never, limits),
    { gone: { length: 0 }, stillPaused: [ledgers[1].address] },
    'a proxy beside it that was started anew changes nothing',
  )
  cluster.pods = cluster.pods.map((pod) => (pod.uid === ledgers[1].pod.uid ? { ...pod, restarts: 1 } : pod))
  t.match(
    await unpauseAll(servers, cluster, never, limits),
    { gone: [ledgers[1].address], stillPaused: { length: 0 } },
    'a process that was started anew is not paused',
  )
})

t.test('a clock that is set forward while a server is unpaused takes no further try away', async (t) => {
  const [ledger] = (await startLedgers(1)) as [Ledger]
  await ledger.gate.pause(undefined)
  const servers = serversOf([{ host: ledger.pod.ip, port: ledger.pod.adminPort, pod: ledger.pod }], undefined)
  t.teardown(() => {
    servers.forEach(({ client }) => client.close())
    ledger.stop()
  })
  const unpaused = unpauseAll(servers, inMemoryCluster([ledger.pod]), never)
  setClock(t, 300_000)
  ledger.faults.set({ fail: { Unpause: { code: 'UNAVAILABLE', forMs: 200 } } })
  t.match(await unpaused, { answered: [ledger.address] })
  t.ok(ledger.gate.isOpen)
})
