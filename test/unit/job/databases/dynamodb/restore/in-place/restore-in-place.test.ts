import t from 'tap'
import { lookAtTable } from '../../../../../../../job/databases/dynamodb/tables/look-at-table.ts'
import { listBackups } from '../../../../../../../job/databases/dynamodb/backup/table-backup.ts'
import { awsForRestores } from '../restore-aws.ts'
import { restoreRequest, restoreStages, undoRequest, unprotect, type RestoreStage } from '../restore-stage.ts'
import { undisturbed } from '../restore-walk.ts'
import { worldOf } from '../restored-world.ts'

const aws = await awsForRestores(t)

const [ahead, kept, unkept, twin] = await restoreStages(t, aws, ['ahead-', 'kept-', 'unkept-', 'twin-'], unprotect)

const recovery = ({ installation: { client } }: RestoreStage, TableName: string, PointInTimeRecoveryEnabled: boolean) =>
  client.updateContinuousBackups({ TableName, PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled } })
const idOf = async ({ clients }: RestoreStage, table: string) => (await lookAtTable(clients.dynamo, table))?.TableId

t.test('a restore in place asked for where the clock is two days ahead is done and undone', async (t) => {
  const former = await worldOf(ahead.clients, 'ahead-')
  const createdAt = new Date(Date.now() + 2 * 86_400_000).toISOString()
  await undisturbed(t, ahead, restoreRequest('ahead', { strategy: 'replace' }, { createdAt }))
  await undisturbed(t, ahead, undoRequest('ahead'))
  t.strictSame((await worldOf(ahead.clients, 'ahead-')).tables, former.tables)
})

t.test(
  'an original whose recovery was turned off since the preflight is not deleted: AWS would keep nothing of it',
  async (t) => {
    const id = await idOf(kept, 'kept-scalar.contract')
    let isOff = false
    const { code } = await kept.worker(restoreRequest('kept', { strategy: 'replace' }), {
      async after() {
        if (kept.replicas() > 0 || isOff) return
        isOff = true
        await recovery(kept, 'kept-scalar.contract', false)
      },
    })
    t.equal(code, 1)
    t.match(kept.record('restore-kept'), {
      failure: { what: 'kept-scalar.contract is not deleted', why: /recovery is off/ },
      restore: { serving: 'previous' },
    })
    t.equal(await idOf(kept, 'kept-scalar.contract'), id)
    t.equal(kept.replicas(), 3)
  },
)

t.test(
  'an undo is refused, before anything is stopped, where AWS would keep nothing of what was written since the restore',
  async (t) => {
    const former = await worldOf(unkept.clients, 'unkept-')
    await undisturbed(t, unkept, restoreRequest('unkept', { strategy: 'replace' }))
    const id = await idOf(unkept, 'unkept-scalar.contract')
    await recovery(unkept, 'unkept-scalar.contract', false)
    let fewest = 3
    t.equal(
      (
        await unkept.worker(undoRequest('unkept'), {
          after: async () => void (fewest = Math.min(fewest, unkept.replicas())),
        })
      ).code,
      1,
    )
    t.equal(fewest, 3)
    t.match(unkept.record('undo-unkept')?.failure, { why: /off for unkept-scalar\.contract/, next: /turn it on/ })
    t.equal(await idOf(unkept, 'unkept-scalar.contract'), id)
    await recovery(unkept, 'unkept-scalar.contract', true)
    await undisturbed(t, unkept, { ...undoRequest('unkept'), operation: 'undo-again' })
    t.strictSame((await worldOf(unkept.clients, 'unkept-')).tables, former.tables)
  },
)

t.test(
  'tables that were restored from a backup of which AWS has two, before the worker was killed, ' +
    'are known by the next one, which may see the other first',
  async (t) => {
    const {
      clients: { dynamo },
      installation: { client },
    } = twin
    let restored = 0
    const request = restoreRequest('twin', { strategy: 'replace' })
    const { killed } = await twin.worker(request, {
      after: async (operation) =>
        void (restored += operation === 'RestoreTableFromBackup' && twin.replicas() === 0 ? 1 : 0),
      until: () => restored > 2,
    })
    t.ok(killed)
    const backups = async () =>
      (await listBackups(dynamo, { BackupType: 'USER' })).filter(({ BackupName }) => BackupName?.includes('.twin-'))
    const first = await backups()
    t.equal(first.length, 3)
    for (const { TableName, BackupName } of first) await client.createBackup({ TableName, BackupName })
    while ((await backups()).some(({ BackupStatus }) => BackupStatus !== 'AVAILABLE'));
    for (const { BackupArn } of first)
      while ((await client.deleteBackup({ BackupArn }).catch((error: Error) => error)) instanceof Error);
    t.equal((await twin.worker(request)).code, 0, JSON.stringify(twin.record('restore-twin')?.failure))
    t.strictSame((await worldOf(twin.clients, 'twin-')).tables, twin.atPoint.tables)
  },
)
