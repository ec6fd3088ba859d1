import { furtherHost, type FurtherEndpoint } from '../../postgresql/server-address.ts'
import { AwsError } from '../service/errors.ts'
import {
  clusterArnOf,
  defaultClusterSettings,
  describedCluster,
  newClusterResourceId,
  type Cluster,
} from './cluster.ts'
import { clusterSettingsIn, clusterWindow, membersOf } from './clusters.ts'
import { listOf, needed, settingsIn, text, type Asked } from './instances.ts'
import { begin, freeIdentifier, instanceOperations, newInstance, refuseUnless, told } from './instance-operations.ts'
import type { RelationalOperation } from './instance-operations.ts'
import type { InstanceServer } from './instance.ts'
import type { Parameters, Value } from './query-protocol.ts'

const versions: Record<string, string> = { 'aurora-postgresql': '15.10', 'aurora-mysql': '8.0.mysql_aurora.3.08.0' }
/** What is the cluster's to set (API reference of CreateDBInstance: "not applicable" to Aurora). */
const ofTheCluster = [
  'AllocatedStorage',
  'BackupRetentionPeriod',
  'DBName',
  'DeletionProtection',
  'MasterUsername',
  'MasterUserPassword',
  'OptionGroupName',
  'Port',
  'PreferredBackupWindow',
  'StorageEncrypted',
  'VpcSecurityGroupIds',
  'EnableCloudwatchLogsExports',
  'EnableIAMDatabaseAuthentication',
]

