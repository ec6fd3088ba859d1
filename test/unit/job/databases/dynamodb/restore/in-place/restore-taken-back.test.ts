import t from 'tap'
import { readDetails } from '../../../../../../../job/databases/dynamodb/details.ts'
import { listBackups } from '../../../../../../../job/databases/dynamodb/backup/table-backup.ts'
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
import { allTables, worldOf } from '../restored-world.ts'

const aws = await awsForRestores(t)

/** The originals are gone when one of the tables that take their place cannot be restored. */
const fails = {
  operation: 'RestoreTableFromBackup',
  skip: 1,
  times: 1,
  effect: 'error',
  error: { code: 'ValidationException', message: 'not today' },
} as const

const prefixes = ['again-', 'elsewhere-', 'killed-', 'undone-', 'left-'] as const
const [again, elsewhere, killed, undone, left] = await restoreStages(t, aws, prefixes, unprotect)

/** Backups that a restore made on the way, of the tables of a stage. */
const made = async ({ clients: { dynamo }, installation: { prefix } }: RestoreStage) =>
  (await listBackups(dynamo, { BackupType: 'USER' })).filter(({ BackupName = '' }) => BackupName.includes(`.${prefix}`))
const materialized = (stage: RestoreStage) => {
  const [entry] = stage.record('backup-x')?.backup?.databases ?? []
  return entry === undefined ? [] : readDetails(entry).tables.filter((table) => table.materialized !== undefined)
}

t.test(
  'a restore in place that is taken back after it deleted tables leaves the backup restorable, and says what is gone',
  async (t) => {
    const before = await worldOf(again.clients, 'again-')
    aws.set({ faults: [fails] })
    t.equal((await again.worker(restoreRequest('again', { strategy: 'replace' }))).code, 1)
    aws.set({ faults: [] })
    t.equal(again.replicas(), 3)
    t.strictSame((await worldOf(again.clients, 'again-')).tables, before.tables)
    const { failure, restore } = again.record('restore-again') ?? {}
    t.match(failure, {
      why: /not today/,
      next: /serves again\. backup-x is materialized: the tables that it is of were deleted; 3 backups named restoring\.\w+\.\* hold them/,
    })
    t.notMatch(failure, { next: /nothing was changed/ })
    t.match(restore, { serving: 'previous', databases: [{ state: 'discarded' }] })
    t.equal((await made(again)).length, 3)
    t.equal(materialized(again).length, 3)
    t.equal(again.record('backup-x')?.backup?.databases[0]?.serviceBackups, 3, 'they are deleted with the backup')
    t.strictSame(
      (await allTables(again.clients)).filter((name) => name.startsWith('restoring.')),
      [],
    )

    await undisturbed(t, again, restoreRequest('beside', { prefix: 'beside-' }))
    t.strictSame((await worldOf(again.clients, 'beside-')).tables, again.atPoint.tables)
    for (const [key, text] of again.cluster.texts)
      again.cluster.texts.set(key, text.replace('prefix=beside-', 'prefix=again-'))
    await undisturbed(t, again, restoreRequest('second', { strategy: 'replace' }))
    t.strictSame((await worldOf(again.clients, 'again-')).tables, again.atPoint.tables)
    await undisturbed(t, again, dropRequest('second'))
    t.equal((await made(again)).length, 3, 'the backups are of the backup now, not of a restore')
  },
)

t.test(
  'of another moment than the recorded one nothing is written into the record; the backups stay and are named',
  async (t) => {
    const at = new Date(Date.parse(elsewhere.point) + 1000).toISOString()
    aws.set({ faults: [fails] })
    t.equal((await elsewhere.worker(restoreRequest('elsewhere', { strategy: 'replace', at, unproven: true }))).code, 1)
    aws.set({ faults: [] })
    t.match(elsewhere.record('restore-elsewhere')?.failure, {
      why: /not today/,
      next: /3 backups named restoring\.\w+\.\* .*no record tells of/,
    })
    t.equal((await made(elsewhere)).length, 3)
    t.strictSame(materialized(elsewhere), [])
    t.match(elsewhere.record('backup-x')?.backup?.databases[0]?.standing, { state: 'lost', by: 'restore-elsewhere' })
  },
)

t.test('a worker that takes over a restore which was being taken back does not go forward again', async (t) => {
  let stopped = false
  const servesAgain = () => {
    stopped ||= killed.replicas() === 0
    return stopped && killed.replicas() > 0
  }
  const request = restoreRequest('killed', { strategy: 'replace' })
  aws.set({ faults: [fails] })
  t.ok((await killed.worker(request, { until: servesAgain })).killed)
  aws.set({ faults: [] })
  t.equal(killed.record('restore-killed')?.state, 'running')
  await killed.installation.write()
  const served = Object.entries((await worldOf(killed.clients, 'killed-')).tables).filter(
    ([name]) => !name.startsWith('restoring.'),
  )
  t.equal((await killed.worker(request)).code, 1)
  t.match(killed.record('restore-killed'), {
    state: 'failed',
    failure: { why: /not today/ },
    restore: { serving: 'previous', databases: [{ state: 'discarded' }] },
  })
  t.equal(killed.replicas(), 3)
  t.strictSame(
    Object.entries((await worldOf(killed.clients, 'killed-')).tables),
    served,
    'what was written since is there',
  )
  t.equal(materialized(killed).length, 3)
  t.strictSame(
    (await allTables(killed.clients)).filter((name) => name.startsWith('restoring.')),
    [],
  )
})

t.test('the backup of a restore in place that was undone can be restored again', async (t) => {
  await undisturbed(t, undone, restoreRequest('undone', { strategy: 'replace' }))
  t.equal(materialized(undone).length, 3, 'as soon as its tables are replaced')
  await undisturbed(t, undone, undoRequest('undone'))
  t.equal(materialized(undone).length, 3)
  await undisturbed(t, undone, restoreRequest('once-more', { strategy: 'replace' }))
  t.strictSame((await worldOf(undone.clients, 'undone-')).tables, undone.atPoint.tables)
})

t.test('what a restore that failed could not remove, its undo removes while the release serves on', async (t) => {
  const tables = async () => (await allTables(left.clients)).filter((name) => name.startsWith('beside-left-'))
  const notToday = { code: 'ValidationException', message: 'not today' }
  aws.set({
    faults: [
      { operation: 'RestoreTableToPointInTime', skip: 2, times: 1, effect: 'error', error: notToday },
      { operation: 'DeleteTable', effect: 'error', error: notToday },
    ],
  })
  t.equal((await left.worker(restoreRequest('left', { prefix: 'beside-left-' }))).code, 1)
  aws.set({ faults: [] })
  t.match(left.record('restore-left')?.restore, { serving: 'previous' })
  t.not((await tables()).length, 0)

  t.equal((await left.worker(restoreRequest('refused', { prefix: 'beside-left-' }))).code, 1)
  t.match(left.record('restore-refused')?.failure, { next: /undo or resume that one/ })
  t.equal((await left.worker(undoRequest('refused'))).code, 1, 'it made nothing; the tables are of the other')
  t.not((await tables()).length, 0)

  t.equal((await left.worker(undoRequest('left'))).code, 0, JSON.stringify(left.record('undo-left')?.failure))
  t.strictSame(await tables(), [])
  t.equal(left.replicas(), 3)
  t.match(left.record('restore-left')?.restore, { serving: 'previous', databases: [{ state: 'discarded' }] })
  t.equal((await left.worker({ ...undoRequest('left'), operation: 'undo-again' })).code, 1, 'nothing is left')
})
