import t from 'tap'
import { active, available, createTable, dynamodbClient, errorName, gone, openAws, until } from './clients.ts'

const { aws, client, autoscaling } = await openAws(t, {
  backupSkewMs: 0,
  limits: { ratePerSecond: {} },
  phases: {
    createTable: 10,
    deleteTable: 10,
    updateTable: 10,
    restore: 10,
    createBackup: 10,
    timeToLive: 10,
    createIndex: 10,
  },
})

const TableName = 'app.orders'
const target = {
  ServiceNamespace: 'dynamodb',
  ResourceId: `table/${TableName}`,
  ScalableDimension: 'dynamodb:table:ReadCapacityUnits',
} as const
const indexTarget = {
  ServiceNamespace: 'dynamodb',
  ResourceId: `table/${TableName}/index/by-customer`,
  ScalableDimension: 'dynamodb:index:WriteCapacityUnits',
} as const
const policy = {
  TargetTrackingScalingPolicyConfiguration: {
    TargetValue: 70,
    PredefinedMetricSpecification: { PredefinedMetricType: 'DynamoDBReadCapacityUtilization' as const },
  },
}

t.before(async () => {
  await createTable(client, TableName, {
    AttributeDefinitions: ['id', 'customer', 'placed'].map((AttributeName) => ({
      AttributeName,
      AttributeType: 'S' as const,
    })),
    KeySchema: [
      { AttributeName: 'id', KeyType: 'HASH' },
      { AttributeName: 'placed', KeyType: 'RANGE' },
    ],
    BillingMode: 'PROVISIONED',
    ProvisionedThroughput: { ReadCapacityUnits: 7, WriteCapacityUnits: 8 },
    GlobalSecondaryIndexes: [
      {
        IndexName: 'by-customer',
        KeySchema: [{ AttributeName: 'customer', KeyType: 'HASH' }],
        Projection: { ProjectionType: 'ALL' },
        ProvisionedThroughput: { ReadCapacityUnits: 3, WriteCapacityUnits: 4 },
      },
    ],
    LocalSecondaryIndexes: [
      {
        IndexName: 'local',
        KeySchema: [
          { AttributeName: 'id', KeyType: 'HASH' },
          { AttributeName: 'customer', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
    ],
    StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' },
    SSESpecification: { Enabled: true, SSEType: 'KMS', KMSMasterKeyId: 'alias/mine' },
    TableClass: 'STANDARD_INFREQUENT_ACCESS',
    Tags: [{ Key: 'team', Value: 'orders' }],
    DeletionProtectionEnabled: true,
  })
  await client.updateContinuousBackups({
    TableName,
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true, RecoveryPeriodInDays: 14 },
  })
  await client.updateTimeToLive({ TableName, TimeToLiveSpecification: { Enabled: true, AttributeName: 'ends' } })
  await until(
    'time to live',
    async () => (await client.describeTimeToLive({ TableName })).TimeToLiveDescription?.TimeToLiveStatus === 'ENABLED',
  )
  const arn = (await client.describeTable({ TableName })).Table?.TableArn
  await client.putResourcePolicy({ ResourceArn: arn, Policy: '{"Version":"2012-10-17"}' })
  await client.updateContributorInsights({ TableName, ContributorInsightsAction: 'ENABLE' })
  await autoscaling.registerScalableTarget({ ...target, MinCapacity: 5, MaxCapacity: 50 })
  await autoscaling.putScalingPolicy({ ...target, PolicyName: 'reads', PolicyType: 'TargetTrackingScaling', ...policy })
  await autoscaling.registerScalableTarget({ ...indexTarget, MinCapacity: 1, MaxCapacity: 9 })
})

/** What a table has, beside its items. */
async function settings(name: string): Promise<Record<string, unknown>> {
  const { Table: table } = await client.describeTable({ TableName: name })
  const backups = (await client.describeContinuousBackups({ TableName: name })).ContinuousBackupsDescription
    ?.PointInTimeRecoveryDescription
  return {
    keys: table?.KeySchema,
    globals: table?.GlobalSecondaryIndexes?.map(({ IndexName, ProvisionedThroughput: units }) => [
      IndexName,
      units?.ReadCapacityUnits,
      units?.WriteCapacityUnits,
    ]),
    locals: table?.LocalSecondaryIndexes?.map((index) => index.IndexName),
    units: [table?.ProvisionedThroughput?.ReadCapacityUnits, table?.ProvisionedThroughput?.WriteCapacityUnits],
    billing: table?.BillingModeSummary?.BillingMode,
    key: table?.SSEDescription?.KMSMasterKeyArn,
    class: table?.TableClassSummary?.TableClass,
    stream: table?.StreamSpecification?.StreamViewType,
    protected: table?.DeletionProtectionEnabled,
    recovery: backups?.PointInTimeRecoveryStatus,
    days: backups?.RecoveryPeriodInDays,
    ttl: (await client.describeTimeToLive({ TableName: name })).TimeToLiveDescription?.AttributeName,
    tags: (await client.listTagsOfResource({ ResourceArn: table?.TableArn })).Tags?.length,
    policy: await client.getResourcePolicy({ ResourceArn: table?.TableArn }).then(
      (answer) => answer.Policy,
      (error: Error) => error.name,
    ),
    insights: (await client.describeContributorInsights({ TableName: name })).ContributorInsightsStatus,
    scaled: (
      await autoscaling.describeScalableTargets({ ServiceNamespace: 'dynamodb', ResourceIds: [`table/${name}`] })
    ).ScalableTargets?.length,
  }
}

const carried = {
  keys: [
    { AttributeName: 'id', KeyType: 'HASH' },
    { AttributeName: 'placed', KeyType: 'RANGE' },
  ],
  globals: [['by-customer', 3, 4]],
  locals: ['local'],
  units: [7, 8],
  billing: undefined,
  key: 'arn:aws:kms:eu-west-1:123456789012:alias/mine',
}
const kept = {
  ...carried,
  class: 'STANDARD_INFREQUENT_ACCESS',
  stream: 'NEW_IMAGE',
  protected: true,
  recovery: 'ENABLED',
  days: 14,
  ttl: 'ends',
  tags: 1,
  policy: '{"Version":"2012-10-17"}',
  scaled: 1,
}
const forgotten = {
  ...carried,
  class: undefined,
  stream: undefined,
  protected: false,
  recovery: 'DISABLED',
  days: undefined,
  ttl: undefined,
  tags: 0,
  policy: 'PolicyNotFoundException',
  insights: 'DISABLED',
  scaled: 0,
}

t.test('a restore carries keys, indexes, throughput and encryption over, and forgets the rest', async (t) => {
  t.match(await settings(TableName), kept)
  await client.restoreTableToPointInTime({
    SourceTableName: TableName,
    TargetTableName: 'by-time',
    UseLatestRestorableTime: true,
  })
  const { BackupDetails } = await client.createBackup({ TableName, BackupName: 'one' })
  await available(client, BackupDetails?.BackupArn)
  await client.restoreTableFromBackup({ BackupArn: BackupDetails?.BackupArn, TargetTableName: 'by-backup' })
  for (const name of ['by-time', 'by-backup']) {
    await active(client, name)
    t.strictSame(await settings(name), forgotten)
  }
})

t.test('a restore takes other settings where it is told to, and indexes may only be left out', async (t) => {
  const restore = (TargetTableName: string, more: object) =>
    client.restoreTableToPointInTime({
      SourceTableName: TableName,
      TargetTableName,
      UseLatestRestorableTime: true,
      ...more,
    })
  await restore('on-demand', {
    BillingModeOverride: 'PAY_PER_REQUEST',
    GlobalSecondaryIndexOverride: [],
    LocalSecondaryIndexOverride: [],
    SSESpecificationOverride: { Enabled: true, SSEType: 'KMS', KMSMasterKeyId: 'alias/other' },
  })
  await active(client, 'on-demand')
  t.match(await settings('on-demand'), {
    billing: 'PAY_PER_REQUEST',
    globals: undefined,
    locals: undefined,
    units: [0, 0],
    key: 'arn:aws:kms:eu-west-1:123456789012:alias/other',
  })
  const invented = [
    {
      IndexName: 'invented',
      KeySchema: [{ AttributeName: 'placed', KeyType: 'HASH' }],
      Projection: { ProjectionType: 'ALL' },
    },
  ]
  t.equal(await errorName(restore('refused', { GlobalSecondaryIndexOverride: invented })), 'ValidationException')
})

t.test('a table may be restored into another region', async (t) => {
  const elsewhere = dynamodbClient(aws, 'us-east-1')
  const { TableArn } = (await client.describeTable({ TableName })).Table ?? {}
  t.equal(await errorName(elsewhere.describeTable({ TableName })), 'ResourceNotFoundException')
  await elsewhere.restoreTableToPointInTime({
    SourceTableArn: TableArn,
    TargetTableName: 'abroad',
    UseLatestRestorableTime: true,
  })
  await active(elsewhere, 'abroad')
  t.equal(
    (await elsewhere.describeTable({ TableName: 'abroad' })).Table?.TableArn,
    'arn:aws:dynamodb:us-east-1:123456789012:table/abroad',
  )
  elsewhere.destroy()
})

t.test('scaling targets and policies outlive their table', async (t) => {
  await client.updateTable({ TableName, DeletionProtectionEnabled: false })
  await active(client, TableName)
  await client.deleteTable({ TableName })
  await gone(client, TableName)
  const { ScalableTargets } = await autoscaling.describeScalableTargets({ ServiceNamespace: 'dynamodb' })
  t.strictSame(
    ScalableTargets?.map((each) => [each.ResourceId, each.MinCapacity, each.MaxCapacity]),
    [
      [target.ResourceId, 5, 50],
      [indexTarget.ResourceId, 1, 9],
    ],
  )
  t.match(
    (await autoscaling.describeScalingPolicies({ ServiceNamespace: 'dynamodb', ResourceId: target.ResourceId }))
      .ScalingPolicies,
    [{ PolicyName: 'reads', ...policy }],
  )
  t.equal(
    await errorName(autoscaling.registerScalableTarget({ ...target, MinCapacity: 1, MaxCapacity: 2 })),
    'ValidationException',
    'a new one needs the table',
  )
  await autoscaling.deregisterScalableTarget(target)
  t.strictSame(
    (await autoscaling.describeScalingPolicies({ ServiceNamespace: 'dynamodb' })).ScalingPolicies,
    [],
    'a target takes its policies with it',
  )
  t.equal(
    await errorName(
      autoscaling.putScalingPolicy({ ...target, PolicyName: 'reads', PolicyType: 'TargetTrackingScaling', ...policy }),
    ),
    'ObjectNotFoundException',
  )
})
