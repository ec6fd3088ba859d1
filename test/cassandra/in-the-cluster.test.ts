import t, { type Test } from 'tap'
import { pausedPods, until } from '../end-to-end/stage/gates.ts'
import { backupOf, recordOf } from '../end-to-end/stage/records.ts'
import { replicasOf } from '../end-to-end/stage/restore-stage.ts'
import { openLedgerOf, openRing } from './ring-stage.ts'

// `npm run test:cassandra`: a ring of two real nodes and real Medusa as pods of a real cluster, and a release that keeps
// everything in it. It does what an administrator does, by the words of the product alone.

const ring = await openRing('ring')
const at = await openLedgerOf(ring, 'in-cassandra')
const { stage } = at
t.teardown(async () => {
  await stage.close()
  await ring.stage.close()
})
const [first = '', second = ''] = ring.pods
const medusa = ['--cassandra-medusa', 'medusa']

/** What of our own is on any node, of operations whose names begin so. */
async function snapshotsOf(operation: string): Promise<string[]> {
  return (await Promise.all(ring.pods.map((pod) => ring.snapshotsOn(pod, `${operation}.`)))).flat()
}

/** The names of the backups that Medusa has. */
async function medusaHas(): Promise<string[]> {
  const listed = await ring.beside(first, 'medusa', 'list-backups', '--show-all')
  return [...listed.matchAll(/^(backup-\S+) /gm)].map(([, name = '']) => name)
}

async function isServing(t: Test): Promise<void> {
  t.strictSame(await pausedPods(stage), [])
  t.equal(await replicasOf(at), 2)
}

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

t.test('a backup that Medusa copies away: whole in its own eyes, and no snapshot stays on a node', async (t) => {
  const run = await stage.scalardl(['backup', 'my', '--name', 'point', ...medusa])
  t.equal(run.code, 0, run.stderr)
  const { databases, state } = backupOf(await recordOf(stage, 'backup-point'))
  const tag = String(databases[0]?.details['tag'])
  t.equal(state, 'restorable')
  t.match(databases[0], { kind: 'cassandra', details: { release: '5.0.9', nodes: { length: 2 } } })
  t.strictSame(await medusaHas(), [tag])
  t.match(await ring.beside(second, 'medusa', 'verify', '--backup-name', tag), /Completion: OK[^]*validated: OK/)
  t.strictSame(await snapshotsOf('backup-point'), [])
  await isServing(t)
})

t.test('a node down is refused before the pause, by a ring that lets nobody in any more', async (t) => {
  await ring.scale(1)
  await until(
    'the second node is gone',
    async () => (await ring.stage.pods('app.kubernetes.io/name=cassandra')).length === 1,
  )
  const run = await stage.scalardl(['backup', 'my', '--name', 'down'])
  t.equal(run.code, 1, run.stderr)
  t.match(run.stderr, /it cannot tell who user scalar is: nodes that know its users are down/)
  t.match(run.stderr, /bring every node up first, `nodetool status` shows which are down/)
  t.strictSame((await recordOf(stage, 'backup-down')).windows, [])
  await isServing(t)
  await ring.scale(2)
  await ring.isWhole()
})
