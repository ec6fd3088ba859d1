import t from 'tap'
import { formerSecretName } from '../../operation/names.ts'
import { toldOf } from '../unit/job/databases/rds/instance-world.ts'
import { keptToRights } from './stage/clouds/rds-rights.ts'
import { anInstance, inService, openRdsStage, urlKey, urlSecret } from './stage/clouds/rds-stage.ts'
import { servesThePoint } from './stage/clouds/serves-the-point.ts'
import { backupOf, recordOf } from './stage/records.ts'
import { damage, replicasOf } from './stage/restore-stage.ts'
import { stopWriters } from './stage/writers.ts'

// A Ledger in a DB instance of RDS, pointed to a restored one and back by a worker with a role of its ServiceAccount.

const at = await openRdsStage('rds-restore', anInstance)
const { stage, deployment, client, scalardl, secretText } = at
t.teardown(() => at.close())
t.setTimeout(600_000)

const instances = async () =>
  ((await client.describeDBInstances()).DBInstances ?? []).map(({ DBInstanceIdentifier = '' }) => DBInstanceIdentifier)

const settings = await toldOf(at, inService)
await scalardl('backup', 'my', '--managed', 'rds', '--pause', 'always', '--name', 'point')
await damage(at)
await stopWriters(stage, deployment)
const damaged = await stage.check(deployment)
const before = await secretText(urlSecret)
let made = ''

t.test('the backup is a second amid the writing, and the data was damaged after it', async (t) => {
  t.match(await recordOf(stage, 'backup-point'), { backup: { state: 'restorable' }, windows: [{ verdict: 'valid' }] })
  t.match(backupOf(await recordOf(stage, 'backup-point')).databases, [{ kind: 'rds' }])
  t.not(damaged.problems.length, 0)
})

t.test('a restore makes an instance like the former, and points the release to it', async (t) => {
  await scalardl('restore', 'point', '--name', 'new', '--repoint', 'patch', '--yes')
  const { restore } = await recordOf(stage, 'restore-new')
  const [database] = restore?.databases ?? []
  made = String(database?.details['instance'])
  t.match(restore, {
    serving: 'restored',
    databases: [{ previous: 'instance ledger', details: { former: { keptIn: formerSecretName(urlSecret) } } }],
  })
  t.strictSame(database?.details['differences'], [])
  t.strictSame((await instances()).sort(), [inService, made].sort())
  t.strictSame(await toldOf(at, made), settings, 'every setting is as it was')
  t.strictSame(await toldOf(at, inService), settings, 'those of the former are untouched')
  t.strictSame(await secretText(urlSecret), { ...before, [urlKey]: await at.urlOf(made) })
  t.equal(await replicasOf(at), 2)
  await servesThePoint(t, at, damaged)
})

t.test('its undo points the release back to the former, as it was left', async (t) => {
  await scalardl('restore', 'new', '--undo', '--yes')
  t.match((await recordOf(stage, 'restore-new')).restore, { serving: 'previous' })
  t.strictSame(await secretText(urlSecret), before)
  t.strictSame(await secretText(formerSecretName(urlSecret)), {}, 'what was kept is used up')
  t.strictSame(await stage.check(deployment), damaged, 'the former data serves')
  t.equal(await replicasOf(at), 2)
  t.strictSame((await instances()).sort(), [inService, made].sort(), 'both instances stay')
})

t.test('the worker came by its own projected token, and did nothing outside of the policies', async (t) => {
  const done = await keptToRights(t, at, ['rds-backup.json', 'rds-restore.json'])
  t.ok(done.includes('rds:RestoreDBInstanceToPointInTime'))
})
