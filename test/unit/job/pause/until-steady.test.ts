import t from 'tap'
import { untilSteady } from '../../../../job/pause/until-steady.ts'
import { inMemoryCluster } from '../in-memory-cluster.ts'
import { startLedgers, type Ledger } from '../servers/ledgers.ts'

const limits = { atMostMs: 600, everyMs: 50 }
const never = new AbortController().signal

t.test('a rollout is waited for until its pods are ready and no more come', async (t) => {
  const [one, two] = (await startLedgers(2)) as [Ledger, Ledger]
  t.teardown(() => [one, two].forEach((ledger) => ledger.stop()))
  const cluster = inMemoryCluster([one.pod])
  t.equal(await untilSteady(cluster, ['my-ledger'], never, limits), true)

  cluster.pods = [one.pod, { ...two.pod, ready: false }]
  setTimeout(() => (cluster.pods = [one.pod, two.pod]), 200)
  const begun = Date.now()
  t.equal(await untilSteady(cluster, ['my-ledger'], never, limits), true)
  t.ok(Date.now() - begun >= 190)

  cluster.pods = [one.pod, { ...two.pod, ready: false }]
  t.equal(await untilSteady(cluster, ['my-ledger'], never, limits), false)
  await t.rejects(untilSteady(cluster, ['my-ledger'], AbortSignal.abort(new Error('stopped')), limits), {
    message: 'stopped',
  })
})
