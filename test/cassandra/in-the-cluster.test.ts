import t from 'tap'
import { openLedgerOf, openRing } from './ring-stage.ts'

// `npm run test:cassandra`: a ring of two real nodes with Medusa beside them as pods of a real cluster, and a release
// that keeps everything in it.

const ring = await openRing('ring')
const { stage } = await openLedgerOf(ring, 'in-cassandra')
t.teardown(async () => {
  await stage.close()
  await ring.stage.close()
})

t.test('before the worker may run commands in the pods, doctor says so; install grants it', async (t) => {
  t.equal((await stage.scalardl(['install'])).code, 0)
  const refused = await stage.scalardl(['doctor', 'my'])
  t.equal(refused.code, 1)
  const words = refused.stdout + refused.stderr
  t.match(words, /may not get pods, list pods in namespace ring/)
  t.match(words, /cure: kubectl scalardl install --cassandra-namespace ring/)
  const installed = await stage.scalardl(['install', '--cassandra-namespace', 'ring'])
  t.equal(installed.code, 0, installed.stderr)
  const doctor = await stage.scalardl(['doctor', 'my'])
  t.equal(doctor.code, 0, doctor.stdout + doctor.stderr)
  t.match(doctor.stdout + doctor.stderr, /2 nodes up in cluster real: cassandra-\d, cassandra-\d/)
})
