import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { pausedPods, until } from '../end-to-end/stage/gates.ts'
import { backupOf, recordOf } from '../end-to-end/stage/records.ts'
import { damage, replicasOf } from '../end-to-end/stage/restore-stage.ts'
import { stopWriters } from '../end-to-end/stage/writers.ts'
import { openLedgerOf, openRing } from './ring-stage.ts'

// `npm run test:cassandra`: a ring of two real nodes and real Medusa as pods of a real cluster, and a release that
// keeps everything in it. It does what an administrator does, by the words of the product alone.

const ring = await openRing('ring')
const at = await openLedgerOf(ring, 'in-cassandra')
const { stage, deployment } = at
t.teardown(async () => {
  await stage.close()
  await ring.stage.close()
})
const [first = '', second = ''] = ring.pods
const medusa = ['--cassandra-medusa', 'medusa']
const minuteMs = 60_000

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

t.test('a node that is killed in the pause: unusable, and nothing of ours on the node that lives', async (t) => {
  const begun = await stage.scalardl(['backup', 'my', '--name', 'killed', '--wait=false'])
  t.equal(begun.code, 0, begun.stderr)
  await until('a server is paused', async () => (await pausedPods(stage)).length > 0)
  await ring.stage.kubectl(['delete', 'pod', second, '--force', '--grace-period=0'])
  const run = await stage.scalardl(['wait', 'backup-killed'])
  t.equal(run.code, 3, run.stderr)
  const record = await recordOf(stage, 'backup-killed')
  t.match(record.backup, { state: 'unusable' })
  t.comment(record.backup?.reason)
  await isServing(t)
  t.strictSame(await ring.snapshotsOn(first, 'backup-killed.'), [])
  await ring.isWhole()
  for (const left of await ring.snapshotsOn(second, 'backup-killed.')) {
    t.match(JSON.stringify(record), second, 'the node that may have it is named')
    await ring.nodetool(second, 'clearsnapshot', '-t', left)
  }
})

t.test('what was damaged is restored by the words that the restore prints', async (t) => {
  const point = backupOf(await recordOf(stage, 'backup-point'))
  const tag = String(point.databases[0]?.details['tag'])
  const pointMs = Date.parse(point.databases[0]?.snapshotAt ?? '')
  await until('there are transactions of well after the point', async () => Date.now() > pointMs + 1.5 * minuteMs)
  const later = await doneIn(stage, deployment)
  await until('servers write again', async () => (await doneIn(stage, deployment)) > later + 5)
  await damage(at)
  await stopWriters(stage, deployment)
  t.equal((await stage.check(deployment)).holds, false)

  const plan = await stage.scalardl(['restore', 'point', '--name', 'no'], { input: 'no\n' })
  t.not(plan.code, 0)
  t.equal(await replicasOf(at), 2, 'a plan changes nothing')
  const run = await stage.scalardl(['restore', 'point', '--name', 'back', '--yes'])
  t.equal(run.code, 7, run.stderr)
  t.equal(await replicasOf(at), 0)
  const words = [...run.stderr.matchAll(/^ *(cassandra-\d) \(container (\S+)\): (medusa restore-node .*)$/gm)]
  // In the order in which the node that was asked knows them.
  t.strictSame(words.map(([, pod]) => pod).toSorted(), [first, second])

  const early = await stage.scalardl(['restore', 'restore-back', '--continue', '--yes'])
  t.equal(early.code, 1, early.stderr)
  t.match(early.stderr, /not stopped since the hand-over: node .*\(and 1 more: cassandra data of /)

  // Somebody writes while one node is alone, which keeps a hint for the other: of after the point.
  await ring.rememberUser(first)
  await ring.stopNode(second)
  await ring.cql(first, `INSERT INTO coordinator.state (tx_id, tx_state) VALUES ('stray', 3)`)
  await ring.stopNode(first)
  t.match(await ring.beside(first, 'ls', '/var/lib/cassandra/hints'), /\.hints/)
  // As the words have it.
  t.match(run.stderr, /Stop Cassandra on every node, and remove the hints and the saved caches there/)
  const kept = ['hints', 'saved_caches'].map((folder) => `/var/lib/cassandra/${folder}`)
  for (const pod of ring.pods) await ring.beside(pod, 'rm', '-rf', ...kept)
  for (const [, pod = '', container = '', command = ''] of words)
    await ring.stage.kubectl(['exec', pod, '-c', container, '--', ...command.split(' ')])
  for (const pod of ring.pods) await ring.startNode(pod)
  await ring.isWhole()
  for (const pod of ring.pods) await ring.nodetool(pod, 'repair', '--full')
  // Hints are handed over within ten seconds of a node's return.
  await sleep(15_000)
  for (const pod of ring.pods)
    t.equal(await ring.cql(pod, `SELECT tx_id FROM coordinator.state WHERE tx_id = 'stray'`), '', `in ${pod}`)

  const on = await stage.scalardl(['restore', 'restore-back', '--continue', '--yes'])
  t.equal(on.code, 0, on.stderr)
  t.notMatch(on.stderr, /nobody vouches/)
  await stage.rolledOut(deployment)
  const verdict = await stage.check(deployment)
  t.strictSame(verdict.problems, [])
  t.ok(verdict.details.transfersChecking > 0)
  await isServing(t)
  t.equal((await stage.scalardl(['delete', 'backup', 'point', '--yes'])).code, 0)
  t.notOk((await medusaHas()).includes(tag))
})

/** Transfers that a server has made since it started. */
async function doneIn(of: typeof stage, at: string): Promise<number> {
  const state = await of.kubectl(['exec', at, '--', 'node', '/app/main.mjs', 'state'])
  return (JSON.parse(state) as { done: number }).done
}
