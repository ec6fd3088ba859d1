import t, { type Test } from 'tap'
import { accessOf } from '../../../../../../../job/databases/dynamodb/access.ts'
import { describeBackup } from '../../../../../../../job/databases/dynamodb/backup/describe-backup.ts'
import { parsePhysicalName } from '../../../../../../../job/databases/dynamodb/tables/table-names.ts'
import type { DatabaseBackup } from '../../../../../../../operation/record.ts'
import { settingsFor } from '../../installation.ts'
import { awsForRestores } from '../restore-aws.ts'
import {
  dropRequest,
  restoreRequest,
  restoreStages,
  undoRequest,
  unprotect,
  type RestoreStage,
} from '../restore-stage.ts'
import { undisturbed } from '../restore-walk.ts'
import { allTables } from '../restored-world.ts'

const aws = await awsForRestores(t)

const [prod, staging, older, reused, killed] = await restoreStages(
  t,
  aws,
  ['prod-', 'stg-', 'older-', 'reused-', 'killed-'],
  unprotect,
)

/** Whether a removal is refused, and every table is still there. */
async function removesNothing(t: Test, stage: RestoreStage, name: string): Promise<void> {
  const tables = await allTables(stage.clients)
  t.equal((await stage.worker(dropRequest(name))).code, 1)
  t.strictSame(await allTables(stage.clients), tables)
}

t.test(
  "a release that restored another's backup: neither the other's tables nor its own are removed, " +
    'and it goes back to its own',
  async (t) => {
    const record = prod.record('backup-x')
    if (record === undefined) throw new Error('no backup')
    await staging.cluster.writeRecord(record)
    await undisturbed(t, staging, restoreRequest('drill', { prefix: 'drill-' }))
    t.match(staging.record('restore-drill')?.restore?.databases, [
      { previous: 'the tables under the prefix "stg-" in eu-west-1' },
    ])
    await removesNothing(t, staging, 'drill')
    t.match(staging.record('drop-drill')?.failure, {
      why: /the releases used the tables under the prefix "stg-" .* the backup is of the tables under the prefix "prod-"/,
      next: /"stg-".*delete them yourself/,
    })
    await undisturbed(t, staging, undoRequest('drill'))
    t.match(staging.properties(), /prefix=stg-/)

    t.equal((await staging.worker(restoreRequest('at-once', { prefix: 'at-once-' }, { dropPrevious: true }))).code, 1)
    t.match(staging.record('restore-at-once')?.failure, {
      what: /nothing was touched/,
      next: /omit --drop-previous/,
    })
  },
)

t.test('a way back to tables that are gone is refused, whoever the backup was of', async (t) => {
  await undisturbed(t, staging, restoreRequest('gone', { prefix: 'gone-' }))
  await staging.installation.client.deleteTable({ TableName: 'stg-scalardb.metadata' })
  while ((await allTables(staging.clients)).includes('stg-scalardb.metadata'));
  t.equal((await staging.worker(undoRequest('gone'))).code, 1)
  t.match(staging.record('undo-gone')?.failure, { why: /stg-scalardb\.metadata are no longer there/ })
  t.match(staging.properties(), /prefix=gone-/)
})

t.test(
  'an older backup than the tables in service: the originals, which it is of, are not taken for what was in service',
  async (t) => {
    await undisturbed(t, older, restoreRequest('first', { prefix: 'first-' }))
    await undisturbed(t, older, restoreRequest('second', { prefix: 'second-' }))
    t.match(older.record('restore-second')?.restore?.databases, [{ previous: /"first-"/ }])
    await removesNothing(t, older, 'second')
  },
)

t.test(
  "a backup's name that was used again: what the new one is of is in service, and not removed; " +
    'nor is the restore undone by it',
  async (t) => {
    await undisturbed(t, reused, restoreRequest('r', { prefix: 'now-' }))
    const record = reused.record('backup-x')
    if (record?.backup === undefined) throw new Error('no backup')
    const tables = (await allTables(reused.clients))
      .filter((name) => name.startsWith('now-'))
      .flatMap((name) => ({ name, ...(parsePhysicalName('now-', name) ?? { namespace: '', table: name }) }))
    const atMs = Math.floor(aws.now() / 1000) * 1000
    const details = await describeBackup({
      access: accessOf([settingsFor(aws, 'now-')], {}),
      clients: reused.clients,
      tables,
      windows: [],
      atMs,
    })
    const restorePoint = new Date(atMs).toISOString()
    const databases = [
      {
        ...reused.entry,
        snapshotAt: restorePoint,
        details: JSON.parse(JSON.stringify(details)) as DatabaseBackup['details'],
      },
    ]
    await reused.cluster.writeRecord({ ...record, backup: { ...record.backup, restorePoint, databases } })
    await removesNothing(t, reused, 'r')
    t.match(reused.record('drop-r')?.failure, { why: /backup x is another than the one it restored/ })
    t.equal((await reused.worker(undoRequest('r'))).code, 1)
    t.match(reused.record('undo-r')?.failure, { why: /backup x is another/ })
    t.match(reused.properties(), /prefix=now-/)
  },
)

t.test(
  'killed while a restore removes what it replaced: the next worker knows what was in service before',
  async (t) => {
    const request = restoreRequest('killed', { prefix: 'alive-' }, { dropPrevious: true })
    const begun = () => killed.record('restore-killed')?.phases.some(({ name }) => name === 'drop previous') === true
    t.ok((await killed.worker(request, { until: begun, lastWriteKept: false })).killed)
    t.equal((await killed.worker(request)).code, 0, JSON.stringify(killed.record('restore-killed')?.failure))
    t.strictSame(
      (await allTables(killed.clients)).filter((name) => name.startsWith('killed-')),
      ['killed-scalardb.metadata', 'killed-scalardb.namespaces'],
    )
  },
)
