import t from 'tap'
import { occupy, openMysqlStage } from './stage/mysql-stage.ts'
import { backupOf, pausedMs, recordOf, rowsOf } from './stage/records.ts'
import { damage, replicasOf } from './stage/restore-stage.ts'
import { stopWriters } from './stage/writers.ts'

// A Ledger whose transactions span MySQL and PostgreSQL: one window, one record, one restore.

const at = await openMysqlStage('mysql', { storages: 'mysql and postgresql' })
const { stage, deployment } = at
t.teardown(() => stage.close())
t.setTimeout(600_000)

const location = 'pvc://backups/ledger'
const point = async () => backupOf(await recordOf(stage, 'backup-point'))
t.test('one pause gives both databases one moment', async (t) => {
  const run = await stage.scalardl(['backup', 'my', '--to', location, '--name', 'point'])
  t.equal(run.code, 0, run.stderr)
  const record = await recordOf(stage, 'backup-point')
  t.strictSame(
    record.windows.map(({ verdict }) => verdict),
    ['valid'],
  )
  t.ok(pausedMs(record) < 15_000, `paused for ${pausedMs(record)} ms`)
  const backup = backupOf(record)
  t.equal(backup.state, 'restorable')
  t.strictSame(backup.databases.map(({ kind }) => kind).sort(), ['mysql', 'postgresql'])
  const moved = rowsOf(backup, 'checking', 'transfer') ?? 0
  t.ok(moved > 0, 'the workload had written')
  t.equal(rowsOf(backup, 'savings', 'transfer'), moved)
  t.equal(rowsOf(backup, 'coordinator', 'state'), moved)
})

t.test('where one of the two cannot be switched, neither is, and the release serves on', async (t) => {
  await damage(at)
  await stopWriters(stage, deployment)
  const damaged = await stage.check(deployment)
  t.notOk(damaged.holds)
  const letGo = await occupy(stage)
  const failed = await stage.scalardl(['restore', 'point', '--name', 'failed', '--yes'])
  await letGo()
  t.equal(failed.code, 1)
  t.match(failed.stderr, /a transaction of another session uses its tables/)
  t.match(await recordOf(stage, 'restore-failed'), { state: 'failed', restore: { serving: 'previous' } })
  t.strictSame(await stage.check(deployment), damaged)
  t.equal(await replicasOf(at), 3)
})

t.test('one restore brings both to that moment, and its undo takes both back', async (t) => {
  const damaged = await stage.check(deployment)
  const run = await stage.scalardl(['restore', 'point', '--name', 'back', '--yes'])
  t.equal(run.code, 0, run.stderr)
  const verdict = await stage.check(deployment)
  t.strictSame(verdict.problems, [])
  t.equal(verdict.details.transfersChecking, rowsOf(await point(), 'checking', 'transfer'))
  t.equal(await replicasOf(at), 3)
  const undone = await stage.scalardl(['restore', 'back', '--undo', '--yes'])
  t.equal(undone.code, 0, undone.stderr)
  t.strictSame(await stage.check(deployment), damaged)
})
