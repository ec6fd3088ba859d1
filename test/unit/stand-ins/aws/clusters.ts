import type { CreateDBClusterMessage, CreateDBInstanceMessage, DBCluster, RDS } from '@aws-sdk/client-rds'
import { until } from './clients.ts'
import { availableInstance, masterLogin } from './instances.ts'

/** Everything that can be set of a cluster and is not what it is unless set. */
export const unusualCluster = {
  StorageType: 'aurora-iopt1',
  NetworkType: 'DUAL',
  EnableIAMDatabaseAuthentication: true,
  DeletionProtection: true,
  CopyTagsToSnapshot: true,
  BackupRetentionPeriod: 14,
  PreferredBackupWindow: '01:00-01:30',
  PreferredMaintenanceWindow: 'tue:02:00-tue:02:30',
  EngineLifecycleSupport: 'open-source-rds-extended-support-disabled',
  DBSubnetGroupName: 'ledger-subnets',
  DBClusterParameterGroupName: 'ledger-cluster-parameters',
  VpcSecurityGroupIds: ['sg-0a', 'sg-0b'],
  EnableCloudwatchLogsExports: ['instance', 'postgresql'],
  ServerlessV2ScalingConfiguration: { MinCapacity: 0.5, MaxCapacity: 16, SecondsUntilAutoPause: 600 },
  Tags: [
    { Key: 'cost', Value: '' },
    { Key: 'team', Value: 'ledger <&> audit' },
  ],
}

/** Everything that can be set of one of its instances. */
const unusualMember = {
  DBParameterGroupName: 'ledger-parameters',
  PubliclyAccessible: false,
  AutoMinorVersionUpgrade: false,
  PreferredMaintenanceWindow: 'wed:03:00-wed:03:30',
  CACertificateIdentifier: 'rds-ca-ecc384-g1',
  MonitoringInterval: 30,
  MonitoringRoleArn: 'arn:aws:iam::123456789012:role/monitoring',
  EnablePerformanceInsights: true,
  PerformanceInsightsKMSKeyId: 'arn:aws:kms:eu-west-1:123456789012:key/insights',
  PerformanceInsightsRetentionPeriod: 31,
  Tags: [{ Key: 'team', Value: 'ledger' }],
}

/** The writer, and two readers of other classes, tiers and zones. */
const members: Partial<CreateDBInstanceMessage>[] = [
  { DBInstanceClass: 'db.r6g.large', PromotionTier: 1, AvailabilityZone: 'eu-west-1a' },
  { DBInstanceClass: 'db.serverless', PromotionTier: 15, AvailabilityZone: 'eu-west-1b' },
  { DBInstanceClass: 'db.r6g.xlarge', PromotionTier: 0, AvailabilityZone: 'eu-west-1c' },
]

/** A cluster with three instances, and roles; waits until all are available. */
export async function createCluster(
  client: RDS,
  id: string,
  more: Partial<CreateDBClusterMessage> = {},
): Promise<DBCluster> {
  const Engine = more.Engine ?? 'aurora-postgresql'
  await client.createDBCluster({ DBClusterIdentifier: id, Engine, ...masterLogin, ...more })
  await availableCluster(client, id)
  for (const [index, member] of members.entries()) {
    const DBInstanceIdentifier = `${id}-${index + 1}`
    const asked = { DBInstanceClass: 'db.r6g.large', ...unusualMember, ...member }
    await client.createDBInstance({ ...asked, DBInstanceIdentifier, DBClusterIdentifier: id, Engine })
    await availableInstance(client, DBInstanceIdentifier)
  }
  const role = (name: string) => ({ RoleArn: `arn:aws:iam::123456789012:role/${name}`, FeatureName: name })
  await client.addRoleToDBCluster({ DBClusterIdentifier: id, ...role('s3Export') })
  await client.addRoleToDBInstance({ DBInstanceIdentifier: `${id}-2`, ...role('Lambda') })
  const made = await describeCluster(client, id)
  if (made === undefined) throw new Error(`${id} is not there`)
  return made
}

export async function describeCluster(client: RDS, id: string): Promise<DBCluster | undefined> {
  const { DBClusters = [] } = await client.describeDBClusters()
  return DBClusters.find(({ DBClusterIdentifier }) => DBClusterIdentifier === id)
}

export const availableCluster = (client: RDS, id: string): Promise<void> =>
  until(`${id} is available`, async () => (await describeCluster(client, id))?.Status === 'available')

/** Waits until the time can be restored. */
export const restorableCluster = (client: RDS, id: string, at: Date): Promise<void> =>
  until(`${id} can be brought back`, async () => {
    const { LatestRestorableTime } = (await describeCluster(client, id)) ?? {}
    return LatestRestorableTime !== undefined && LatestRestorableTime >= at
  })
