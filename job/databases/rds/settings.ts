import * as z from 'zod'
import { settableTags, type Instance } from '../aws-relational/kept-instance.ts'

const tagSchema = z.object({ Key: z.string(), Value: z.string() })

/**
 * What a restore is told, by the names of its parameters (API reference: RestoreDBInstanceToPointInTime): it takes the
 * default of whatever is left out.
 */
const restoredSchema = z.object({
  DBInstanceClass: z.string().optional(),
  Port: z.int().optional(),
  DBSubnetGroupName: z.string().optional(),
  DBParameterGroupName: z.string().optional(),
  OptionGroupName: z.string().optional(),
  VpcSecurityGroupIds: z.array(z.string()),
  MultiAZ: z.boolean().optional(),
  PubliclyAccessible: z.boolean().optional(),
  AutoMinorVersionUpgrade: z.boolean().optional(),
  CopyTagsToSnapshot: z.boolean().optional(),
  EnableIAMDatabaseAuthentication: z.boolean().optional(),
  EnableCloudwatchLogsExports: z.array(z.string()),
  StorageType: z.string().optional(),
  Iops: z.int().optional(),
  StorageThroughput: z.int().optional(),
  MaxAllocatedStorage: z.int().optional(),
  ProcessorFeatures: z.array(z.object({ Name: z.string().optional(), Value: z.string().optional() })),
  BackupRetentionPeriod: z.int().optional(),
  PreferredBackupWindow: z.string().optional(),
  NetworkType: z.string().optional(),
  DedicatedLogVolume: z.boolean().optional(),
  CACertificateIdentifier: z.string().optional(),
  EngineLifecycleSupport: z.string().optional(),
  LicenseModel: z.string().optional(),
})

/**
 * What an instance is given once it is there (API reference: ModifyDBInstance): what the restore does not take, and the
 * protection from deletion, which would keep one that fails from being removed.
 */
const modifiedSchema = z.object({
  DeletionProtection: z.boolean().optional(),
  PreferredMaintenanceWindow: z.string().optional(),
  MonitoringInterval: z.int().optional(),
  MonitoringRoleArn: z.string().optional(),
  EnablePerformanceInsights: z.boolean().optional(),
  PerformanceInsightsKMSKeyId: z.string().optional(),
  PerformanceInsightsRetentionPeriod: z.int().optional(),
  DatabaseInsightsMode: z.enum(['standard', 'advanced']).optional(),
})

/** What nobody can ask for: a restore has it of its source, or it is made by others. */
const inheritedSchema = z.object({
  Engine: z.string().optional(),
  EngineVersion: z.string().optional(),
  AllocatedStorage: z.int().optional(),
  StorageEncrypted: z.boolean().optional(),
  KmsKeyId: z.string().optional(),
  MasterUsername: z.string().optional(),
})

export const settingsSchema = z.object({
  restored: restoredSchema,
  modified: modifiedSchema,
  inherited: inheritedSchema,
  tags: z.array(tagSchema),
  roles: z.array(z.object({ RoleArn: z.string(), FeatureName: z.string() })),
  /** replicas of it, which a restore does not make */
  replicas: z.array(z.string()),
  /** whether the password of the master user is in Secrets Manager */
  managedPassword: z.boolean(),
})
export type InstanceSettings = z.infer<typeof settingsSchema>

/** Up to this size gp3 has its least throughput, and refuses to be told so (RDS user guide: gp3 storage), GiB. */
const gp3OwnFromGiB = 400

/** All that can be set of an instance, as DescribeDBInstances tells it. */
export function settingsOf({ tags, told: one }: Instance): InstanceSettings {
  const isGp3 = one.StorageType === 'gp3' && (one.AllocatedStorage ?? 0) >= gp3OwnFromGiB
  const hasIops = isGp3 || /^io\d$/.test(one.StorageType ?? '')
  return plain({
    restored: {
      DBInstanceClass: one.DBInstanceClass,
      Port: one.Endpoint?.Port,
      DBSubnetGroupName: one.DBSubnetGroup?.DBSubnetGroupName,
      DBParameterGroupName: one.DBParameterGroups?.[0]?.DBParameterGroupName,
      OptionGroupName: one.OptionGroupMemberships?.[0]?.OptionGroupName,
      VpcSecurityGroupIds: (one.VpcSecurityGroups ?? []).flatMap((group) => group.VpcSecurityGroupId ?? []).sort(),
      MultiAZ: one.MultiAZ,
      PubliclyAccessible: one.PubliclyAccessible,
      AutoMinorVersionUpgrade: one.AutoMinorVersionUpgrade,
      CopyTagsToSnapshot: one.CopyTagsToSnapshot,
      EnableIAMDatabaseAuthentication: one.IAMDatabaseAuthenticationEnabled,
      EnableCloudwatchLogsExports: (one.EnabledCloudwatchLogsExports ?? []).toSorted(),
      StorageType: one.StorageType,
      Iops: hasIops ? one.Iops : undefined,
      StorageThroughput: isGp3 ? one.StorageThroughput : undefined,
      MaxAllocatedStorage: one.MaxAllocatedStorage,
      ProcessorFeatures: (one.ProcessorFeatures ?? []).map(({ Name, Value }) => ({ Name, Value })),
      BackupRetentionPeriod: one.BackupRetentionPeriod,
      PreferredBackupWindow: one.PreferredBackupWindow,
      NetworkType: one.NetworkType,
      DedicatedLogVolume: one.DedicatedLogVolume,
      CACertificateIdentifier: one.CACertificateIdentifier,
      EngineLifecycleSupport: one.EngineLifecycleSupport,
      LicenseModel: one.LicenseModel,
    },
    modified: {
      DeletionProtection: one.DeletionProtection,
      PreferredMaintenanceWindow: one.PreferredMaintenanceWindow,
      MonitoringInterval: one.MonitoringInterval,
      MonitoringRoleArn: one.MonitoringRoleArn,
      EnablePerformanceInsights: one.PerformanceInsightsEnabled,
      PerformanceInsightsKMSKeyId: one.PerformanceInsightsKMSKeyId,
      PerformanceInsightsRetentionPeriod: one.PerformanceInsightsRetentionPeriod,
      DatabaseInsightsMode: one.DatabaseInsightsMode,
    },
    inherited: {
      Engine: one.Engine,
      EngineVersion: one.EngineVersion,
      AllocatedStorage: one.AllocatedStorage,
      StorageEncrypted: one.StorageEncrypted,
      KmsKeyId: one.KmsKeyId,
      MasterUsername: one.MasterUsername,
    },
    tags: settableTags(tags),
    roles: (one.AssociatedRoles ?? [])
      .map(({ RoleArn = '', FeatureName = '' }) => ({ RoleArn, FeatureName }))
      .sort((a, b) => (a.RoleArn < b.RoleArn ? -1 : 1)),
    replicas: (one.ReadReplicaDBInstanceIdentifiers ?? []).toSorted(),
    managedPassword: one.MasterUserSecret !== undefined,
  })
}

/** As a record keeps it: without what is undefined. */
function plain(settings: { [K in keyof InstanceSettings]: unknown }): InstanceSettings {
  return settingsSchema.parse(JSON.parse(JSON.stringify(settings)))
}
