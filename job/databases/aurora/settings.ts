import * as z from 'zod'
import { settableTags } from '../aws-relational/kept-instance.ts'
import type { Cluster, Member } from './cluster.ts'

const tags = z.array(z.object({ Key: z.string(), Value: z.string() }))
const insights = {
  EnablePerformanceInsights: z.boolean().optional(),
  PerformanceInsightsKMSKeyId: z.string().optional(),
  PerformanceInsightsRetentionPeriod: z.int().optional(),
}
const monitoring = { MonitoringInterval: z.int().optional(), MonitoringRoleArn: z.string().optional() }

/**
 * What a restore is told, by the names of its parameters (API reference: RestoreDBClusterToPointInTime): it takes the
 * default of whatever is left out.
 */
const restoredSchema = z.object({
  Port: z.int().optional(),
  DBSubnetGroupName: z.string().optional(),
  DBClusterParameterGroupName: z.string().optional(),
  VpcSecurityGroupIds: z.array(z.string()),
  EnableIAMDatabaseAuthentication: z.boolean().optional(),
  EnableCloudwatchLogsExports: z.array(z.string()),
  CopyTagsToSnapshot: z.boolean().optional(),
  KmsKeyId: z.string().optional(),
  StorageType: z.string().optional(),
  EngineMode: z.string().optional(),
  NetworkType: z.string().optional(),
  BacktrackWindow: z.int().optional(),
  ServerlessV2ScalingConfiguration: z
    .object({
      MinCapacity: z.number().optional(),
      MaxCapacity: z.number().optional(),
      SecondsUntilAutoPause: z.int().optional(),
    })
    .optional(),
  BackupRetentionPeriod: z.int().optional(),
  PreferredBackupWindow: z.string().optional(),
  EngineLifecycleSupport: z.string().optional(),
})

/**
 * What a cluster is given once its instances are there (API reference: ModifyDBCluster): what the restore does not
 * take, and the protection from deletion, which would keep one that fails from being removed.
 */
const modifiedSchema = z.object({
  DeletionProtection: z.boolean().optional(),
  PreferredMaintenanceWindow: z.string().optional(),
  BackupRetentionPeriod: z.int().optional(),
  PreferredBackupWindow: z.string().optional(),
  /** instances have it of their cluster */
  DatabaseInsightsMode: z.enum(['standard', 'advanced']).optional(),
  ...monitoring,
  ...insights,
})

/** What an instance is made with (API reference: CreateDBInstance, what is valid for Aurora). */
const createdSchema = z.object({
  DBInstanceClass: z.string(),
  Engine: z.string(),
  PromotionTier: z.int().optional(),
  AvailabilityZone: z.string().optional(),
  DBParameterGroupName: z.string().optional(),
  PubliclyAccessible: z.boolean().optional(),
  AutoMinorVersionUpgrade: z.boolean().optional(),
  PreferredMaintenanceWindow: z.string().optional(),
  CACertificateIdentifier: z.string().optional(),
  ...monitoring,
  ...insights,
})

const memberSchema = z.object({
  name: z.string(),
  created: createdSchema,
  tags,
  roles: z.array(z.object({ RoleArn: z.string(), FeatureName: z.string() })),
})
export type MemberSettings = z.infer<typeof memberSchema>

/** What nobody can ask for: a restore has it of its source. */
const inheritedSchema = z.object({
  Engine: z.string().optional(),
  EngineVersion: z.string().optional(),
  StorageEncrypted: z.boolean().optional(),
  MasterUsername: z.string().optional(),
})

export const settingsSchema = z.object({
  restored: restoredSchema,
  modified: modifiedSchema,
  inherited: inheritedSchema,
  tags,
  roles: z.array(z.object({ RoleArn: z.string(), FeatureName: z.string().optional() })),
  /** the writer first */
  members: z.array(memberSchema),
  /** what no restore brings back, for people */
  leftOut: z.array(z.string()),
})
export type ClusterSettings = z.infer<typeof settingsSchema>

