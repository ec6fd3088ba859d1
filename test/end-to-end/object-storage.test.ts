import t from 'tap'
import { s3Server } from '../stand-ins/versitygw/objects.ts'
import { refuses } from './bad-input/refusal.ts'
import { addLedger, openDatabaseStage, openLedgerStage, secret } from './stage/ledger-stage.ts'
import { backupOf, recordOf, rowsOf } from './stage/records.ts'
import { stopWriters } from './stage/writers.ts'

// A release whose dumps go to an S3 server in the cluster, found again in a namespace that never saw them.

const keys = { accessKeyId: 'key-of-the-store', secretAccessKey: 'secret/of+the=store' }
const asPod = { AWS_ACCESS_KEY_ID: keys.accessKeyId, AWS_SECRET_ACCESS_KEY: keys.secretAccessKey }
const { stage, deployment } = await openLedgerStage('object-storage', { replicas: 1 })
t.teardown(() => stage.close())
const { namespace } = stage
await stage.apply([
  ...s3Server({ name: 'store', namespace, image: stage.images.versitygw, bucket: 'dumps', ...keys }),
  secret('dumps', asPod),
  secret('wrong', { ...asPod, AWS_SECRET_ACCESS_KEY: 'wrong' }),
])
await stage.rolledOut('deployment/store')
const at = (path: string, name = 'dumps') =>
  `s3://dumps/${path}?endpoint=http://store.${namespace}.svc:7070&secret=${name}`

t.test('a wrong secret is refused before anything is paused', async (t) => {
  const run = await stage.scalardl(['backup', 'my', '--to', at('ledger', 'wrong'), '--name', 'refused'])
  refuses(t, run, {
    what: /was not begun/,
    why: /does not accept the access key or its secret/,
    next: /check the Secret/,
  })
  t.strictSame((await recordOf(stage, 'backup-refused')).windows, [])
  const absent = await stage.scalardl(['backup', 'my', '--to', at('ledger', 'absent'), '--name', 'absent'])
  refuses(t, absent, {
    what: /the Secret "absent" is not there/,
    why: /has none of that name/,
    next: /secret= of the location/,
  })
})

t.test('a backup goes to the store, and no key of it into any object or log', async (t) => {
  const run = await stage.scalardl(['backup', 'my', '--to', at('ledger'), '--name', 'first'])
  t.equal(run.code, 0, run.stderr)
  const backup = backupOf(await recordOf(stage, 'backup-first'))
  t.equal(backup.state, 'restorable')
  t.equal(backup.location, at('ledger/first'))
  t.ok((rowsOf(backup, 'checking', 'transfer') ?? 0) > 0, 'the workload had written')
  const objects = await stage.kubectl(['get', 'jobs,pods,configmaps,events', '-o', 'yaml'])
  const logs = await stage.kubectl(['logs', 'job/scalardl-backup-first'])
  for (const key of Object.values(keys)) t.notOk((objects + logs).includes(key))
})

t.test('a namespace that never saw it finds it, and restores it by its location', async (t) => {
  await stopWriters(stage, deployment)
  const fresh = await openDatabaseStage('object-storage-fresh')
  t.teardown(() => fresh.close())
  await fresh.apply([secret('dumps', asPod)])
  const other = await addLedger(fresh, { release: 'other', replicas: 1, standIn: { STAND_IN_WORKERS: '0' } })
  t.equal((await fresh.scalardl(['install'])).code, 0)
  const listed = await fresh.scalardl(['get', 'backups', '--from', at('ledger')])
  t.equal(listed.code, 0, listed.stderr)
  t.match(listed.stdout, /^first +my +restorable /m)
  const release = ['--to-release', 'other', '--database-secret', 'database-admin', '--yes']
  const trust = ['--trusted-key', await fingerprint()]
  const run = await fresh.scalardl(['restore', at('ledger/first'), ...release, ...trust])
  t.equal(run.code, 0, run.stderr)
  const verdict = await fresh.check(other.deployment)
  t.strictSame(verdict.problems, [])
  const backup = backupOf(await recordOf(stage, 'backup-first'))
  t.equal(verdict.details.transfersChecking, rowsOf(backup, 'checking', 'transfer'))
})

t.test('a copy in another kind of storage is recorded, and outlives the backup that another deletes', async (t) => {
  const to = 'pvc://backups/copies'
  const copied = await stage.scalardl(['copy', 'backup', 'first', '--to', to, '--limit-bandwidth', '100MB/s'])
  t.equal(copied.code, 0, copied.stderr)
  t.strictSame(backupOf(await recordOf(stage, 'backup-first')).copies, [`${to}/first`])
  const other = await openDatabaseStage('object-storage-other')
  t.teardown(() => other.close())
  await other.apply([secret('dumps', asPod)])
  await other.succeeds(['install'])
  const deletion = ['delete', 'backup', at('ledger/first'), '--yes']
  const stranger = await other.scalardl(deletion)
  t.equal(stranger.code, 4, 'as of a backup given by its name')
  t.match(stranger.stderr, /is signed by a key that this installation does not trust/)
  const deleted = await other.scalardl([...deletion, '--trusted-key', await fingerprint()])
  t.equal(deleted.code, 0, deleted.stderr)
  const listed = await stage.scalardl(['get', 'backups', '--from', at('ledger')])
  t.equal(listed.code, 0, listed.stderr)
  t.notMatch(listed.stdout, /^first /m)
  const imported = await stage.scalardl(['import', `${to}/first`])
  t.equal(imported.code, 0, imported.stderr)
  t.equal(backupOf(await recordOf(stage, 'backup-first')).location, `${to}/first`)
})

/** Of the key by which this installation signs. */
async function fingerprint(): Promise<string> {
  const { stdout } = await stage.scalardl(['get', 'backups', '-o', 'wide'])
  return /^first .* (SHA256:\S+)$/m.exec(stdout)?.[1] ?? ''
}
