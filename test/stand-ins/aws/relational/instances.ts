import { AwsError } from '../service/errors.ts'
import type { Clusters } from './clusters.ts'
import type { Caller } from '../service/authentication.ts'
import type { Service } from '../service/service.ts'
import { familyOf, type Instance, type InstanceServers, type RetainedBackup, type Settings } from './instance.ts'
import type { Parameter, Parameters } from './query-protocol.ts'

const dayMs = 86_400_000

/** What an operation is given beside its parameters. */
export interface Asked {
  caller: Caller
  service: Service
  instances: Instances
  clusters: Clusters
  servers: InstanceServers | undefined
}

/** All instances of all accounts and regions, and what is kept of those that are gone. */
export class Instances {
  readonly #all: Instance[] = []
  #retained: RetainedBackup[] = []
  readonly snapshots: { id: string; instance: string; account: string; region: string; atMs: number }[] = []

  of({ account, region }: Pick<Caller, 'account' | 'region'>): Instance[] {
    return this.#all.filter((one) => one.account === account && one.region === region)
  }

  retainedOf({ account, region }: Pick<Caller, 'account' | 'region'>): RetainedBackup[] {
    return this.#retained.filter(({ instance }) => instance.account === account && instance.region === region)
  }

  find(caller: Pick<Caller, 'account' | 'region'>, id: string): Instance | undefined {
    return this.of(caller).find((one) => one.id === id.toLowerCase())
  }

  /** @throws AwsError DBInstanceNotFound */
  get(caller: Caller, id: string): Instance {
    const found = this.find(caller, id)
    if (found === undefined) throw new AwsError('DBInstanceNotFound', `DBInstance ${id} not found.`, 404)
    return found
  }

  add(one: Instance): void {
    this.#all.push(one)
  }

  remove(one: Instance): void {
    this.#all.splice(this.#all.indexOf(one), 1)
  }

  retain(backup: RetainedBackup): void {
    this.#retained.push(backup)
  }
}

/** What can be brought back of an instance at this moment. */
export function windowOf(
  one: Instance,
  { clock, settings }: Pick<Service, 'clock' | 'settings'>,
): { earliestMs: number; latestMs: number } | undefined {
  const days = one.settings.BackupRetentionPeriod
  if (days === 0 || one.backedUpFromMs === undefined) return undefined
  const latestMs = Math.floor((clock.now() - settings.restorableLagMs) / 1000) * 1000
  const earliestMs = Math.max(one.backedUpFromMs, clock.now() - days * dayMs)
  return latestMs < earliestMs ? undefined : { earliestMs, latestMs }
}

/** The network that security groups are in, and instances unless their subnet group is in another. */
const usualNetwork = 'vpc-1'

/** The network of a subnet group. */
export function networkOf(subnetGroup: string, { settings }: Pick<Service, 'settings'>): string {
  return settings.relational.networks[subnetGroup] ?? usualNetwork
}

export function text(parameters: Parameters, name: string): string | undefined {
  const value = parameters[name]
  return typeof value === 'string' ? value : undefined
}

/** @throws AwsError MissingParameter */
export function needed(parameters: Parameters, name: string): string {
  const value = text(parameters, name)
  if (value === undefined) throw new AwsError('MissingParameter', `The request must contain the parameter ${name}.`)
  return value
}

export function listOf(parameters: Parameters, name: string): Parameter[] | undefined {
  const value = parameters[name]
  return Array.isArray(value) ? value : undefined
}

/** From so many GiB on, gp3 has throughput of one's own choice (RDS user guide: gp3 storage; MySQL and PostgreSQL). */
export const gp3OwnFromGiB = 400

const texts = [
  'DBInstanceClass',
  'StorageType',
  'PreferredBackupWindow',
  'PreferredMaintenanceWindow',
  'MonitoringRoleArn',
  'PerformanceInsightsKMSKeyId',
  'DatabaseInsightsMode',
  'CACertificateIdentifier',
  'NetworkType',
  'EngineLifecycleSupport',
  'LicenseModel',
] as const
const numbers = [
  'AllocatedStorage',
  'Iops',
  'StorageThroughput',
  'MaxAllocatedStorage',
  'BackupRetentionPeriod',
  'MonitoringInterval',
  'PerformanceInsightsRetentionPeriod',
] as const
const switches = [
  ['MultiAZ', 'MultiAZ'],
  ['PubliclyAccessible', 'PubliclyAccessible'],
  ['AutoMinorVersionUpgrade', 'AutoMinorVersionUpgrade'],
  ['CopyTagsToSnapshot', 'CopyTagsToSnapshot'],
  ['EnableIAMDatabaseAuthentication', 'IAMDatabaseAuthenticationEnabled'],
  ['DeletionProtection', 'DeletionProtection'],
  ['EnablePerformanceInsights', 'PerformanceInsightsEnabled'],
  ['DedicatedLogVolume', 'DedicatedLogVolume'],
] as const