/** All that can be set of a cluster and its instances, as DescribeDBClusters and DescribeDBInstances tell it. */
export function settingsOf({ told: one, tags, members }: Cluster): ClusterSettings {
  const { BackupRetentionPeriod, PreferredBackupWindow } = one
  const settings = {
    restored: {
      Port: one.Port,
      DBSubnetGroupName: one.DBSubnetGroup,
      DBClusterParameterGroupName: one.DBClusterParameterGroup,
      VpcSecurityGroupIds: (one.VpcSecurityGroups ?? []).flatMap((group) => group.VpcSecurityGroupId ?? []).sort(),
      EnableIAMDatabaseAuthentication: one.IAMDatabaseAuthenticationEnabled,
      EnableCloudwatchLogsExports: (one.EnabledCloudwatchLogsExports ?? []).toSorted(),
      CopyTagsToSnapshot: one.CopyTagsToSnapshot,
      KmsKeyId: one.KmsKeyId,
      // A cluster with the usual storage does not tell it.
      StorageType: one.StorageType ?? 'aurora',
      EngineMode: one.EngineMode,
      NetworkType: one.NetworkType,
      BacktrackWindow: one.BacktrackWindow === 0 ? undefined : one.BacktrackWindow,
      ServerlessV2ScalingConfiguration: one.ServerlessV2ScalingConfiguration,
      BackupRetentionPeriod,
      PreferredBackupWindow,
      EngineLifecycleSupport: one.EngineLifecycleSupport,
    },
    modified: {
      DeletionProtection: one.DeletionProtection,
      PreferredMaintenanceWindow: one.PreferredMaintenanceWindow,
      BackupRetentionPeriod,
      PreferredBackupWindow,
      DatabaseInsightsMode: one.DatabaseInsightsMode,
      ...observed(one),
    },
    inherited: {
      Engine: one.Engine,
      EngineVersion: one.EngineVersion,
      StorageEncrypted: one.StorageEncrypted,
      MasterUsername: one.MasterUsername,
    },
    tags: settableTags(tags),
    roles: (one.AssociatedRoles ?? [])
      .map(({ RoleArn = '', FeatureName }) => ({ RoleArn, ...(FeatureName ? { FeatureName } : {}) }))
      .sort((a, b) => (a.RoleArn < b.RoleArn ? -1 : 1)),
    members: members.map(memberSettings),
    leftOut: leftOut(one),
  }
  // As a record keeps it: without what is undefined.
  return settingsSchema.parse(JSON.parse(JSON.stringify(settings)))
}

function memberSettings({ name, tags, told: one }: Member) {
  return {
    name,
    created: {
      DBInstanceClass: one.DBInstanceClass,
      Engine: one.Engine,
      PromotionTier: one.PromotionTier,
      AvailabilityZone: one.AvailabilityZone,
      DBParameterGroupName: one.DBParameterGroups?.[0]?.DBParameterGroupName,
      PubliclyAccessible: one.PubliclyAccessible,
      AutoMinorVersionUpgrade: one.AutoMinorVersionUpgrade,
      PreferredMaintenanceWindow: one.PreferredMaintenanceWindow,
      CACertificateIdentifier: one.CACertificateIdentifier,
      ...observed(one),
    },
    tags: settableTags(tags),
    roles: (one.AssociatedRoles ?? [])
      .map(({ RoleArn = '', FeatureName = '' }) => ({ RoleArn, FeatureName }))
      .sort((a, b) => (a.RoleArn < b.RoleArn ? -1 : 1)),
  }
}

/** Enhanced Monitoring and Performance Insights, which clusters and instances are told of alike. */
function observed(one: Cluster['told'] | Member['told']) {
  const hasInsights = one.PerformanceInsightsEnabled === true
  return {
    MonitoringInterval: one.MonitoringInterval,
    MonitoringRoleArn: one.MonitoringRoleArn,
    EnablePerformanceInsights: one.PerformanceInsightsEnabled,
    PerformanceInsightsKMSKeyId: hasInsights ? one.PerformanceInsightsKMSKeyId : undefined,
    PerformanceInsightsRetentionPeriod: hasInsights ? one.PerformanceInsightsRetentionPeriod : undefined,
  }
}

/** What of a cluster no restore brings back, for people. */
function leftOut(one: Cluster['told']): string[] {
  const { CustomEndpoints = [], ReadReplicaIdentifiers = [], DomainMemberships = [] } = one
  return [
    ...(CustomEndpoints.length === 0 ? [] : [`its custom endpoints ${CustomEndpoints.join(', ')} are not restored`]),
    ...(ReadReplicaIdentifiers.length === 0
      ? []
      : [`its replicas ${ReadReplicaIdentifiers.join(', ')} are not restored`]),
    ...(DomainMemberships.length === 0 ? [] : ['its directory for Kerberos is not restored']),
    ...(one.MasterUserSecret === undefined
      ? []
      : ["its master user's password in Secrets Manager is not of a restored cluster"]),
    ...(one.HttpEndpointEnabled === true ? ['its Data API is not turned on again'] : []),
    ...(one.ActivityStreamStatus === 'started' ? ['its activity stream is not started again'] : []),
    ...(one.LocalWriteForwardingStatus === 'enabled' ? ['its local write forwarding is not turned on again'] : []),
  ]
}
