import { randomBytes } from 'node:crypto'
import { furtherHost } from '../../postgresql/server-address.ts'
import type { Instance, InstanceServer } from './instance.ts'
import type { Value } from './query-protocol.ts'

/** A setting that a call changes by the name under which it is told. */
export interface ClusterSettings {
  Port: number
  EngineMode: string
  StorageType?: string | undefined
  NetworkType: string
  BacktrackWindow?: number | undefined
  BackupRetentionPeriod: number
  PreferredBackupWindow: string
  PreferredMaintenanceWindow: string
  IAMDatabaseAuthenticationEnabled: boolean
  DeletionProtection: boolean
  CopyTagsToSnapshot: boolean
  EngineLifecycleSupport: string
  DatabaseInsightsMode: string
  MonitoringInterval?: number | undefined
  MonitoringRoleArn?: string | undefined
  PerformanceInsightsEnabled?: boolean | undefined
  PerformanceInsightsKMSKeyId?: string | undefined
  PerformanceInsightsRetentionPeriod?: number | undefined
  ServerlessV2ScalingConfiguration?: Value
  GlobalClusterIdentifier?: string | undefined
  ReplicationSourceIdentifier?: string | undefined
  DBSubnetGroup: string
  DBClusterParameterGroup: string
  customEndpoints: readonly string[]
  securityGroups: readonly string[]
  logs: readonly string[]
  tags: readonly { Key: string; Value: string }[]
  roles: readonly { RoleArn: string; FeatureName?: string | undefined }[]
}

/** One DB cluster. */
export interface Cluster {
  id: string
  resourceId: string
  account: string
  region: string
  engine: string
  engineVersion: string
  masterUsername: string
  databaseName: string | undefined
  encrypted: boolean
  kmsKey: string | undefined
  status: string
  createdMs: number
  /** when there was something that can be brought back; undefined until the cluster is there */
  backedUpFromMs: number | undefined
  server: InstanceServer | undefined
  settings: ClusterSettings
}

export function newClusterResourceId(): string {
  return `cluster-${randomBytes(13).toString('hex').toUpperCase()}`
}

export function clusterArnOf({ account, region, id }: Pick<Cluster, 'account' | 'region' | 'id'>): string {
  return `arn:aws:rds:${region}:${account}:cluster:${id}`
}

/** The family of parameters that an engine's version has: aurora-postgresql15, aurora-mysql8.0. */
export function clusterFamilyOf({ engine, engineVersion }: Pick<Cluster, 'engine' | 'engineVersion'>): string {
  const parts = engineVersion.split('.')
  return /postgres/.test(engine) ? `${engine}${parts[0]}` : `${engine}${parts.slice(0, 2).join('.')}`
}

/** What is set where a call says nothing (API reference of CreateDBCluster and RestoreDBClusterToPointInTime). */
export function defaultClusterSettings(of: Pick<Cluster, 'engine' | 'engineVersion'>): ClusterSettings {
  return {
    Port: /postgres/.test(of.engine) ? 5432 : 3306,
    EngineMode: 'provisioned',
    NetworkType: 'IPV4',
    BackupRetentionPeriod: 1,
    PreferredBackupWindow: '05:00-05:30',
    PreferredMaintenanceWindow: 'sun:06:00-sun:06:30',
    IAMDatabaseAuthenticationEnabled: false,
    DeletionProtection: false,
    CopyTagsToSnapshot: false,
    EngineLifecycleSupport: 'open-source-rds-extended-support',
    DatabaseInsightsMode: 'standard',
    DBSubnetGroup: 'default',
    DBClusterParameterGroup: `default.${clusterFamilyOf(of)}`,
    customEndpoints: [],
    securityGroups: ['sg-default'],
    logs: [],
    tags: [],
    roles: [],
  }
}

/** A cluster as DescribeDBClusters tells it. @param restorable what can be brought back of it */
export function describedCluster(
  one: Cluster,
  members: readonly Instance[],
  restorable: { earliestMs: number; latestMs: number } | undefined,
): Value {
  const { customEndpoints, securityGroups, logs, tags, roles, ...told } = one.settings
  const { server } = one
  return {
    ...told,
    DBClusterIdentifier: one.id,
    DbClusterResourceId: one.resourceId,
    DBClusterArn: clusterArnOf(one),
    Engine: one.engine,
    EngineVersion: one.engineVersion,
    MasterUsername: one.masterUsername,
    DatabaseName: one.databaseName,
    Status: one.status,
    ClusterCreateTime: new Date(one.createdMs),
    EarliestRestorableTime: restorable === undefined ? undefined : new Date(restorable.earliestMs),
    LatestRestorableTime: restorable === undefined ? undefined : new Date(restorable.latestMs),
    Endpoint: server?.host,
    ReaderEndpoint: server === undefined ? undefined : furtherHost(server, 'reader'),
    CustomEndpoints: customEndpoints,
    StorageEncrypted: one.encrypted,
    KmsKeyId: one.kmsKey,
    AllocatedStorage: 1,
    VpcSecurityGroups: securityGroups.map((id) => ({ VpcSecurityGroupId: id, Status: 'active' })),
    EnabledCloudwatchLogsExports: logs,
    TagList: tags,
    AssociatedRoles: roles.map((role) => ({ ...role, Status: 'ACTIVE' })),
    DBClusterMembers: members.map(({ id, settings }, index) => ({
      DBInstanceIdentifier: id,
      IsClusterWriter: index === 0,
      PromotionTier: settings.PromotionTier ?? 1,
      DBClusterParameterGroupStatus: 'in-sync',
    })),
  }
}
