import { readFile } from 'node:fs/promises'
import t from 'tap'
import { bundleModule } from '../../../build/bundle/bundle.ts'
import { cassandraNode } from '../../stand-ins/cassandra/objects.ts'
import { twoDatabases } from '../../stand-ins/ledger/release/release-properties.ts'
import { pausedPods, until } from '../stage/gates.ts'
import { Killer } from '../stage/killer.ts'
import { addLedger, openDatabaseStage, passwords, secret } from '../stage/ledger-stage.ts'
import { backupOf, recordOf, rowsOf } from '../stage/records.ts'
import { damage, replicasOf } from '../stage/restore-stage.ts'
import { stopWriters } from '../stage/writers.ts'

// A release over PostgreSQL and Cassandra: a restore of it stops, tells its administrator what is his to do, and goes
// on once that is done. The ring is a scripted node in a pod; that a real one is restored so, test/cassandra/ shows.

const namespace = 'by-hand'
const stage = await openDatabaseStage(namespace)
t.teardown(() => stage.close())
const program = await readFile(await bundleModule('test/stand-ins/cassandra/pod.ts', 'cassandra-node'), 'utf8')
await stage.apply(cassandraNode({ name: 'ring', namespace, image: stage.images.ledger, program }))
const own = 'scalar.db.multi_storage'
const properties = twoDatabases('database:5432', ['ledger_a', 'ledger_b'], {
  username: 'HELM_SCALAR_DB_USERNAME',
  password: 'LEDGER_PASSWORD',
})
  .replace(`${own}.storages=a,b`, `${own}.storages=a,b,ring`)
  .replace(`${own}.namespace_mapping=`, `${own}.namespace_mapping=app:ring,`)
const ring = `${own}.storages.ring`
const at = await addLedger(stage, {
  replicas: 2,
  more: {
    // So long does the end of a restore last, however quick the machine is, in which a test kills its worker.
    readyAfterS: 10,
    properties: [
      properties.trimEnd(),
      `${ring}.storage=cassandra`,
      `${ring}.contact_points=ring.${namespace}.svc.cluster.local`,
      `${ring}.username=cassandra`,
      `${ring}.password=cassandra`,
      '',
    ].join('\n'),
  },
})
const { deployment } = at
/** Of the two databases in PostgreSQL alone: the ring gets the release's own user. */
const admin = (storage: string) => ({
  [`${storage}.username`]: 'admin',
  [`${storage}.password`]: passwords.admin,
  [`${storage}.hosts`]: 'database',
})
await stage.apply([secret('admin-of-two', { ...admin('a'), ...admin('b') })])
const killer = new Killer(stage)
await Promise.all([stage.rolledOut('statefulset/ring'), killer.open()])
await stage.succeeds(['install', '--cassandra-namespace', namespace, '--no-exec'])

const minuteMs = 60_000
const inNode = (...words: string[]) => stage.kubectl(['exec', 'ring-0', '--', 'node', '/node/main.mjs', ...words])
const goOn = (...flags: string[]) => stage.scalardl(['restore', 'restore-back', '--continue', '--yes', ...flags])
const waits = { state: 'failed', exitCode: 7, restore: { serving: 'nothing', waitsFor: Array } }

await inNode('commit', 'old', String(Date.now() - 10 * minuteMs))
await stage.succeeds(['backup', 'my', '--to', 'pvc://backups/ledger', '--name', 'point'])
await inNode('commit', 'new', String(Date.now() + 10 * minuteMs))
await damage(at)
await stopWriters(stage, deployment)
const point = backupOf(await recordOf(stage, 'backup-point'))
const tag = String(point.databases.find(({ kind }) => kind === 'cassandra')?.details['tag'])

t.test('a restore does its own part, stops, and tells what is left', async (t) => {
  const restore = ['restore', 'point', '--yes']
  const refused = await stage.scalardl([...restore, '--name', 'strange', '--database-secret', 'database-admin'])
  t.equal(refused.code, 1, 'a Secret that is for PostgreSQL is not shown to Cassandra')
  t.match(refused.stderr, /STORAGE\.username/)
  const run = await stage.scalardl([...restore, '--name', 'back', '--database-secret', 'admin-of-two'])
  t.equal(run.code, 7, run.stderr)
  t.match(run.stderr, /restore-back waits for you/)
  t.match(run.stderr, new RegExp(`keep the snapshot ${tag.replaceAll('.', '\\.')}: it is in pods ring-0`))
  t.match(run.stderr, /Copy the files of the snapshot/)
  t.match(run.stderr, /kubectl scalardl restore restore-back --continue/)
  t.match(run.stderr, /kubectl scalardl restore restore-back --undo/)
  t.equal(await replicasOf(at), 0)
  t.match(await recordOf(stage, 'restore-back'), waits)
})

t.test('gone on with before anything was done: refused, and it waits on', async (t) => {
  const run = await goOn()
  t.equal(run.code, 1, run.stderr)
  t.match(run.stderr, /not stopped since the hand-over: .*\(ring-0\)/)
  t.equal(await replicasOf(at), 0)
  t.match(await recordOf(stage, 'restore-back'), waits)
})

t.test('gone on with once that is done, by a worker that is killed: another starts the release', async (t) => {
  // Its container ends by it, and may take the answer along.
  await inNode('put-back', tag).catch(() => undefined)
  await until('the node was started anew', async () => {
    const { status } = await stage.get<Pod>(['pod', 'ring-0'])
    return status.containerStatuses?.some(({ ready, restartCount }) => ready && restartCount > 0) === true
  })
  const begun = await goOn('--name', 'on', '--wait=false')
  t.equal(begun.code, 0, begun.stderr)
  const kill = await killer.aim('resume-on')
  await until('the release is started', async () => (await replicasOf(at)) > 0)
  await kill()
  const wait = await stage.scalardl(['wait', 'resume-on'])
  t.equal(wait.code, 0, wait.stderr)
  t.match(await recordOf(stage, 'restore-back'), { state: 'succeeded', exitCode: 0, restore: { serving: 'restored' } })
  t.equal(await replicasOf(at), 2)
  await stage.rolledOut(deployment)
  t.strictSame(await pausedPods(stage), [])
  const moved = rowsOf(point, 'checking', 'transfer')
  t.match(await stage.check(deployment), {
    problems: { length: 0 },
    details: { transfersChecking: moved, transfersSavings: moved },
  })
})

t.test('gone on with once more: it waits no longer, and the release serves on', async (t) => {
  const run = await goOn()
  t.equal(run.code, 1, run.stderr)
  t.match(run.stderr, /it does not wait for you/)
  t.equal(await replicasOf(at), 2)
})

interface Pod {
  status: { containerStatuses?: { ready: boolean; restartCount: number }[] }
}
