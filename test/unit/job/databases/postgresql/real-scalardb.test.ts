import t from 'tap'
import { postgresql } from '../../../../../job/databases/postgresql/postgresql.ts'
import { beforePrefix, newest, startScalarDb, wholeAt } from '../../../../scalardb/scalardb.ts'
import { startPostgresql } from '../../../../stand-ins/postgresql/local-server.ts'
import { backedUp, memoryJournal, noErrors } from '../database-conformance.ts'
import { settingsFor } from './ledger-database.ts'

// What a restore leaves is judged by ScalarDB, which reads and commits in it.
const server = await startPostgresql()
t.teardown(() => server.stop())
process.env['PATH'] = `${server.tools}:${process.env['PATH'] ?? ''}`
t.setTimeout(600_000)

for (const version of [newest, beforePrefix])
  t.test(`ScalarDB ${version}`, async (t) => {
    const scalardb = await startScalarDb(version)
    t.teardown(() => scalardb.stop())
    const database = `bank ${version}`
    const admin = await server.connect()
    await admin.query(`CREATE DATABASE "${database}"`)
    await admin.end()
    const settings = [settingsFor(server, database)]
    const properties = [
      'scalar.db.storage=jdbc',
      `scalar.db.contact_points=${settings[0]?.contactPoints}`,
      `scalar.db.username=${server.superuser}`,
      `scalar.db.password=${server.password}`,
    ].join('\n')
    let round = 0
    const write = () => scalardb.write(properties, (round += 1))
    const content = () => scalardb.read(properties)
    await scalardb.create(properties)
    await write()

    // writes once more after the snapshot
    const trial = {
      settings,
      write,
      content,
      beside: async () => [],
      obstruct: async () => async () => undefined,
    }
    const { entry, context, atSnapshot } = await backedUp(t, postgresql, trial)
    t.strictSame(atSnapshot, wholeAt(1))
    const journal = await memoryJournal()
    const destination = postgresql.openRestore(settings, entry, context('restore-a'))
    noErrors(t, await destination.preflight())
    await destination.load(journal)
    t.strictSame(await content(), wholeAt(2), 'the data in service is as it was')
    await destination.activate(journal)
    t.strictSame(await content(), wholeAt(1), 'restored')
    await write()
    t.strictSame(await content(), wholeAt(3), 'it commits')

    const former = destination.describe()
    await destination.close()
    const undo = postgresql.openUndo(settings, entry, { ...context('restore-a'), former })
    await undo.deactivate(await memoryJournal())
    t.strictSame(await content(), wholeAt(2), 'undone')
    await write()
    t.strictSame(await content(), wholeAt(4), 'it commits')
    await undo.close()
  })
