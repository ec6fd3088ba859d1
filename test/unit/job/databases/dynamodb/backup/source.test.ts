import t, { type Test } from 'tap'
import { dynamodb } from '../../../../../../job/databases/dynamodb/dynamodb.ts'
import { readDetails } from '../../../../../../job/databases/dynamodb/details.ts'
import type { DatabaseBackup } from '../../../../../../operation/record.ts'
import { startAws } from '../../../../../stand-ins/aws/aws.ts'
import { failureOf } from '../../../failure-of.ts'
import { noErrors } from '../../database-conformance.ts'
import { contextOf, createInstallation, secretKey, type Installation } from '../installation.ts'

const quick = {
  createTable: 5,
  deleteTable: 5,
  updateTable: 5,
  createIndex: 5,
  restore: 20,
  createBackup: 20,
  timeToLive: 0,
}
const aws = await startAws({ settings: { restorableLagMs: 1_500, phases: quick, limits: { ratePerSecond: {} } } })
t.teardown(() => aws.stop())

/** A pause that begins now, as the worker's clock has it. */
const pauseNow = () => ({
  allPausedAt: new Date().toISOString(),
  endsAtMs: Date.now() + 30_000,
  signal: new AbortController().signal,
})

async function installed(t: Test, prefix: string): Promise<Installation> {
  const installation = await createInstallation(aws, prefix)
  t.teardown(() => installation.close())
  return installation
}

t.test("a backup is a whole second of AWS's clock inside the pause, and every setting of every table", async (t) => {
  aws.set({ clockOffsetMs: 90_300 })
  t.teardown(() => aws.set({ clockOffsetMs: 0 }))
  const { settings, tables, prefix } = await installed(t, 'prod-')
  const context = contextOf('backup-a')
  const source = dynamodb.openBackup(settings, context)
  t.strictSame(
    (await source.describe()).tables.map(({ schema, name }) => `${prefix}${schema}.${name}`),
    tables,
  )
  noErrors(t, await source.preflight())
  await source.prepare()
  const pause = pauseNow()
  const { at, durable } = await source.snapshot(pause)
  const heldMs = Date.now() - Date.parse(pause.allPausedAt)
  const pointMs = Date.parse(at)
  t.equal(pointMs % 1000, 0)
  t.ok(pointMs > Date.parse(pause.allPausedAt) + 90_300, "it begins after all were paused, by AWS's clock")
  t.ok(pointMs + 1000 <= aws.now(), 'and all of it was over when they were unpaused')
  t.ok(heldMs < 15_000, `the pause was held for ${heldMs} ms`)

  const entry = JSON.parse(JSON.stringify(await source.complete('a/dynamodb-1'))) as DatabaseBackup
  await source.close()
  t.match(entry, {
    kind: 'dynamodb',
    title: 'dynamodb://eu-west-1/prod-',
    snapshotAt: at,
    storages: ['ledger/default'],
  })
  t.match(durable, { clock: { lowMs: Number, highMs: Number } })
  const details = readDetails(entry)
  t.match(details, {
    region: 'eu-west-1',
    account: '123456789012',
    endpoint: aws.endpoint,
    prefix: 'prod-',
    metadataNamespace: 'scalardb',
    coordinatorNamespace: 'coordinator',
  })
  t.equal(Date.parse(details.restorableUntil ?? '') - pointMs, 20 * 86_400_000, 'as long as the shortest window')
  t.ok((details.clock?.lowMs ?? 0) <= 90_300 && (details.clock?.highMs ?? 0) >= 90_300, JSON.stringify(details.clock))
  const settingsOf = (name: string) => details.tables.find((table) => table.name === name)?.settings
  t.strictSame(settingsOf('prod-scalar.asset'), {
    keySchema: [
      { attribute: 'concatenatedPartitionKey', type: 'HASH' },
      { attribute: 'concatenatedClusteringKey', type: 'RANGE' },
    ],
    attributes: [
      { name: 'concatenatedClusteringKey', type: 'B' },
      { name: 'concatenatedPartitionKey', type: 'B' },
      { name: 'owner', type: 'S' },
    ],
    billingMode: 'PROVISIONED',
    throughput: { readUnits: 5, writeUnits: 6 },
    globalIndexes: [
      {
        name: 'prod-scalar.asset.global_index.owner',
        keySchema: [{ attribute: 'owner', type: 'HASH' }],
        projection: { type: 'ALL' },
        throughput: { readUnits: 7, writeUnits: 8 },
      },
    ],
    localIndexes: [],
    autoscaling: [undefined, 'prod-scalar.asset.global_index.owner'].flatMap((index) =>
      ['Read', 'Write'].map((what) => ({
        ...(index === undefined ? {} : { index }),
        dimension: `dynamodb:${index === undefined ? 'table' : 'index'}:${what}CapacityUnits`,
        minCapacity: 5,
        maxCapacity: 50,
        roleArn: settingsOf('prod-scalar.asset')?.autoscaling[0]?.roleArn,
        policies: [
          {
            name: `table/prod-scalar.asset${index === undefined ? '-' : `/index/${index}-index-`}${what.toLowerCase()}`,
            type: 'TargetTrackingScaling',
            configuration: {
              PredefinedMetricSpecification: { PredefinedMetricType: `DynamoDB${what}CapacityUtilization` },
              ScaleInCooldown: 60,
              ScaleOutCooldown: 60,
              TargetValue: 70,
            },
          },
        ],
        scheduledActions: [],
      })),
    ),
    pointInTimeRecovery: { periodDays: 20 },
    timeToLive: 'expires',
    streamView: 'NEW_AND_OLD_IMAGES',
    kinesisStreams: [],
    tags: [
      { key: 'cost', value: '42' },
      { key: 'team', value: 'ledger' },
    ],
    kmsKey: 'arn:aws:kms:eu-west-1:123456789012:key/of-the-ledger',
    tableClass: 'STANDARD',
    deletionProtection: false,
    replicas: [],
    unread: [],
  })
  t.match(settingsOf('prod-scalar.contract'), { deletionProtection: true, tableClass: 'STANDARD_INFREQUENT_ACCESS' })
  t.match(settingsOf('prod-coordinator.state'), {
    billingMode: 'PAY_PER_REQUEST',
    throughput: undefined,
    onDemandLimit: { maxReadUnits: 500, maxWriteUnits: 200 },
  })
  t.notOk(
    JSON.stringify([entry, durable, context.said]).includes(secretKey),
    'no secret is in the record, the journal or the events',
  )
  const progress = context.said.filter(({ code }) => code === 'progress')
  t.strictSame([...new Set(progress.map(({ data }) => data?.['subject']))].sort(), tables, 'every table has a line')
})

