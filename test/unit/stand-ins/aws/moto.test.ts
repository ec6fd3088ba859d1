import t from 'tap'
import { startAws } from '../../../stand-ins/aws/aws.ts'
import { hasPython, startMoto } from '../../../stand-ins/aws/moto.ts'
import {
  active,
  autoscalingClient,
  available,
  contents,
  createTable,
  dynamodbClient,
  errorName,
  gone,
  put,
} from './clients.ts'

/**
 * A round of the calls that backups and restores are made of, and what came of them: the same against any DynamoDB.
 * What moto has not (time travel, phases, limits, the window) is left out.
 */
async function round(server: { endpoint: string }): Promise<unknown> {
  const client = dynamodbClient(server)
  const autoscaling = autoscalingClient(server)
  const TableName = 'app.orders'
  try {
    const found: Record<string, unknown> = {}
    await createTable(client, TableName, {
      AttributeDefinitions: ['id', 'customer'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' as const })),
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
      Tags: [{ Key: 'team', Value: 'orders' }],
    })
    const recovery = async (name: string) =>
      (await client.describeContinuousBackups({ TableName: name })).ContinuousBackupsDescription
        ?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus
    found['recovery of a new table'] = await recovery(TableName)
    await client.updateContinuousBackups({
      TableName,
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    })
    found['recovery turned on'] = await recovery(TableName)
    await put(client, TableName, 'a', '1')
    await client.updateTimeToLive({ TableName, TimeToLiveSpecification: { Enabled: true, AttributeName: 'ends' } })
    const target = {
      ServiceNamespace: 'dynamodb',
      ResourceId: `table/${TableName}`,
      ScalableDimension: 'dynamodb:table:ReadCapacityUnits',
    } as const
    await autoscaling.registerScalableTarget({ ...target, MinCapacity: 5, MaxCapacity: 50 })
    await autoscaling.putScalingPolicy({
      ...target,
      PolicyName: 'reads',
      PolicyType: 'TargetTrackingScaling',
      TargetTrackingScalingPolicyConfiguration: {
        TargetValue: 70,
        PredefinedMetricSpecification: { PredefinedMetricType: 'DynamoDBReadCapacityUtilization' },
      },
    })
    const { BackupDetails } = await client.createBackup({ TableName, BackupName: 'mine' })
    const BackupArn = BackupDetails?.BackupArn
    await available(client, BackupArn)
    await put(client, TableName, 'a', '2')
    await client.restoreTableFromBackup({ BackupArn, TargetTableName: 'from-backup' })
    await client.restoreTableToPointInTime({
      SourceTableName: TableName,
      TargetTableName: 'by-time',
      UseLatestRestorableTime: true,
    })
    for (const name of [TableName, 'from-backup', 'by-time']) {
      await active(client, name)
      const { Table: table } = await client.describeTable({ TableName: name })
      found[name] = {
        items: await contents(client, name),
        keys: table?.KeySchema,
        attributes: table?.AttributeDefinitions?.map((each) => each.AttributeName).sort(),
        units: [table?.ProvisionedThroughput?.ReadCapacityUnits, table?.ProvisionedThroughput?.WriteCapacityUnits],
        indexes: table?.GlobalSecondaryIndexes?.map(
          ({ IndexName, IndexStatus, Projection, ProvisionedThroughput: units }) => [
            IndexName,
            IndexStatus,
            Projection,
            units?.ReadCapacityUnits,
          ],
        ),
        arn: table?.TableArn,
        from: [table?.RestoreSummary?.SourceTableArn, table?.RestoreSummary?.RestoreInProgress],
        ofBackup:
          table?.RestoreSummary?.SourceBackupArn === undefined
            ? undefined
            : table.RestoreSummary.SourceBackupArn === BackupArn,
        recovery: await recovery(name),
        ttl: (await client.describeTimeToLive({ TableName: name })).TimeToLiveDescription?.AttributeName,
        tags: (await client.listTagsOfResource({ ResourceArn: table?.TableArn })).Tags,
      }
    }
    found['errors'] = {
      'a name that is taken': await errorName(client.restoreTableFromBackup({ BackupArn, TargetTableName: 'by-time' })),
      'a backup that is none': await errorName(client.describeBackup({ BackupArn: `${BackupArn}0` })),
      'a table that is none': await errorName(client.describeTable({ TableName: 'absent' })),
      // The document says TableNotFoundException, moto SourceTableNotFoundException.
      'a source that is none': (
        await errorName(
          client.restoreTableToPointInTime({
            SourceTableName: 'absent',
            TargetTableName: 'never',
            UseLatestRestorableTime: true,
          }),
        )
      ).replace('Source', ''),
      'a table twice': await errorName(createTable(client, TableName)),
    }
    await client.deleteTable({ TableName })
    await gone(client, TableName)
    found['listed'] = (await client.listBackups({ TableName })).BackupSummaries?.map((each) => [
      each.BackupName,
      each.BackupStatus,
      each.BackupType,
    ])
    found['scaled'] = (
      await autoscaling.describeScalableTargets({ ServiceNamespace: 'dynamodb' })
    ).ScalableTargets?.map((each) => [each.ResourceId, each.MinCapacity, each.MaxCapacity])
    found['policies'] = (
      await autoscaling.describeScalingPolicies({ ServiceNamespace: 'dynamodb' })
    ).ScalingPolicies?.map((each) => [each.PolicyName, each.TargetTrackingScalingPolicyConfiguration])
    await client.deleteBackup({ BackupArn })
    found['deleted'] = await errorName(client.restoreTableFromBackup({ BackupArn, TargetTableName: 'late' }))
    found['tables'] = (await client.listTables({})).TableNames?.sort()
    return found
  } finally {
    client.destroy()
    autoscaling.destroy()
  }
}

const python = await hasPython()
t.test(
  'a basic round has the same outcome against moto, which others made',
  { skip: python ? false : 'this machine has no Python with venv' },
  async (t) => {
    const moto = await startMoto()
    t.teardown(() => moto.stop())
    const aws = await startAws({
      settings: { restorableLagMs: 0, restoreMoment: 'end', backupSkewMs: 0, limits: { ratePerSecond: {} } },
    })
    t.teardown(() => aws.stop())
    t.strictSame(await round(aws), await round(moto))
  },
)
