import type { Caller } from '../service/authentication.ts'
import { AwsError } from '../service/errors.ts'
import type { Service } from '../service/service.ts'
import { clusterFamilyOf, type Cluster, type ClusterSettings } from './cluster.ts'
import {
  listOf,
  networkOf,
  refuseDuplicateTags,
  refuseGone,
  refuseOtherNetwork,
  text,
  type Asked,
} from './instances.ts'
import type { Instance } from './instance.ts'
import type { Parameters } from './query-protocol.ts'

const dayMs = 86_400_000

type Place = Pick<Caller, 'account' | 'region'>

/** All clusters of all accounts and regions, and what is kept of those that are gone. */
export class Clusters {
  readonly #all: Cluster[] = []
  readonly #retained: { cluster: Cluster; untilMs: number }[] = []
  readonly snapshots: { id: string; cluster: string; account: string; region: string; atMs: number }[] = []

  of({ account, region }: Place): Cluster[] {
    return this.#all.filter((one) => one.account === account && one.region === region)
  }

  retainedOf({ account, region }: Place) {
    return this.#retained.filter(({ cluster }) => cluster.account === account && cluster.region === region)
  }

  find(caller: Place, id: string): Cluster | undefined {
    return this.of(caller).find((one) => one.id === id.toLowerCase())
  }

  /** @throws AwsError DBClusterNotFoundFault */
  get(caller: Place, id: string): Cluster {
    const found = this.find(caller, id)
    if (found === undefined) throw new AwsError('DBClusterNotFoundFault', `DBCluster ${id} not found.`, 404)
    return found
  }

  add(one: Cluster): void {
    this.#all.push(one)
  }

  remove(one: Cluster): void {
    this.#all.splice(this.#all.indexOf(one), 1)
  }

  retain(cluster: Cluster, untilMs: number): void {
    this.#retained.push({ cluster, untilMs })
  }
}

/** The instances of a cluster, in the order in which they were made: the first takes writes. */
export function membersOf({ id }: Pick<Cluster, 'id'>, { caller, instances }: Asked): Instance[] {
  return instances.of(caller).filter(({ settings }) => settings.DBClusterIdentifier === id)
}

/** What can be brought back of a cluster at this moment, or up to when it went. */
export function clusterWindow(
  one: Cluster,
  { clock, settings }: Pick<Service, 'clock' | 'settings'>,
  untilMs = clock.now() - settings.restorableLagMs,
): { earliestMs: number; latestMs: number } | undefined {
  if (one.backedUpFromMs === undefined) return undefined
  const latestMs = Math.floor(untilMs / 1000) * 1000
  const earliestMs = Math.max(one.backedUpFromMs, untilMs - one.settings.BackupRetentionPeriod * dayMs)
  return latestMs < earliestMs ? undefined : { earliestMs, latestMs }
}

const texts = {
  StorageType: 'StorageType',
  EngineMode: 'EngineMode',
  NetworkType: 'NetworkType',
  PreferredBackupWindow: 'PreferredBackupWindow',
  PreferredMaintenanceWindow: 'PreferredMaintenanceWindow',
  EngineLifecycleSupport: 'EngineLifecycleSupport',
  DatabaseInsightsMode: 'DatabaseInsightsMode',
  MonitoringRoleArn: 'MonitoringRoleArn',
  PerformanceInsightsKMSKeyId: 'PerformanceInsightsKMSKeyId',
  GlobalClusterIdentifier: 'GlobalClusterIdentifier',
  ReplicationSourceIdentifier: 'ReplicationSourceIdentifier',
  DBSubnetGroupName: 'DBSubnetGroup',
  DBClusterParameterGroupName: 'DBClusterParameterGroup',
} as const
const numbers = [
  'Port',
  'BacktrackWindow',
  'BackupRetentionPeriod',
  'MonitoringInterval',
  'PerformanceInsightsRetentionPeriod',
] as const
const switches = {
  EnableIAMDatabaseAuthentication: 'IAMDatabaseAuthenticationEnabled',
  DeletionProtection: 'DeletionProtection',
  CopyTagsToSnapshot: 'CopyTagsToSnapshot',
  EnablePerformanceInsights: 'PerformanceInsightsEnabled',
} as const
const lists = { VpcSecurityGroupIds: 'securityGroups', EnableCloudwatchLogsExports: 'logs', Tags: 'tags' } as const

/** The settings that a call asks for, whichever it is. @throws AwsError where a group is not there, or out of place */
export function clusterSettingsIn(
  parameters: Parameters,
  of: Pick<Cluster, 'engine' | 'engineVersion'>,
  service: Pick<Service, 'settings'>,
): Partial<ClusterSettings> {
  const asked: Record<string, unknown> = {}
  for (const [name, told] of Object.entries(texts)) asked[told] = text(parameters, name)
  for (const name of numbers) {
    const value = text(parameters, name)
    asked[name] = value === undefined ? undefined : Number(value)
  }
  for (const [name, told] of Object.entries(switches)) {
    const value = text(parameters, name)
    asked[told] = value === undefined ? undefined : value === 'true'
  }
  for (const [name, told] of Object.entries(lists)) asked[told] = listOf(parameters, name)
  refuseDuplicateTags(parameters)
  asked['ServerlessV2ScalingConfiguration'] = parameters['ServerlessV2ScalingConfiguration']
  const [group, subnets] = [text(parameters, 'DBClusterParameterGroupName'), text(parameters, 'DBSubnetGroupName')]
  refuseGone(parameters, service, {
    DBClusterParameterGroupName: ['DBClusterParameterGroupNotFound', 'DBClusterParameterGroup not found'],
    DBSubnetGroupName: ['DBSubnetGroupNotFoundFault', 'DB subnet group does not exist'],
  })
  if (group?.startsWith('default.') === true && group !== `default.${clusterFamilyOf(of)}`)
    throw new AwsError('InvalidParameterCombination', `${group} is not of ${clusterFamilyOf(of)}.`)
  if (asked['securityGroups'] !== undefined) refuseOtherNetwork(networkOf(subnets ?? '', service))
  const days = asked['BackupRetentionPeriod']
  if (typeof days === 'number' && days < 1)
    throw new AwsError('InvalidParameterValue', `Invalid backup retention period ${days}. Must be between 1 and 35.`)
  return Object.fromEntries(
    Object.entries(asked).filter(([, value]) => value !== undefined),
  ) as Partial<ClusterSettings>
}
