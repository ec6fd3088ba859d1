import { DeleteBackupCommand } from '@aws-sdk/client-dynamodb'
import t from 'tap'
import { listBackups } from '../../../../../../../job/databases/dynamodb/backup/table-backup.ts'
import { awsForRestores } from '../restore-aws.ts'
import { dropRequest, restoreRequest, restoreStages, undoRequest, unprotect } from '../restore-stage.ts'
import { undisturbed } from '../restore-walk.ts'
import { worldOf } from '../restored-world.ts'

const aws = await awsForRestores(t)

const [recorded, bare, mixed] = await restoreStages(t, aws, ['recorded-', 'bare-', 'mixed-'], unprotect)

t.test(
  'an undo whose worker was killed between recording it and starting the releases: the next one starts them',
  async (t) => {
    await undisturbed(t, recorded, restoreRequest('recorded', { prefix: 'recorded-new-' }))
    await undisturbed(t, recorded, undoRequest('recorded'))
    const properties = recorded.properties()
    // as it was at that moment
    const done = recorded.record('undo-recorded')
    if (done === undefined) throw new Error('no record')
    const { finishedAt: _finished, exitCode: _code, ...running } = done
    await recorded.cluster.writeRecord({ ...running, state: 'running' })
    await recorded.cluster.scale('my-ledger', 0)
    const { code } = await recorded.worker(undoRequest('recorded'))
    t.equal(code, 0, JSON.stringify(recorded.record('undo-recorded')?.failure))
    t.equal(recorded.replicas(), 3)
    t.equal(recorded.properties(), properties)
    t.equal(
      (await recorded.worker({ ...undoRequest('recorded'), operation: 'undo-again' })).code,
      1,
      'but another undo has nothing to do',
    )
  },
)

t.test('an undo needs none of the backups that the tables in service were restored from', async (t) => {
  const {
    clients: { dynamo },
  } = bare
  const former = await worldOf(bare.clients, 'bare-')
  await undisturbed(t, bare, restoreRequest('bare', { strategy: 'replace' }))
  const backups = (await listBackups(dynamo, { BackupType: 'USER' })).filter(({ BackupName = '' }) =>
    BackupName.includes('.bare-'),
  )
  t.equal(backups.length, 3)
  for (const { BackupArn } of backups) await dynamo.send(new DeleteBackupCommand({ BackupArn }))
  await undisturbed(t, bare, undoRequest('bare'))
  t.strictSame((await worldOf(bare.clients, 'bare-')).tables, former.tables)
})

t.test('an undo that failed half-way through the tables lets nothing serve, and can be done again', async (t) => {
  const former = await worldOf(mixed.clients, 'mixed-')
  await undisturbed(t, mixed, restoreRequest('mixed', { strategy: 'replace' }))
  aws.set({
    faults: [
      {
        operation: 'RestoreTableFromBackup',
        times: 1,
        effect: 'error',
        error: { code: 'ValidationException', message: 'not today' },
      },
    ],
  })
  t.equal((await mixed.worker(undoRequest('mixed'))).code, 1)
  aws.set({ faults: [] })
  t.match(mixed.record('undo-mixed')?.failure, {
    what: /the releases stay scaled to 0/,
    why: /not today.*are no longer there/,
  })
  t.equal(mixed.replicas(), 0)
  t.equal(mixed.record('restore-mixed')?.restore?.serving, 'nothing')
  t.equal((await mixed.worker(dropRequest('mixed'))).code, 1, 'what is needed to undo it is not removed')
  await undisturbed(t, mixed, { ...undoRequest('mixed'), operation: 'undo-again', replicas: 3 })
  t.equal(mixed.replicas(), 3)
  t.equal(mixed.record('restore-mixed')?.restore?.serving, 'previous')
  t.strictSame((await worldOf(mixed.clients, 'mixed-')).tables, former.tables)
})
