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
  const { stdout: known } = await stage.scalardl(['get', 'backups', '-o', 'wide'])
  const fingerprint = /^first .* (SHA256:\S+)$/m.exec(known)?.[1] ?? ''
  const release = ['--to-release', 'other', '--database-secret', 'database-admin', '--yes']
  const run = await fresh.scalardl(['restore', at('ledger/first'), ...release, '--trusted-key', fingerprint])
  t.equal(run.code, 0, run.stderr)
  const verdict = await fresh.check(other.deployment)
  t.strictSame(verdict.problems, [])
  const backup = backupOf(await recordOf(stage, 'backup-first'))
  t.equal(verdict.details.transfersChecking, rowsOf(backup, 'checking', 'transfer'))
})
