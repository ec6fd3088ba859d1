import t from 'tap'
import { addLedger, openDatabaseStage, openLedgerStage, passwords, secret } from './stage/ledger-stage.ts'
import { backupOf, pausedMs, recordOf, rowsOf } from './stage/records.ts'
import { stopWriters } from './stage/writers.ts'

const location = 'pvc://backups/ledger'
const { stage, deployment } = await openLedgerStage('whole-way')
t.teardown(() => stage.close())

t.test('doctor finds nothing wrong', async (t) => {
  const run = await stage.scalardl(['doctor', 'my', '--to', location, '--database-secret', 'database-admin'])
  t.equal(run.code, 0, run.stderr)
  t.match(run.stdout, /pause.*needed: the data is spread over 2 databases/)
})

t.test('status shows the release and that it has no backup yet', async (t) => {
  const run = await stage.scalardl(['status'])
  t.equal(run.code, 0)
  t.match(run.stdout, /my\s+ScalarDL Ledger\s+3\/3\s+multi-storage \(jdbc\)\s+no\s+none/)
})

t.test('a backup of a release at work is restorable, and its pause short', async (t) => {
  const run = await stage.scalardl(['backup', 'my', '--to', location, '--name', 'first'])
  t.equal(run.code, 0, run.stderr)
  const record = await recordOf(stage, 'backup-first')
  t.equal(record.state, 'succeeded')
  t.match(record.windows, [{ verdict: 'valid', reasons: { length: 0 } }])
  t.equal(record.windows[0]?.endpoints.length, 3, 'every pod was paused')
  t.ok(pausedMs(record) < 15_000, `paused for ${pausedMs(record)} ms`)
  const backup = backupOf(record)
  t.equal(backup.state, 'restorable')
  const moved = rowsOf(backup, 'checking', 'transfer') ?? 0
  t.ok(moved > 0, 'the workload had written')
  t.equal(rowsOf(backup, 'savings', 'transfer'), moved, 'both databases are of one moment')
  t.equal(rowsOf(backup, 'coordinator', 'state'), moved)
})

t.test('no password is in any object or log of the operation', async (t) => {
  const objects = await stage.kubectl(['get', 'jobs,configmaps,events', '-o', 'yaml'])
  const logs = await stage.kubectl(['logs', 'job/scalardl-backup-first'])
  for (const password of Object.values(passwords)) t.notOk((objects + logs).includes(password))
})

t.test('after damage, a restore brings back exactly the restore point', async (t) => {
  await stage.kubectl(['exec', deployment, '--', 'node', '/app/main.mjs', 'damage'])
  // what serves after the restore must not write, so that the data can be compared
  await stopWriters(stage, deployment)
  t.notOk((await stage.check(deployment)).holds, 'the damage shows')

  const run = await stage.scalardl([
    'restore',
    'first',
    '--database-secret',
    'database-admin',
    '--name',
    'back',
    '--yes',
  ])
  t.equal(run.code, 0, run.stderr)
  t.match(run.stdout + run.stderr, /--undo/, 'the way back is printed')
  const verdict = await stage.check(deployment)
  t.strictSame(verdict.problems, [])
  const backup = backupOf(await recordOf(stage, 'backup-first'))
  t.equal(verdict.details.transfersChecking, rowsOf(backup, 'checking', 'transfer'))
  const { spec } = await stage.get<{ spec: { replicas: number } }>([deployment])
  t.equal(spec.replicas, 3, 'as many pods as before')
})

t.test('the restored databases belong to the release, which goes on writing', async (t) => {
  await stage.kubectl(['set', 'env', deployment, 'STAND_IN_WORKERS=3'])
  await stage.rolledOut(deployment)
  const run = await stage.scalardl(['backup', 'my', '--to', location, '--name', 'second'])
  t.equal(run.code, 0, run.stderr)
  const rows = async (name: string): Promise<number> =>
    rowsOf(backupOf(await recordOf(stage, `backup-${name}`)), 'savings', 'transfer') ?? 0
  t.ok((await rows('second')) > (await rows('first')))
})

t.test('a fresh cluster restores from the record beside the dump', async (t) => {
  // another namespace with another server stands for it; the volume is the same, under another claim
  const fresh = await openDatabaseStage('whole-way-fresh')
  t.teardown(() => fresh.close())
  const { spec } = await stage.get<{ spec: { volumeName: string } }>(['pvc', 'backups'])
  const volume = await stage.get<{
    spec: { hostPath?: unknown; local?: unknown; capacity: unknown; nodeAffinity?: unknown }
  }>(['pv', spec.volumeName])
  const { hostPath, local, capacity, nodeAffinity } = volume.spec
  await fresh.apply([
    {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: 'whole-way-moved' },
      spec: {
        ...(hostPath ? { hostPath } : { local, nodeAffinity }),
        capacity,
        accessModes: ['ReadWriteOnce'],
        storageClassName: 'moved',
        persistentVolumeReclaimPolicy: 'Retain',
      },
    },
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'moved' },
      spec: {
        accessModes: ['ReadWriteOnce'],
        storageClassName: 'moved',
        volumeName: 'whole-way-moved',
        resources: { requests: { storage: '1Gi' } },
      },
    },
    secret('database-admin', { username: 'admin', password: passwords.admin, hosts: 'database' }),
  ])
  t.teardown(() => fresh.kubectl(['delete', 'pv', 'whole-way-moved', '--wait=false']))
  const other = await addLedger(fresh, { release: 'other', standIn: { STAND_IN_WORKERS: '0' } })
  t.equal((await fresh.scalardl(['install'])).code, 0)
  const restore = ['restore', 'pvc://moved/ledger/first', '--to-release', 'other', '--yes']
  restore.push('--database-secret', 'database-admin')
  const stranger = await fresh.scalardl(restore)
  t.not(stranger.code, 0, 'the key of another installation is a stranger here')
  const { stdout: listed } = await stage.scalardl(['get', 'backups', '-o', 'wide'])
  const fingerprint = /^first .* (SHA256:\S+)$/m.exec(listed)?.[1] ?? ''
  t.ok(stranger.stderr.includes(`--trusted-key ${fingerprint}`), `${listed}${stranger.stderr}`)
  const run = await fresh.scalardl([...restore, '--trusted-key', fingerprint])
  t.equal(run.code, 0, run.stderr)
  const verdict = await fresh.check(other.deployment)
  t.strictSame(verdict.problems, [])
  t.equal(
    verdict.details.transfersChecking,
    rowsOf(backupOf(await recordOf(stage, 'backup-first')), 'checking', 'transfer'),
  )
})
