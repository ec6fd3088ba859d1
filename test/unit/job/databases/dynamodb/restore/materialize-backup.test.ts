import t from 'tap'
import { readDetails } from '../../../../../../job/databases/dynamodb/details.ts'
import { listBackups } from '../../../../../../job/databases/dynamodb/backup/table-backup.ts'
import { ExitCode } from '../../../../../../operation/exit-code.ts'
import { backupState } from '../../../../../../plugin/kubernetes/records/backup-state.ts'
import { awsForRestores } from './restore-aws.ts'
import {
  dropRequest,
  materializeRequest,
  restoreRequest,
  restoreStages,
  unprotect,
  type RestoreStage,
} from './restore-stage.ts'
import { undisturbed } from './restore-walk.ts'
import { allTables, worldOf } from './restored-world.ts'

const aws = await awsForRestores(t)

const [kept, failing, killed] = await restoreStages(t, aws, ['kept-', 'failing-', 'killed-'], unprotect)
const entryOf = (stage: RestoreStage) => stage.record('backup-x')?.backup?.databases[0] ?? stage.entry
const stateOf = (stage: RestoreStage) => {
  const record = stage.record('backup-x')
  return record && backupState(record)
}
const temporaries = async (stage: RestoreStage) =>
  (await allTables(stage.clients)).filter((name) => name.startsWith('restoring.'))
const backupsOf = async ({ clients: { dynamo }, installation: { prefix } }: RestoreStage) =>
  (await listBackups(dynamo, { BackupType: 'USER' })).filter(({ BackupName = '' }) => BackupName.includes(`.${prefix}`))

t.test('a backup that is materialized afterwards outlives its tables', async (t) => {
  t.equal(stateOf(kept), 'restorable')
  await undisturbed(t, kept, materializeRequest('x'))
  t.equal(stateOf(kept), 'materialized')
  t.equal(entryOf(kept).serviceBackups, entryOf(kept).tables.length)
  t.strictSame(await temporaries(kept), [])
  t.equal(kept.replicas(), 3, 'nothing was stopped')

  await undisturbed(t, kept, restoreRequest('beside', { prefix: 'beside-kept-' }, { loseBackups: [] }))
  await undisturbed(t, kept, { ...dropRequest('beside'), loseBackups: [] })
  t.equal(stateOf(kept), 'materialized', 'no name had to be given: nothing of it was lost')
  await undisturbed(t, kept, restoreRequest('again', { prefix: 'again-kept-' }))
  t.strictSame((await worldOf(kept.clients, 'again-kept-')).tables, kept.atPoint.tables)
})

t.test('a materializing that fails leaves nothing behind, and the backup as it was', async (t) => {
  const before = entryOf(failing)
  const error = { code: 'ValidationException', message: 'not today' }
  aws.set({ faults: [{ operation: 'CreateBackup', table: 'restoring.*', skip: 3, effect: 'error', error }] })
  t.equal((await failing.worker(materializeRequest('x'))).code, 1)
  aws.set({ faults: [] })
  t.match(failing.record('materialize-x')?.failure, { what: /could not be materialized/, why: /not today/ })
  t.strictSame(entryOf(failing), before)
  t.strictSame(await temporaries(failing), [])
  t.strictSame(await backupsOf(failing), [])

  await failing.installation.client.deleteTable({ TableName: failing.installation.tables[0] ?? '' })
  t.equal((await failing.worker({ ...materializeRequest('late') })).code, 1)
  t.match(failing.record('materialize-late')?.failure, { why: /recovery window|was deleted/ })
})

t.test('a worker that is killed while it materializes goes on with what it made', async (t) => {
  const request = materializeRequest('x')
  let moments = 0
  t.ok((await killed.worker(request, { dies: () => (moments += 1) === 9 })).killed)
  t.equal((await killed.worker(request)).code, ExitCode.done, JSON.stringify(killed.record('materialize-x')?.failure))
  const { tables } = readDetails(entryOf(killed))
  t.ok(tables.length > 1)
  t.strictSame(
    tables.filter(({ materialized }) => materialized === undefined),
    [],
  )
  t.equal((await backupsOf(killed)).length, tables.length, 'one of each table')
  t.strictSame(await temporaries(killed), [])
})
