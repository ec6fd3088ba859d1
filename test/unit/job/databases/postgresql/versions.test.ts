import t from 'tap'
import { majors } from '../../../../stand-ins/postgresql/binaries.ts'
import { chosenMajor, startPostgresql } from '../../../../stand-ins/postgresql/local-server.ts'
import type { StorageSettings } from '../../../../../job/scalardb/storage-settings.ts'
import { judge } from '../../../../../job/databases/postgresql/restore/pg-restore.ts'
import { postgresql } from '../../../../../job/databases/postgresql/postgresql.ts'
import type { DatabaseBackup } from '../../../../../operation/record.ts'
import { failureOf } from '../../failure-of.ts'
import { memoryJournal, noErrors, storageOf } from '../database-conformance.ts'
import { createLedgerDatabase, settingsFor } from './ledger-database.ts'
import { createRichDatabase, textOf } from './rich-database.ts'

const major = chosenMajor()
const server = await startPostgresql([], major)
t.teardown(() => server.stop())
process.env['PATH'] = `${server.tools}:${process.env['PATH'] ?? ''}`

// One pair is enough for a change; POSTGRESQL_MAJOR asks for all that a server of that version can go to.
const later = process.env['POSTGRESQL_MAJOR'] === undefined ? [] : majors.filter((other) => other > major)

await createRichDatabase(server, 'books')
const settings = [settingsFor(server, 'books')]
const text = await textOf(server, 'books')
const { context } = storageOf(t)

async function backup(of: StorageSettings[], folder: string): Promise<DatabaseBackup> {
  const source = postgresql.openBackup(of, context(`backup-${folder}`))
  try {
    await source.prepare()
    await source.snapshot()
    return JSON.parse(JSON.stringify(await source.complete(`${folder}/db`))) as DatabaseBackup
  } finally {
    await source.close()
  }
}
const entry = await backup(settings, 'books')

await t.test(`a database of PostgreSQL ${major} comes back to its server, to the letter`, async (t) => {
  const destination = postgresql.openRestore(settings, entry, context('restore-a'))
  noErrors(t, await destination.preflight())
  const journal = await memoryJournal()
  await destination.load(journal)
  await destination.activate(journal)
  t.equal(await textOf(server, 'books'), text)
})

await t.test('an error while loading fails the restore, whatever else the server refuses', async (t) => {
  const client = await createLedgerDatabase(server, 'strict')
  await client.query(`
    CREATE FUNCTION scalar.here() RETURNS bool LANGUAGE plpgsql AS $$
      BEGIN IF current_database() <> 'strict' THEN RAISE 'not here'; END IF; RETURN true; END $$;
    CREATE TABLE scalar.strict (a int CHECK (scalar.here())); INSERT INTO scalar.strict VALUES (1)`)
  await client.end()
  const strict = [settingsFor(server, 'strict')]
  const destination = postgresql.openRestore(strict, await backup(strict, 'strict'), context('restore-c'))
  t.match(await failureOf(destination.load(await memoryJournal())), {
    what: /^load of .*\/strict failed$/,
    why: 'COPY "scalar"."strict": not here',
  })
})

await t.test('refused time limits are told from errors, whatever order several sessions write in', (t) => {
  const refusal =
    'could not execute query: ERROR:  unrecognized configuration parameter "transaction_timeout"\nCommand was: ' +
    'SET transaction_timeout = 0;\n\n'
  const other = 'could not execute query: ERROR:  syntax error\nCommand was: CREATE;\n\n'
  const start = 'pg_restore: error: '
  const errorsIn = (stderr: string) => judge(stderr, ['transaction_timeout']).errors !== 0
  t.notOk(errorsIn(start + refusal + start + refusal))
  t.notOk(errorsIn(start + start + refusal + refusal))
  t.ok(errorsIn(start + start + refusal + other))
  t.ok(errorsIn(start + start + other + refusal))
  t.ok(errorsIn(start + refusal + start), 'an error that tells nothing')
  t.ok(errorsIn(start + refusal.replaceAll('transaction_timeout', 'lock_timeout')), 'a limit that the server has')
  t.ok(errorsIn(start + refusal.replace('= 0', '= 1')))
  t.end()
})

for (const other of later) {
  await t.test(`a database of PostgreSQL ${major} goes to a server of ${other}, to the letter`, async (t) => {
    const newer = await startPostgresql([], other)
    t.teardown(() => newer.stop())
    const destination = postgresql.openRestore([settingsFor(newer, 'books')], entry, context('restore-b'))
    noErrors(t, await destination.preflight())
    const journal = await memoryJournal()
    await destination.load(journal)
    await destination.activate(journal)
    t.equal(await textOf(newer, 'books'), text)
  })
}
