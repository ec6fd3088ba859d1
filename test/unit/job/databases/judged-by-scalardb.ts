import type { Test } from 'tap'
import type { DatabaseKind } from '../../../../job/databases/database.ts'
import type { StorageSettings } from '../../../../job/scalardb/storage-settings.ts'
import { startScalarDb, wholeAt } from '../../../scalardb/scalardb.ts'
import { backedUp, memoryJournal, noErrors } from './database-conformance.ts'

/** Restores an empty database by JDBC and undoes that; a ScalarDB reads and commits in what each of these leaves. */
export async function judgedByScalarDb(
  t: Test,
  version: string,
  kind: DatabaseKind,
  settings: StorageSettings,
): Promise<void> {
  const scalardb = await startScalarDb(version)
  t.teardown(() => scalardb.stop())
  const properties = [
    'scalar.db.storage=jdbc',
    `scalar.db.contact_points=${settings.contactPoints}`,
    `scalar.db.username=${settings.username}`,
    `scalar.db.password=${settings.password}`,
  ].join('\n')
  let round = 0
  const write = () => scalardb.write(properties, (round += 1))
  const content = () => scalardb.read(properties)
  await scalardb.create(properties)
  await write()

  // writes once more after the snapshot
  const trial = {
    settings: [settings],
    write,
    content,
    beside: async () => [],
    obstruct: async () => async () => undefined,
  }
  const { entry, context, atSnapshot } = await backedUp(t, kind, trial)
  t.strictSame(atSnapshot, wholeAt(1))
  const journal = await memoryJournal()
  const destination = kind.openRestore([settings], entry, context('restore-a'))
  noErrors(t, await destination.preflight())
  await destination.load(journal)
  t.strictSame(await content(), wholeAt(2), 'the data in service is as it was')
  await destination.activate(journal)
  t.strictSame(await content(), wholeAt(1), 'restored')
  await write()
  t.strictSame(await content(), wholeAt(3), 'it commits')

  const former = destination.describe()
  await destination.close()
  const undo = kind.openUndo([settings], entry, { ...context('restore-a'), former })
  noErrors(t, await undo.checkWayBack())
  await undo.deactivate(await memoryJournal())
  t.strictSame(await content(), wholeAt(2), 'undone')
  await write()
  t.strictSame(await content(), wholeAt(4), 'it commits')
  await undo.close()
}