/**
 * The settings that a call asks for, whichever it is. What only another call takes is refused, as the SDK's types do.
 * @throws AwsError where a group is not there
 */
export function settingsIn(
  parameters: Parameters,
  of: Instance,
  { settings }: Pick<Service, 'settings'>,
): Partial<Settings> {
  const asked: Record<string, unknown> = {}
  for (const name of texts) asked[name] = text(parameters, name)
  for (const name of numbers) {
    const value = text(parameters, name)
    asked[name] = value === undefined ? undefined : Number(value)
  }
  for (const [name, told] of switches) {
    const value = text(parameters, name)
    asked[told] = value === undefined ? undefined : value === 'true'
  }
  asked['subnetGroup'] = text(parameters, 'DBSubnetGroupName')
  asked['parameterGroup'] = text(parameters, 'DBParameterGroupName')
  asked['optionGroup'] = text(parameters, 'OptionGroupName')
  asked['securityGroups'] = listOf(parameters, 'VpcSecurityGroupIds')
  asked['logs'] = listOf(parameters, 'EnableCloudwatchLogsExports')
  asked['tags'] = listOf(parameters, 'Tags')
  refuseDuplicateTags(parameters)
  refuseGone(
    parameters,
    { settings },
    {
      DBParameterGroupName: ['DBParameterGroupNotFound', 'DBParameterGroup not found'],
      DBSubnetGroupName: ['DBSubnetGroupNotFoundFault', 'DB subnet group does not exist'],
      OptionGroupName: ['OptionGroupNotFoundFault', 'Specified OptionGroupName not found'],
    },
  )
  if (asked['securityGroups'] !== undefined)
    refuseOtherNetwork(networkOf(String(asked['subnetGroup'] ?? ''), { settings }))
  if (Number(asked['MonitoringInterval'] ?? 0) > 0 && asked['MonitoringRoleArn'] === undefined)
    throw new AwsError(
      'InvalidParameterCombination',
      'A MonitoringRoleARN value is required if you specify a MonitoringInterval value other than 0.',
    )
  if (asked['parameterGroup'] !== undefined && String(asked['parameterGroup']).startsWith('default.')) {
    const family = String(asked['parameterGroup']).slice('default.'.length)
    if (family !== familyOf(of))
      throw new AwsError('InvalidParameterCombination', `The Parameter Group ${family} is not of ${familyOf(of)}.`)
  }
  const size = asked['AllocatedStorage'] ?? of.settings.AllocatedStorage
  if (asked['StorageType'] === 'gp3' && Number(size) < gp3OwnFromGiB && (asked['Iops'] ?? asked['StorageThroughput']))
    throw new AwsError(
      'InvalidParameterCombination',
      `You can't specify IOPS or storage throughput for engine ${of.engine} and a storage size less than ` +
        `${gp3OwnFromGiB}.`,
    )
  return Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined)) as Partial<Settings>
}

/** @throws AwsError where a key of a tag comes twice */
export function refuseDuplicateTags(parameters: Parameters): void {
  const keys = (listOf(parameters, 'Tags') ?? []).map((tag) => (typeof tag === 'object' && 'Key' in tag ? tag.Key : ''))
  const again = keys.find((key, index) => keys.indexOf(key) !== index)
  if (again === undefined) return
  // The words are AWS's.
  throw new AwsError('InvalidParameterCombination', `Duplicate tag key found in request: ${String(again)}`)
}

/**
 * @param groups by the parameters that name them, the error and its words where one is gone
 * @throws AwsError where a group, or a security group, is not there any more
 */
export function refuseGone(
  parameters: Parameters,
  { settings }: Pick<Service, 'settings'>,
  groups: Record<string, readonly [code: string, words: string]>,
): void {
  const missing = (name: unknown) => typeof name === 'string' && settings.relational.gone.includes(name)
  for (const [parameter, [code, words]] of Object.entries(groups)) {
    const name = text(parameters, parameter)
    if (missing(name)) throw new AwsError(code, `${words}: ${name}`, 404)
  }
  const lost = (listOf(parameters, 'VpcSecurityGroupIds') ?? []).find(missing)
  if (lost !== undefined)
    throw new AwsError('InvalidParameterValue', `Invalid security group, groupId= ${String(lost)}, groupName=.`)
}

/** For a subnet group beside security groups. @throws AwsError where it is in another network than they are */
export function refuseOtherNetwork(network: string): void {
  if (network === usualNetwork) return
  // The words are AWS's.
  throw new AwsError(
    'InvalidParameterCombination',
    'The DB instance and EC2 security group are in different VPCs. ' +
      `The DB instance is in ${network} and the EC2 security group is in ${usualNetwork}`,
  )
}
