import { randomBytes } from 'node:crypto'
import type { Value } from './query-protocol.ts'

/** The database behind an instance. */
export interface InstanceServer {
  host: string
  port: number
  stop(): Promise<void>
}

/** Makes databases: anew, or as another was at a time. */
export interface InstanceServers {
  create(login: { username: string; password: string }): Promise<InstanceServer>
  restore(source: InstanceServer, atMs: number): Promise<InstanceServer>
}

/** A setting that a call changes by the name under which it is told. */
export interface Settings {
  DBInstanceClass: string
  AllocatedStorage: number
  StorageType: string
  Iops?: number | undefined
  StorageThroughput?: number | undefined
  MaxAllocatedStorage?: number | undefined
  MultiAZ: boolean
  PubliclyAccessible: boolean
  AutoMinorVersionUpgrade: boolean
  CopyTagsToSnapshot: boolean
  IAMDatabaseAuthenticationEnabled: boolean
  DeletionProtection: boolean
  BackupRetentionPeriod: number
  PreferredBackupWindow: string
  PreferredMaintenanceWindow: string
  MonitoringInterval: number
  MonitoringRoleArn?: string | undefined
  PerformanceInsightsEnabled: boolean
  PerformanceInsightsKMSKeyId?: string | undefined
  PerformanceInsightsRetentionPeriod?: number | undefined
  DatabaseInsightsMode: string
  CACertificateIdentifier: string
  NetworkType: string
  DedicatedLogVolume: boolean
  EngineLifecycleSupport: string
  LicenseModel: string
  /** of an instance of a cluster */
  DBClusterIdentifier?: string | undefined
  PromotionTier?: number | undefined
  AvailabilityZone?: string | undefined
  subnetGroup: string
  parameterGroup: string
  optionGroup: string
  securityGroups: readonly string[]
  logs: readonly string[]
  tags: readonly { Key: string; Value: string }[]
  roles: readonly { RoleArn: string; FeatureName: string }[]
}

/** One DB instance. */
export interface Instance {
  id: string
  resourceId: string
  account: string
  region: string
  engine: string
  engineVersion: string
  masterUsername: string
  dbName: string | undefined
  encrypted: boolean
  kmsKey: string | undefined
  status: string
  createdMs: number
  /** when there was something that can be brought back; undefined until the first backup is made */
  backedUpFromMs: number | undefined
  server: InstanceServer | undefined
  settings: Settings
  /** changes that are under way */
  pending: Partial<Settings> | undefined
}

/** The past that is kept of an instance that is gone. */
export interface RetainedBackup {
  instance: Instance
  untilMs: number
}

export function newResourceId(): string {
  return `db-${randomBytes(13).toString('hex').toUpperCase()}`
}

export function arnOf({ account, region, id }: Pick<Instance, 'account' | 'region' | 'id'>): string {
  return `arn:aws:rds:${region}:${account}:db:${id}`
}

/** The family of parameters that an engine's version has: postgres15, mysql8.0. */
export function familyOf({ engine, engineVersion }: Pick<Instance, 'engine' | 'engineVersion'>): string {
  const parts = engineVersion.split('.')
  return /postgres/.test(engine) ? `${engine}${parts[0]}` : `${engine}${parts.slice(0, 2).join('.')}`
}

/** What is set where a call says nothing (API reference of CreateDBInstance and RestoreDBInstanceToPointInTime). */
export function defaultSettings(of: Pick<Instance, 'engine' | 'engineVersion'>): Settings {
  return {
    DBInstanceClass: 'db.t4g.medium',
    AllocatedStorage: 20,
    StorageType: 'gp3',
    MultiAZ: false,
    // In a default subnet, whose route leads to the Internet.
    PubliclyAccessible: true,
    AutoMinorVersionUpgrade: true,
    CopyTagsToSnapshot: false,
    IAMDatabaseAuthenticationEnabled: false,
    DeletionProtection: false,
    BackupRetentionPeriod: 1,
    PreferredBackupWindow: '05:00-05:30',
    PreferredMaintenanceWindow: 'sun:06:00-sun:06:30',
    MonitoringInterval: 0,
    PerformanceInsightsEnabled: false,
    DatabaseInsightsMode: 'standard',
    CACertificateIdentifier: 'rds-ca-rsa2048-g1',
    NetworkType: 'IPV4',
    DedicatedLogVolume: false,
    EngineLifecycleSupport: 'open-source-rds-extended-support',
    LicenseModel: of.engine === 'postgres' ? 'postgresql-license' : 'general-public-license',
    subnetGroup: 'default',
    parameterGroup: `default.${familyOf(of)}`,
    optionGroup: `default:${of.engine}-${of.engineVersion.split('.')[0]}`,
    securityGroups: ['sg-default'],
    logs: [],
    tags: [],
    roles: [],
  }
}

/** An instance as DescribeDBInstances tells it. @param restorableMs up to when it can be brought back */
export function described(one: Instance, restorableMs: number | undefined): Value {
  const { subnetGroup, parameterGroup, optionGroup, securityGroups, logs, tags, roles, ...told } = one.settings
  const { server, pending } = one
  return {
    ...told,
    DBInstanceIdentifier: one.id,
    DbiResourceId: one.resourceId,
    DBInstanceArn: arnOf(one),
    Engine: one.engine,
    EngineVersion: one.engineVersion,
    MasterUsername: one.masterUsername,
    DBName: one.dbName,
    DBInstanceStatus: one.status,
    InstanceCreateTime: new Date(one.createdMs),
    // That of an instance of a cluster is the cluster's.
    LatestRestorableTime:
      restorableMs === undefined || told.DBClusterIdentifier !== undefined ? undefined : new Date(restorableMs),
    Endpoint:
      server === undefined || one.status === 'creating'
        ? undefined
        : { Address: server.host, Port: server.port, HostedZoneId: 'Z1' },
    DbInstancePort: 0,
    StorageEncrypted: one.encrypted,
    KmsKeyId: one.kmsKey,
    AvailabilityZone: told.AvailabilityZone ?? `${one.region}a`,
    DBSubnetGroup: { DBSubnetGroupName: subnetGroup, VpcId: 'vpc-1', SubnetGroupStatus: 'Complete' },
    DBParameterGroups: [{ DBParameterGroupName: parameterGroup, ParameterApplyStatus: 'in-sync' }],
    OptionGroupMemberships: [{ OptionGroupName: optionGroup, Status: 'in-sync' }],
    VpcSecurityGroups: securityGroups.map((id) => ({ VpcSecurityGroupId: id, Status: 'active' })),
    EnabledCloudwatchLogsExports: logs,
    TagList: tags,
    AssociatedRoles: roles.map((role) => ({ ...role, Status: 'ACTIVE' })),
    ReadReplicaDBInstanceIdentifiers: [],
    PendingModifiedValues: pending === undefined ? {} : { DBInstanceClass: pending.DBInstanceClass },
    BackupTarget: 'region',
  }
}
