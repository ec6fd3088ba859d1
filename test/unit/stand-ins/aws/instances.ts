import { RDS, type CreateDBInstanceMessage, type DBInstance } from '@aws-sdk/client-rds'
import type { Test } from 'tap'
import { startAws, type Aws } from '../../../stand-ins/aws/aws.ts'
import type { InstanceServers } from '../../../stand-ins/aws/relational/instance.ts'
import type { AwsChanges } from '../../../stand-ins/aws/settings.ts'
import { until } from './clients.ts'

export const masterLogin = { MasterUsername: 'keeper', MasterUserPassword: 'master-password' }

/** AWS's own client of RDS; it makes one attempt, so that a test sees every answer. */
export function rdsClient({ rdsEndpoint }: Pick<Aws, 'rdsEndpoint'>): RDS {
  const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' }
  return new RDS({ endpoint: rdsEndpoint, region: 'eu-west-1', credentials, maxAttempts: 1 })
}

/** The stand-in with a client of RDS, both ended with the test. */
export async function openRds(
  t: Pick<Test, 'teardown'>,
  settings: AwsChanges = {},
  instanceServers?: InstanceServers,
): Promise<{ aws: Aws; client: RDS }> {
  const aws = await startAws({ settings, ...(instanceServers === undefined ? {} : { instanceServers }) })
  const client = rdsClient(aws)
  t.teardown(async () => {
    client.destroy()
    await aws.stop()
  })
  return { aws, client }
}

/** Everything that can be set and is not what it is unless set. */
export const unusual = {
  DBInstanceClass: 'db.r6g.large',
  AllocatedStorage: 400,
  MaxAllocatedStorage: 900,
  StorageType: 'gp3',
  Iops: 14000,
  StorageThroughput: 600,
  MultiAZ: true,
  PubliclyAccessible: false,
  AutoMinorVersionUpgrade: false,
  CopyTagsToSnapshot: true,
  EnableIAMDatabaseAuthentication: true,
  DeletionProtection: true,
  BackupRetentionPeriod: 14,
  PreferredBackupWindow: '01:00-01:30',
  PreferredMaintenanceWindow: 'tue:02:00-tue:02:30',
  MonitoringInterval: 30,
  MonitoringRoleArn: 'arn:aws:iam::123456789012:role/monitoring',
  EnablePerformanceInsights: true,
  PerformanceInsightsKMSKeyId: 'arn:aws:kms:eu-west-1:123456789012:key/insights',
  PerformanceInsightsRetentionPeriod: 31,
  CACertificateIdentifier: 'rds-ca-ecc384-g1',
  NetworkType: 'DUAL',
  DedicatedLogVolume: true,
  EngineLifecycleSupport: 'open-source-rds-extended-support-disabled',
  DBSubnetGroupName: 'ledger-subnets',
  DBParameterGroupName: 'ledger-parameters',
  OptionGroupName: 'ledger-options',
  VpcSecurityGroupIds: ['sg-0a', 'sg-0b'],
  EnableCloudwatchLogsExports: ['postgresql', 'upgrade'],
  Tags: [
    { Key: 'team', Value: 'ledger <&> audit' },
    { Key: 'cost', Value: '7' },
  ],
} satisfies Partial<CreateDBInstanceMessage>

export async function describe(client: RDS, id: string): Promise<DBInstance | undefined> {
  return await client.describeDBInstances({ DBInstanceIdentifier: id }).then(
    ({ DBInstances: [one] = [] }) => one,
    (error: Error) => {
      if (error.name !== 'DBInstanceNotFoundFault') throw error
      return undefined
    },
  )
}

export const availableInstance = (client: RDS, id: string): Promise<void> =>
  until(`${id} is available`, async () => (await describe(client, id))?.DBInstanceStatus === 'available')

/** A DB instance with PostgreSQL that is available, and what is kept of it reaches back to now. */
export async function createInstance(
  client: RDS,
  id: string,
  more: Partial<CreateDBInstanceMessage> = {},
): Promise<DBInstance> {
  await client.createDBInstance({
    DBInstanceIdentifier: id,
    Engine: 'postgres',
    DBInstanceClass: 'db.t4g.medium',
    AllocatedStorage: 20,
    ...masterLogin,
    ...more,
  })
  await availableInstance(client, id)
  const made = await describe(client, id)
  if (made === undefined) throw new Error(`${id} is not there`)
  return made
}

/** Waits until the time can be restored. */
export const restorable = (client: RDS, id: string, at: Date): Promise<void> =>
  until(`${id} can be brought back`, async () => {
    const { LatestRestorableTime } = (await describe(client, id)) ?? {}
    return LatestRestorableTime !== undefined && LatestRestorableTime >= at
  })
