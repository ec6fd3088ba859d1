import t from 'tap'
import { rds } from '../../../../../job/databases/rds/rds.ts'
import type { DatabaseBackup } from '../../../../../operation/record.ts'
import { until } from '../../../stand-ins/aws/clients.ts'
import { createInstance, describe, restorable, unusual } from '../../../stand-ins/aws/instances.ts'
import { memoryJournal } from '../database-conformance.ts'
import { failureOf } from '../../failure-of.ts'
import { backedUp, openWorld } from './instance-world.ts'

// An instance is who it is by its resource id: its name, and the endpoint that goes with it, are given anew.

const world = await openWorld(t, {}, '127.0.0.1')
const { client, name } = world
let entry: DatabaseBackup
t.before(async () => void (entry = await backedUp(world)))
const open = (operation: string, backup = entry) =>
  rds.openRestore(world.settings, backup, world.context(operation, { choice: { repoint: 'print' } }))
const errors = async (operation: string, backup = entry) =>
  (await open(operation, backup).preflight()).filter(({ outcome }) => outcome === 'error')

/** Another instance gets the name, and the past of the one before is kept or not. */
async function replaced(keepsPast: boolean): Promise<void> {
  await client.modifyDBInstance({ DBInstanceIdentifier: name, DeletionProtection: false })
  await until('it may be deleted', async () => {
    const one = await describe(client, name)
    return one?.DeletionProtection === false && one.DBInstanceStatus === 'available'
  })
  const how = { SkipFinalSnapshot: true, DeleteAutomatedBackups: !keepsPast }
  await client.deleteDBInstance({ DBInstanceIdentifier: name, ...how })
  await until('it is gone', async () => (await describe(client, name)) === undefined)
  await createInstance(client, name, unusual)
  await restorable(client, name, new Date(0))
}

t.test('an instance that has another name now is not restored by its former one', async (t) => {
  await createInstance(client, 'other')
  const renamed = { ...entry, details: { ...entry.details, instance: 'other' } }
  t.match(await errors('restore-renamed', renamed), [{ message: 'the instance other is another one now' }])
  t.match(await failureOf(open('restore-renamed', renamed).load(await memoryJournal())), {
    why: 'the instance other is another one now',
  })
  t.strictSame(await world.instances(), ['ledger', 'other'])
  await client.deleteDBInstance({ DBInstanceIdentifier: 'other', SkipFinalSnapshot: true })
  await until('it is gone', async () => (await describe(client, 'other')) === undefined)
})

t.test('a point is lost where another instance has the name and the endpoint before it is kept', async (t) => {
  const source = rds.openBackup(world.settings, world.context('backup-replaced'))
  await source.prepare()
  await source.snapshot()
  await replaced(true)
  t.match(await failureOf(source.complete('name/db')), { why: /another instance has its name now/ })
  await source.close()
})

t.test('what is kept of one that is gone is restored, and not the instance that has its name', async (t) => {
  t.strictSame(await errors('restore-retained'), [])
  world.aws.forgetCalls()
  const destination = open('restore-retained')
  const journal = await memoryJournal()
  await destination.load(journal)
  const asked = world.aws.calls().flatMap(({ operation, input }) => (operation.startsWith('Restore') ? [input] : []))
  t.match(asked, [{ SourceDbiResourceId: entry.details['resourceId'] }])
  t.strictSame(asked.length, 1)
  t.notOk(Object.keys(asked[0] ?? {}).includes('SourceDBInstanceIdentifier'))
  await destination.discard(journal)
})

t.test('where nothing is kept, another instance of the name does not stand in for it', async (t) => {
  entry = await backedUp(world)
  await replaced(false)
  t.match(await errors('restore-lost'), [
    { check: 'recovery window', message: /RDS keeps nothing of the instance ledger/ },
  ])
  t.match(await failureOf(open('restore-lost').load(await memoryJournal())), { why: /keeps nothing/ })
})

t.test('backups that were turned off are told as the cause', async (t) => {
  entry = await backedUp(world)
  await client.modifyDBInstance({ DBInstanceIdentifier: name, BackupRetentionPeriod: 0 })
  await until('they are off', async () => (await describe(client, name))?.BackupRetentionPeriod === 0)
  t.match(await errors('restore-off'), [
    { message: 'automated backups of ledger were turned off, and its past went with them' },
  ])
})
