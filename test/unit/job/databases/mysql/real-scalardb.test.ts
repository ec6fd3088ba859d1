import t from 'tap'
import { mysql } from '../../../../../job/databases/mysql/mysql.ts'
import { newest, startScalarDb, wholeAt } from '../../../../scalardb/scalardb.ts'
import { startMysql } from '../../../../stand-ins/mysql/local-server.ts'
import { backedUp, memoryJournal, noErrors } from '../database-conformance.ts'
import { settingsFor } from './ledger-schemas.ts'

// What a restore leaves is judged by ScalarDB, which reads and commits in it.
const server = await startMysql()
t.teardown(() => server.stop())
t.setTimeout(600_000)

await t.test(`ScalarDB ${newest} on ${server.name}`, async (t) => {
  const scalardb = await startScalarDb(newest)
  t.teardown(() => scalardb.stop())
  const settings = [settingsFor(server, '', { property: () => undefined })]
  const properties = [
    'scalar.db.storage=jdbc',
    `scalar.db.contact_points=${settings[0]?.contactPoints}`,
    `scalar.db.username=${server.user}`,
    `scalar.db.password=${server.password}`,
  ].join('\n')
  let round = 0
  const write = () => scalardb.write(properties, (round += 1))
  const content = () => scalardb.read(properties)
  await scalardb.create(properties)
  await write()

  // writes once more after the snapshot
  const trial = { settings, write, content, beside: async () => [], obstruct: async () => async () => undefined }
  const { entry, context, atSnapshot } = await backedUp(t, mysql, trial)
  t.strictSame(atSnapshot, wholeAt(1))
  const journal = await memoryJournal()
  const destination = mysql.openRestore(settings, entry, context('restore-a'))
  noErrors(t, await destination.preflight())
  await destination.load(journal)
  t.strictSame(await content(), wholeAt(2), 'the data in service is as it was')
  await destination.activate(journal)
  t.strictSame(await content(), wholeAt(1), 'restored')
  await write()
  t.strictSame(await content(), wholeAt(3), 'it commits')

  const former = destination.describe()
  await destination.close()
  const undo = mysql.openUndo(settings, entry, { ...context('restore-a'), former })
  noErrors(t, await undo.checkWayBack())
  await undo.deactivate(await memoryJournal())
  t.strictSame(await content(), wholeAt(2), 'undone')
  await write()
  t.strictSame(await content(), wholeAt(4), 'it commits')
  await undo.close()
})