export const clusterOperations: Record<string, RelationalOperation> = {
  CreateDBCluster(parameters, asked) {
    const { caller, service, servers } = asked
    const engine = needed(parameters, 'Engine')
    const engineVersion = text(parameters, 'EngineVersion') ?? versions[engine] ?? '15.10'
    const id = freeClusterIdentifier(needed(parameters, 'DBClusterIdentifier'), asked)
    const one = newCluster({ id, engine, engineVersion }, asked)
    one.masterUsername = needed(parameters, 'MasterUsername')
    one.encrypted = text(parameters, 'StorageEncrypted') === 'true'
    one.kmsKey = one.encrypted ? `arn:aws:kms:${caller.region}:${caller.account}:key/k-1` : undefined
    one.settings = { ...one.settings, ...clusterSettingsIn(parameters, one, service) }
    const login = { username: one.masterUsername, password: needed(parameters, 'MasterUserPassword') }
    beginCluster(one, asked, 'createInstance', async () => await servers?.create(login))
    return { DBCluster: toldCluster(one, asked) }
  },

  DescribeDBClusters(parameters, asked) {
    const { caller, clusters } = asked
    const id = text(parameters, 'DBClusterIdentifier')
    const found = id === undefined ? clusters.of(caller) : [clusters.get(caller, id)]
    return { DBClusters: found.map((one) => toldCluster(one, asked)) }
  },

  DescribeDBClusterAutomatedBackups(parameters, { caller, clusters, service }) {
    const resource = text(parameters, 'DbClusterResourceId')
    const fits = ({ resourceId }: Cluster) => resource === undefined || resourceId === resource
    return {
      DBClusterAutomatedBackups: [
        ...clusters
          .of(caller)
          .filter(fits)
          .map((one) => backupOf(one, 'available', clusterWindow(one, service))),
        ...clusters
          .retainedOf(caller)
          .filter(({ cluster }) => fits(cluster))
          .map(({ cluster, untilMs }) => backupOf(cluster, 'retained', clusterWindow(cluster, service, untilMs))),
      ],
    }
  },

  ModifyDBCluster(parameters, asked) {
    const { caller, clusters, service } = asked
    const one = clusters.get(caller, needed(parameters, 'DBClusterIdentifier'))
    refuseUnlessCluster(one, ['available'], 'modified')
    const changes = clusterSettingsIn(parameters, one, service)
    // Told as available for some time yet.
    service.timers.after(['modifyBegins', one.id], () => {
      one.status = 'modifying'
      service.timers.background(
        ['modifyInstance', one.id],
        () => Promise.resolve(),
        () => {
          one.settings = { ...one.settings, ...changes }
          one.status = 'available'
        },
      )
    })
    return { DBCluster: toldCluster(one, asked) }
  },

  /** One at most. */
  CreateDBClusterEndpoint(parameters, { caller, clusters }) {
    const one = clusters.get(caller, needed(parameters, 'DBClusterIdentifier'))
    const id = needed(parameters, 'DBClusterEndpointIdentifier')
    const type = needed(parameters, 'EndpointType')
    refuseUnlessCluster(one, ['available'], 'given an endpoint')
    const Endpoint = furtherHost(one.server ?? nowhere, 'custom')
    if (one.settings.customEndpoints.length > 0)
      throw new AwsError(
        'DBClusterEndpointQuotaExceededFault',
        'The cluster already has the maximum of endpoints.',
        403,
      )
    one.settings = { ...one.settings, customEndpoints: [Endpoint] }
    return {
      DBClusterEndpointIdentifier: id,
      DBClusterIdentifier: one.id,
      Endpoint,
      Status: 'creating',
      EndpointType: 'CUSTOM',
      CustomEndpointType: type,
    }
  },

  AddRoleToDBCluster(parameters, { caller, clusters }) {
    const one = clusters.get(caller, needed(parameters, 'DBClusterIdentifier'))
    refuseUnlessCluster(one, ['available'], 'given a role')
    const role = { RoleArn: needed(parameters, 'RoleArn'), FeatureName: text(parameters, 'FeatureName') }
    if (one.settings.roles.some(({ RoleArn }) => RoleArn === role.RoleArn))
      throw new AwsError('DBClusterRoleAlreadyExists', `Role ARN ${role.RoleArn} is already associated.`)
    one.settings = { ...one.settings, roles: [...one.settings.roles, role] }
    return {}
  },

  DeleteDBCluster(parameters, asked) {
    const { caller, clusters, service } = asked
    const one = clusters.get(caller, needed(parameters, 'DBClusterIdentifier'))
    const snapshot = text(parameters, 'FinalDBSnapshotIdentifier')
    if (/^(creating|modifying|deleting)$/.test(one.status)) refuseUnlessCluster(one, [], 'deleted')
    if (one.settings.DeletionProtection)
      throw new AwsError(
        'InvalidParameterCombination',
        'Cannot delete protected Cluster, please disable deletion protection and try again.',
      )
    if (membersOf(one, asked).some(({ status }) => status !== 'deleting'))
      throw new AwsError(
        'InvalidDBClusterStateFault',
        'Cluster cannot be deleted, it still contains DB instances in non-deleting state.',
      )
    if ((text(parameters, 'SkipFinalSnapshot') === 'true') === (snapshot !== undefined))
      throw new AwsError(
        'InvalidParameterCombination',
        'FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.',
      )
    if (snapshot !== undefined) {
      if (clusters.snapshots.some(({ id }) => id === snapshot))
        throw new AwsError('DBClusterSnapshotAlreadyExistsFault', `Snapshot ${snapshot} already exists.`)
      const { account, region } = one
      clusters.snapshots.push({ id: snapshot, cluster: one.id, account, region, atMs: service.clock.now() })
    }
    one.status = 'deleting'
    const untilMs = service.clock.now()
    const keeps = text(parameters, 'DeleteAutomatedBackups') === 'false'
    service.timers.background(
      ['deleteInstance', one.id],
      () => Promise.resolve(),
      () => {
        clusters.remove(one)
        if (keeps) clusters.retain(one, untilMs)
        else void one.server?.stop()
      },
    )
    return { DBCluster: toldCluster(one, asked) }
  },

  DescribeDBClusterSnapshots(parameters, { caller, clusters }) {
    const id = text(parameters, 'DBClusterSnapshotIdentifier')
    const found = clusters.snapshots.filter(
      (one) => one.account === caller.account && one.region === caller.region && (id === undefined || one.id === id),
    )
    return {
      DBClusterSnapshots: found.map(({ id, cluster, atMs }) => ({
        DBClusterSnapshotIdentifier: id,
        DBClusterIdentifier: cluster,
        SnapshotCreateTime: new Date(atMs),
        Status: 'available',
      })),
    }
  },

  /**
   * Everything is as for a cluster that is made anew where nothing is said of it, but for the key; no instance is made
   * (API reference of this operation; Aurora user guide: restoring a DB cluster to a specified time).
   */
  RestoreDBClusterToPointInTime(parameters, asked) {
    const { service, servers } = asked
    const { source, window } = sourceOf(parameters, asked)
    const id = freeClusterIdentifier(needed(parameters, 'DBClusterIdentifier'), asked)
    const atMs = pointOf(parameters, source, window)
    const { engine, engineVersion } = source
    // Refused before anything is there.
    const wanted = clusterSettingsIn(parameters, source, service)
    const one = newCluster({ id, engine, engineVersion }, asked)
    const { BackupRetentionPeriod } = source.settings
    one.settings = { ...one.settings, BackupRetentionPeriod, ...wanted }
    const { masterUsername, databaseName, encrypted, kmsKey } = source
    Object.assign(one, { masterUsername, databaseName, encrypted, kmsKey })
    beginCluster(one, asked, 'restoreInstance', async () =>
      source.server === undefined ? undefined : await servers?.restore(source.server, atMs),
    )
    return { DBCluster: toldCluster(one, asked) }
  },

  /** An instance of a cluster has network, port, backups and login of the cluster. */
  CreateDBInstance(parameters, asked) {
    const { caller, clusters, service } = asked
    const cluster = text(parameters, 'DBClusterIdentifier')
    if (cluster === undefined) return instanceOperations['CreateDBInstance']?.(parameters, asked) ?? {}
    const of = clusters.get(caller, cluster)
    const wrong = ofTheCluster.find((name) => parameters[name] !== undefined)
    if (wrong !== undefined)
      throw new AwsError(
        'InvalidParameterCombination',
        `The requested DB Instance will be a member of a DB Cluster. Set ${wrong} for the DB Cluster.`,
      )
    refuseUnlessCluster(of, ['available'], 'given an instance')
    const engine = needed(parameters, 'Engine')
    if (engine !== of.engine)
      throw new AwsError('InvalidParameterCombination', `The engine ${engine} is not that of the cluster.`)
    const id = freeIdentifier(needed(parameters, 'DBInstanceIdentifier'), asked)
    const { engineVersion, masterUsername, encrypted, kmsKey, settings } = of
    const one = newInstance({ id, engine, engineVersion }, asked)
    const made = membersOf(of, asked).length
    one.settings = {
      ...one.settings,
      parameterGroup: `default.${engine}${engineVersion.split('.')[0]}`,
      BackupRetentionPeriod: settings.BackupRetentionPeriod,
      subnetGroup: settings.DBSubnetGroup,
      securityGroups: settings.securityGroups,
      DBClusterIdentifier: of.id,
      PromotionTier: Number(text(parameters, 'PromotionTier') ?? 1),
      // Which one it is, nobody knows before.
      AvailabilityZone: text(parameters, 'AvailabilityZone') ?? `${caller.region}z`,
    }
    const wanted = settingsIn({ ...parameters, DBSubnetGroupName: settings.DBSubnetGroup }, one, service)
    one.settings = { ...one.settings, ...wanted }
    Object.assign(one, { masterUsername, encrypted, kmsKey })
    begin(one, asked, 'createInstance', () => Promise.resolve(memberServer(of, made)))
    return { DBInstance: told(one, asked) }
  },

  DescribeDBInstances(parameters, asked) {
    const [filter] = listOf(parameters, 'Filters') ?? []
    if (filter === undefined) return instanceOperations['DescribeDBInstances']?.(parameters, asked) ?? {}
    const { Name, Values } = filter as Parameters
    if (Name !== 'db-cluster-id')
      throw new AwsError('InvalidParameterValue', `Unrecognized filter name: ${String(Name)}`)
    const { caller, clusters } = asked
    const found = (Array.isArray(Values) ? Values : []).flatMap((id) => clusters.find(caller, String(id)) ?? [])
    return { DBInstances: found.flatMap((one) => membersOf(one, asked)).map((one) => told(one, asked)) }
  },

  DeleteDBInstance(parameters, asked) {
    const { caller, instances, service } = asked
    const one = instances.get(caller, needed(parameters, 'DBInstanceIdentifier'))
    if (one.settings.DBClusterIdentifier === undefined)
      return instanceOperations['DeleteDBInstance']?.(parameters, asked) ?? {}
    if (text(parameters, 'FinalDBSnapshotIdentifier') !== undefined)
      throw new AwsError(
        'InvalidParameterCombination',
        'FinalDBSnapshotIdentifier can not be specified when deleting a cluster instance.',
      )
    refuseUnless(one, ['available'], 'deleted')
    one.status = 'deleting'
    service.timers.background(
      ['deleteInstance', one.id],
      () => Promise.resolve(),
      () => instances.remove(one),
    )
    return { DBInstance: told(one, asked) }
  },
}

