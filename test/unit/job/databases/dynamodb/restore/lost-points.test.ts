import t from 'tap'
import { accessOf } from '../../../../../../job/databases/dynamodb/access.ts'
import { describeBackup } from '../../../../../../job/databases/dynamodb/backup/describe-backup.ts'
import { readDetails } from '../../../../../../job/databases/dynamodb/details.ts'
import { listBackups } from '../../../../../../job/databases/dynamodb/backup/table-backup.ts'
import { parsePhysicalName } from '../../../../../../job/databases/dynamodb/tables/table-names.ts'
import { ExitCode } from '../../../../../../operation/exit-code.ts'
import type { DatabaseBackup, OperationRecord } from '../../../../../../operation/record.ts'
import { backupState } from '../../../../../../plugin/kubernetes/records/backup-state.ts'
import { awsForRestores } from './restore-aws.ts'
import {
  dropRequest,
  restoreRequest,
  restoreStages,
  undoRequest,
  unprotect,
  type RestoreStage,
} from './restore-stage.ts'
import { undisturbed } from './restore-walk.ts'
import { allTables, worldOf } from './restored-world.ts'

const aws = await awsForRestores(t)

const prefixes = ['replaced-', 'spared-', 'dropped-'] as const
const [replaced, spared, dropped] = await restoreStages(t, aws, prefixes, unprotect)

/** A backup record beside that of the stage, of the same tables. */
async function alsoBackedUp(stage: RestoreStage, name: string, change: Partial<DatabaseBackup> = {}): Promise<void> {
  const record = stage.record('backup-x')
  if (record?.backup === undefined) throw new Error('no backup')
  const restorePoint = new Date(Date.parse(stage.point) + 1000).toISOString()
  const databases = [{ ...stage.entry, snapshotAt: restorePoint, ...change }]
  const backup = { ...record.backup, name, restorePoint, databases }
  await stage.cluster.writeRecord({ ...record, operation: `backup-${name}`, backup })
}

const standing = (stage: RestoreStage, name: string) => stage.record(`backup-${name}`)?.backup?.databases[0]?.standing
const stateOf = (record: OperationRecord | undefined) => record && backupState(record)

t.test('a restore in place says of every backup of its tables what becomes of it, before and after', async (t) => {
  await alsoBackedUp(replaced, 'other')
  await alsoBackedUp(replaced, 'elsewhere', {
    details: { ...replaced.entry.details, region: 'us-east-1' } as DatabaseBackup['details'],
  })
  const tables = await allTables(replaced.clients)

  const unnamed = restoreRequest('unnamed', { strategy: 'replace' })
  t.equal((await replaced.worker(unnamed)).code, ExitCode.declined)
  t.match(replaced.record('restore-unnamed')?.failure, {
    what: /nothing was touched/,
    why: /all that is left of backup other$/,
    next: /materialize backup other .*--lose-backup other/,
  })
  t.strictSame(await allTables(replaced.clients), tables)
  t.equal(standing(replaced, 'other'), undefined)

  const seen: (string | undefined)[][] = []
  const after = async (operation: string) => {
    if (operation === 'DeleteTable' && replaced.replicas() === 0)
      seen.push(['x', 'other'].map((name) => standing(replaced, name)?.state))
  }
  const named = restoreRequest('named', { strategy: 'replace' }, { loseBackups: ['other'] })
  t.equal((await replaced.worker(named, { after })).code, 0, JSON.stringify(replaced.record('restore-named')?.failure))
  t.strictSame(seen[0], ['in doubt', 'in doubt'], 'while the tables in service are deleted')
  t.match(standing(replaced, 'x'), { state: 'materialized', by: 'restore-named' })
  t.match(standing(replaced, 'other'), { state: 'lost', by: 'restore-named', why: /another than the one/ })
  t.equal(standing(replaced, 'elsewhere'), undefined)
  t.strictSame(
    ['x', 'other', 'elsewhere'].map((name) => stateOf(replaced.record(`backup-${name}`))),
    ['materialized', 'lost', 'restorable'],
  )

  const lost = { ...restoreRequest('lost'), backup: 'backup-other' }
  t.equal((await replaced.worker(lost)).code, ExitCode.backupUnusable)
  t.match(replaced.record('restore-lost')?.failure, { why: /lost since .* by restore-named/ })

  await undisturbed(t, replaced, dropRequest('named'))
  const { tables: recorded = [] } = readDetails(replaced.record('backup-x')?.backup?.databases[0] ?? replaced.entry)
  const arns = recorded.flatMap(({ materialized }) => materialized?.backupArn ?? [])
  const kept = (await listBackups(replaced.clients.dynamo, { BackupType: 'USER' })).map(({ BackupArn }) => BackupArn)
  t.equal(arns.length, 3)
  t.ok(
    arns.every((arn) => kept.includes(arn)),
    'the last copy of the point is not deleted with the former data',
  )
  await undisturbed(t, replaced, restoreRequest('again', { strategy: 'replace' }))
  t.strictSame((await worldOf(replaced.clients, 'replaced-')).tables, replaced.atPoint.tables)

  const details = await describeBackup({
    access: accessOf(replaced.installation.settings, {}),
    clients: replaced.clients,
    tables: replaced.installation.tables.map((name) => ({
      name,
      ...(parsePhysicalName('replaced-', name) ?? { namespace: '', table: name }),
    })),
    windows: [],
    atMs: aws.now(),
  })
  await alsoBackedUp(replaced, 'since', { details: JSON.parse(JSON.stringify(details)) as DatabaseBackup['details'] })
  const undo = undoRequest('again')
  t.equal((await replaced.worker(undo)).code, ExitCode.declined, 'the restored tables have a past by now')
  t.match(replaced.record('undo-again')?.failure, { next: /--lose-backup since$/ })
  await undisturbed(t, replaced, { ...undo, operation: 'undo-named', loseBackups: ['since'] })
  t.match(standing(replaced, 'since'), { state: 'lost', by: 'undo-named' })
  t.equal(standing(replaced, 'x')?.by, 'restore-named', 'what stays as it is keeps its time and cause')
})

t.test('a restore in place that fails before it deleted anything leaves every backup what it was', async (t) => {
  await alsoBackedUp(spared, 'other')
  const error = { code: 'ValidationException', message: 'not today' }
  const isOriginal = [...spared.installation.tables]
  aws.set({ faults: isOriginal.map((table) => ({ operation: 'DeleteTable', table, effect: 'error', error })) })
  const request = restoreRequest('spared', { strategy: 'replace' }, { loseBackups: ['other'] })
  t.equal((await spared.worker(request)).code, 1)
  aws.set({ faults: [] })
  t.equal(standing(spared, 'other'), undefined)
  t.equal(standing(spared, 'x'), undefined)
})

t.test('former tables are removed only where each backup that is their past is named', async (t) => {
  await undisturbed(t, dropped, restoreRequest('beside', { prefix: 'beside-dropped-' }))
  t.equal(standing(dropped, 'x'), undefined)
  const { loseBackups: _, ...unnamed } = dropRequest('beside')
  t.equal((await dropped.worker(unnamed)).code, ExitCode.declined)
  t.match(dropped.record('drop-beside')?.failure, { next: /--lose-backup x$/ })
  const [lost = ''] = dropped.installation.tables
  t.ok((await allTables(dropped.clients)).includes(lost))
  await undisturbed(t, dropped, { ...dropRequest('beside'), operation: 'drop-named' })
  t.match(standing(dropped, 'x'), { state: 'lost', by: 'drop-named', why: /was deleted/ })
})
