import t, { type Test } from 'tap'
import { compareSettings } from '../../job/databases/dynamodb/settings/compare-settings.ts'
import { readDetails } from '../../job/databases/dynamodb/details.ts'
import { expectedSettings } from '../../job/databases/dynamodb/settings/expected-settings.ts'
import { lookAtTable } from '../../job/databases/dynamodb/tables/look-at-table.ts'
import { readAutoscaling } from '../../job/databases/dynamodb/settings/read-autoscaling.ts'
import { readTableSettings } from '../../job/databases/dynamodb/settings/read-settings.ts'
import { awsRegion, openAwsStage } from './stage/aws-stage.ts'
import { backupOf, recordOf } from './stage/records.ts'
import { damage, replicasOf } from './stage/restore-stage.ts'
import { stopWriters } from './stage/writers.ts'

const former = 'prod-'
const at = await openAwsStage('dyn-restore', {
  prefix: former,
  replicas: 2,
  standIn: { STAND_IN_WORKERS: '2' },
  settings: { restorableLagMs: 1000, limits: { ratePerSecond: {} } },
})
const { stage, deployment, aws } = at
t.teardown(async () => {
  aws.close()
  await stage.close()
})
t.setTimeout(600_000)

/** @throws Error with what the plugin said where it fails; asserts before the first test would end them all */
const scalardl = (...args: string[]) => stage.succeeds([...args, ...at.endpointFlags])
/** What the release's pods read when they start. */
const prefixInUse = async () => {
  const { data } = await stage.get<{ data: Record<string, string> }>([
    'configmap',
    `${at.release.deployment}-properties`,
  ])
  return /^scalar\.db\.dynamo\.namespace\.prefix=(.*)$/m.exec(Object.values(data).join('\n'))?.[1]
}

await scalardl('backup', 'my', '--name', 'point')
await damage(at)
await stopWriters(stage, deployment)
const damaged = await stage.check(deployment)
const details = readDetails(
  backupOf(await recordOf(stage, 'backup-point')).databases[0] ?? {
    storages: [],
    kind: '',
    title: '',
    tables: [],
    details: {},
  },
)
const seconds = Math.floor(
  Date.parse(backupOf(await recordOf(stage, 'backup-point')).databases[0]?.snapshotAt ?? '') / 1000,
)

/** Every setting of every table, as the backup has it. */
async function hasAllSettings(t: Test, prefix: string): Promise<void> {
  const autoscaling = await readAutoscaling(aws.autoscaling)
  for (const { name, settings } of details.tables) {
    const restored = prefix + name.slice(former.length)
    const found = await lookAtTable(aws.client, restored)
    t.ok(found, restored)
    if (found === undefined) continue
    const present = await readTableSettings(
      { dynamo: aws.client, autoscaling: aws.autoscaling, close: () => undefined },
      found,
      autoscaling,
    )
    t.strictSame(
      compareSettings(expectedSettings(settings, { former: name, name: restored }), present),
      [],
      `${restored} is set as it was in ${awsRegion}`,
    )
  }
}

t.test('the data was consistent, and no longer is', async (t) => {
  t.not(damaged.problems.length, 0)
  t.ok(details.tables.length > 3)
})

t.test(
  'under a prefix: the release serves the consistent data of the pause, with every setting, and goes back',
  async (t) => {
    const run = await scalardl('restore', 'point', '--name', 'beside', '--yes')
    t.match(run.stderr, `under the prefix "${seconds}-${former}"`)
    t.equal(await prefixInUse(), `${seconds}-${former}`)
    t.equal(await replicasOf(at), 2)
    const verdict = await stage.check(deployment)
    t.strictSame(verdict.problems, [])
    await hasAllSettings(t, `${seconds}-${former}`)
    await scalardl('restore', 'beside', '--undo', '--yes')
    t.equal(await prefixInUse(), former)
    t.strictSame(await stage.check(deployment), damaged, 'the former data serves')
  },
)

t.test(
  '--repoint print: the tables stand ready and what to set is shown; ' +
    'the release serves on, and they can be removed again',
  async (t) => {
    const run = await scalardl(
      'restore',
      'point',
      '--name',
      'ready',
      '--repoint',
      'print',
      '--prefix',
      'ready-',
      '--yes',
    )
    t.match(
      run.stderr,
      /to use the restored tables, set scalar\.db\.dynamo\.namespace\.prefix=ready- of release my \(Helm: in ledger\.ledgerProperties\)/,
    )
    t.equal(await prefixInUse(), former)
    const ready = async () =>
      ((await aws.client.listTables({ ExclusiveStartTableName: 'ready' })).TableNames ?? []).filter((name) =>
        name.startsWith('ready-'),
      )
    t.equal((await ready()).length, details.tables.length)
    await scalardl('restore', 'ready', '--undo', '--yes')
    t.strictSame(await ready(), [])
    t.strictSame(await stage.check(deployment), damaged, 'the release served all the while')
  },
)

t.test('in place: the same under the same names, and back to the last state', async (t) => {
  const run = await scalardl('restore', 'point', '--name', 'inplace', '--strategy', 'replace', '--yes')
  t.match(run.stderr, /every other restore point of the tables that are replaced/)
  t.equal(await prefixInUse(), former)
  t.strictSame((await stage.check(deployment)).problems, [])
  await hasAllSettings(t, former)
  await scalardl('restore', 'inplace', '--undo', '--yes')
  t.strictSame(await stage.check(deployment), damaged, 'the former data serves')
})

t.test('the backup can be restored again, although the tables that it was taken of are gone', async (t) => {
  await scalardl('restore', 'point', '--name', 'again', '--prefix', 'again-', '--yes')
  t.equal(await prefixInUse(), 'again-')
  t.strictSame((await stage.check(deployment)).problems, [])
  await hasAllSettings(t, 'again-')
  await scalardl('restore', 'again', '--undo', '--yes')
  t.strictSame(await stage.check(deployment), damaged)
})

t.test('under names that are taken it is refused before anything is touched', async (t) => {
  const restore = ['restore', 'point', '--name', 'late', '--prefix', 'again-', '--yes']
  const refused = await stage.scalardl([...restore, ...at.endpointFlags])
  t.equal(refused.code, 1)
  t.match(refused.stderr, /nothing was touched/)
  t.match(refused.stderr, /is there already/)
  t.strictSame(await stage.check(deployment), damaged)
})