function newCluster(
  of: Pick<Cluster, 'id' | 'engine' | 'engineVersion'>,
  { caller, clusters, service }: Asked,
): Cluster {
  const one: Cluster = {
    ...of,
    resourceId: newClusterResourceId(),
    account: caller.account,
    region: caller.region,
    masterUsername: '',
    databaseName: undefined,
    encrypted: false,
    kmsKey: undefined,
    status: 'creating',
    createdMs: service.clock.now(),
    backedUpFromMs: undefined,
    server: undefined,
    settings: defaultClusterSettings(of),
  }
  clusters.add(one)
  return one
}

/** Creating, then available; it can be brought back from then on. */
function beginCluster(
  one: Cluster,
  { service }: Asked,
  phase: 'createInstance' | 'restoreInstance',
  serve: () => Promise<InstanceServer | undefined>,
): void {
  const failsAs = phase === 'restoreInstance' ? service.settings.relational.failRestoresAs : undefined
  const make = async () => {
    if (failsAs === undefined) one.server = (await serve()) ?? nowhere
  }
  service.timers.background([phase, one.id], make, () => {
    one.status = failsAs ?? 'available'
    if (failsAs === undefined) one.backedUpFromMs = service.clock.now()
  })
}

const nowhere: InstanceServer = { host: '127.0.0.1', port: 1, stop: () => Promise.resolve() }