t.test('a worker that is replaced while it waits goes on with the same point', async (t) => {
  const { settings, write } = await installed(t, 'resumed-')
  const first = dynamodb.openBackup(settings, contextOf('backup-b'))
  await first.prepare()
  const snapshot = JSON.parse(JSON.stringify(await first.snapshot(pauseNow())))
  await first.close()
  await write()
  const second = dynamodb.openBackup(settings, contextOf('backup-b'))
  second.resume?.(snapshot)
  const entry = await second.complete('b/dynamodb-1')
  t.equal(entry.snapshotAt, snapshot.at)
  t.strictSame(readDetails(entry).clock, snapshot.durable.clock)
  t.equal(entry.tables.length, 5)
  await second.close()
})

t.test('a table that loses its past after the point spoils the backup at once', async (t) => {
  const { settings, client } = await installed(t, 'lost-')
  const source = dynamodb.openBackup(settings, contextOf('backup-c'))
  await source.prepare()
  await source.snapshot(pauseNow())
  await client.updateContinuousBackups({
    TableName: 'lost-scalar.contract',
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: false },
  })
  t.match(await failureOf(source.complete('c/dynamodb-1')), { what: /lost-scalar.contract/, why: /turned off/ })
  await client.updateContinuousBackups({
    TableName: 'lost-scalar.contract',
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
  })
  t.match(await failureOf(source.complete('c/dynamodb-1')), {
    what: /lost-scalar.contract/,
    why: /turned off and on again/,
  })
  await source.close()
})

t.test('told to stop while it waits, a backup stops', async (t) => {
  const { settings } = await installed(t, 'stopped-')
  aws.set({ restorableLagMs: 60_000 })
  t.teardown(() => aws.set({ restorableLagMs: 1_500 }))
  const stop = new AbortController()
  const source = dynamodb.openBackup(settings, contextOf('backup-d', { signal: stop.signal }))
  await source.prepare()
  await source.snapshot(pauseNow())
  const completing = source.complete('d/dynamodb-1')
  setTimeout(() => stop.abort(new Error('told to stop')), 200)
  await t.rejects(completing, { message: 'told to stop' })
  await source.close()
})

t.test('tables given by hand take the place of what the metadata names', async (t) => {
  const { settings } = await installed(t, 'chosen-')
  const source = dynamodb.openBackup(
    settings,
    contextOf('backup-e', { tables: ['chosen-scalar.asset', 'chosen-scalar.contract'] }),
  )
  t.strictSame((await source.describe()).tables, [
    { schema: 'scalar', name: 'asset' },
    { schema: 'scalar', name: 'contract' },
  ])
  noErrors(t, await source.preflight())
  await source.close()
})

t.test("a backup tells the coordinator's namespace of every storage", async (t) => {
  const {
    settings: [first],
  } = await installed(t, 'coordinated-')
  if (first === undefined) throw new Error('an installation without storages')
  const own = 'consensus_commit.coordinator.namespace'
  const second = {
    ...first,
    storage: 'ledger/second',
    property: (name: string) => (name === own ? 'second' : first.property(name)),
  }
  const source = dynamodb.openBackup([first, second], contextOf('backup-f'))
  await source.prepare()
  await source.snapshot(pauseNow())
  t.match(readDetails(await source.complete('f/dynamodb-1')), {
    coordinatorNamespace: 'coordinator',
    coordinatorNamespaces: ['coordinator', 'second'],
  })
  await source.close()
})