const instanceEndpoints: readonly FurtherEndpoint[] = ['instance-0', 'instance-1', 'instance-2']

function memberServer({ server = nowhere }: Cluster, index: number): InstanceServer {
  const endpoint = instanceEndpoints[index % instanceEndpoints.length] ?? 'instance-0'
  return { host: furtherHost(server, endpoint), port: server.port, stop: () => Promise.resolve() }
}

/** @throws AwsError DBClusterAlreadyExistsFault, InvalidParameterValue, DBClusterQuotaExceededFault */
function freeClusterIdentifier(asIs: string, { caller, clusters, service }: Asked): string {
  const id = asIs.toLowerCase()
  if (!/^[a-z](-?[a-z0-9]){0,62}$/.test(id))
    throw new AwsError('InvalidParameterValue', `The parameter DBClusterIdentifier is not a valid identifier: ${id}`)
  if (clusters.find(caller, id) !== undefined)
    throw new AwsError('DBClusterAlreadyExistsFault', `DB Cluster already exists`)
  if (clusters.of(caller).length >= service.settings.relational.clusters)
    throw new AwsError('DBClusterQuotaExceededFault', 'Cannot create more than the quota of DB clusters allows.', 403)
  return id
}

function toldCluster(one: Cluster, asked: Asked): Value {
  return describedCluster(one, membersOf(one, asked), clusterWindow(one, asked.service))
}

/** @throws AwsError InvalidDBClusterStateFault */
function refuseUnlessCluster(one: Cluster, states: readonly string[], what: string): void {
  if (states.includes(one.status)) return
  throw new AwsError('InvalidDBClusterStateFault', `Cluster ${one.id} cannot be ${what} while it is ${one.status}.`)
}

function backupOf(one: Cluster, status: string, window: { earliestMs: number; latestMs: number } | undefined): Value {
  return {
    DBClusterIdentifier: one.id,
    DbClusterResourceId: one.resourceId,
    DBClusterArn: clusterArnOf(one),
    Region: one.region,
    Engine: one.engine,
    Status: status,
    BackupRetentionPeriod: one.settings.BackupRetentionPeriod,
    RestoreWindow:
      window === undefined ? {} : { EarliestTime: new Date(window.earliestMs), LatestTime: new Date(window.latestMs) },
  }
}

/** @throws AwsError where there is no such past */
function sourceOf(parameters: Parameters, { caller, clusters, service }: Asked) {
  const [id, resource] = [text(parameters, 'SourceDBClusterIdentifier'), text(parameters, 'SourceDbClusterResourceId')]
  if ((id === undefined) === (resource === undefined))
    throw new AwsError('InvalidParameterCombination', 'Specify either the source identifier or its resource id.')
  const live = clusters.of(caller).find((one) => one.id === id?.toLowerCase() || one.resourceId === resource)
  if (live !== undefined) return { source: live, window: clusterWindow(live, service) }
  const kept = clusters.retainedOf(caller).find(({ cluster }) => cluster.resourceId === resource)
  if (kept === undefined) throw new AwsError('DBClusterNotFoundFault', `DBCluster ${id ?? resource} not found.`, 404)
  return { source: kept.cluster, window: clusterWindow(kept.cluster, service, kept.untilMs) }
}

/** @throws AwsError InvalidRestoreFault */
function pointOf(
  parameters: Parameters,
  { id }: Cluster,
  window: { earliestMs: number; latestMs: number } | undefined,
): number {
  const asText = text(parameters, 'RestoreToTime')
  const atMs = asText === undefined ? window?.latestMs : Date.parse(asText)
  if (window === undefined || atMs === undefined || !(atMs >= window.earliestMs && atMs <= window.latestMs))
    throw new AwsError(
      'InvalidRestoreFault',
      `Cluster ${id} cannot be restored to ${asText}: it is outside its window.`,
    )
  return atMs
}
