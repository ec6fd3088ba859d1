import { newRegion, type AccountSettings, type Region } from '../accounts/account.ts'
import { regionKey, regionName } from '../accounts/regions.ts'
import { badRequest } from '../service/errors.ts'

/** What an account has where nobody says otherwise; nothing else can be set. */
const defaults = {
  publicNetworkAccess: 'Enabled',
  enableAutomaticFailover: false,
  enableMultipleWriteLocations: false,
  enablePartitionKeyMonitor: false,
  isVirtualNetworkFilterEnabled: false,
  virtualNetworkRules: [],
  disableKeyBasedMetadataWriteAccess: false,
  enableFreeTier: false,
  enableAnalyticalStorage: false,
  analyticalStorageConfiguration: { schemaType: 'WellDefined' },
  defaultIdentity: 'FirstPartyIdentity',
  networkAclBypass: 'None',
  disableLocalAuth: false,
  enablePartitionMerge: false,
  enablePerRegionPerPartitionAutoscale: true,
  enableBurstCapacity: false,
  enablePriorityBasedExecution: false,
  defaultPriorityLevel: 'High',
  minimalTlsVersion: 'Tls12',
  consistencyPolicy: { defaultConsistencyLevel: 'Session', maxIntervalInSeconds: 5, maxStalenessPrefix: 100 },
  cors: [],
  capabilities: [],
  ipRules: [],
  backupPolicy: {
    type: 'Periodic',
    periodicModeProperties: {
      backupIntervalInMinutes: 240,
      backupRetentionIntervalInHours: 8,
      backupStorageRedundancy: 'Geo',
    },
  },
  networkAclBypassResourceIds: [],
} as const

/** Those without a default. */
const furtherSettings = ['keyVaultKeyUri', 'customerManagedKeyStatus', 'capacity', 'apiProperties', 'connectorOffer']
const levels = ['Eventual', 'Session', 'BoundedStaleness', 'Strong', 'ConsistentPrefix']
const tiers = ['Continuous7Days', 'Continuous30Days', 'Continuous35Days']

const isSetting = (name: string) => name in defaults || furtherSettings.includes(name)

/** What is asked for, checked; nothing that is not asked for. @throws AzureError 400 */
export function askedSettings(properties: Record<string, unknown>): Partial<AccountSettings> {
  const asked = Object.fromEntries(
    Object.entries(properties).filter(([name, value]) => isSetting(name) && value !== undefined && value !== null),
  ) as Partial<AccountSettings>
  const { consistencyPolicy, publicNetworkAccess, backupPolicy } = asked
  if (consistencyPolicy !== undefined) {
    if (!levels.includes(consistencyPolicy.defaultConsistencyLevel))
      throw badRequest(`Invalid consistency level ${consistencyPolicy.defaultConsistencyLevel}`)
    asked.consistencyPolicy = { ...defaults.consistencyPolicy, ...consistencyPolicy }
  }
  if (publicNetworkAccess !== undefined && !['Enabled', 'Disabled', 'SecuredByPerimeter'].includes(publicNetworkAccess))
    throw badRequest(`Invalid publicNetworkAccess ${publicNetworkAccess}`)
  if (backupPolicy?.type === 'Continuous') {
    const tier = backupPolicy.continuousModeProperties?.tier ?? 'Continuous30Days'
    if (!tiers.includes(tier)) throw badRequest(`Invalid continuous backup tier ${tier}`)
    asked.backupPolicy = { type: 'Continuous', continuousModeProperties: { tier } }
  }
  return asked
}

export const newSettings = (asked: Partial<AccountSettings>): AccountSettings => {
  const settings: AccountSettings = { ...structuredClone(defaults), ...asked } as AccountSettings
  return settings
}

interface AskedLocation {
  locationName?: string
  failoverPriority?: number
  isZoneRedundant?: boolean
}

/**
 * The regions that are asked for; one that was there already stays what it is.
 * @throws AzureError 400
 */
export function askedRegions(asked: unknown, atMs: number, present: readonly Region[] = []): Region[] {
  if (!Array.isArray(asked) || asked.length === 0) throw badRequest('The account has to have at least one location.')
  const regions = (asked as AskedLocation[]).map(({ locationName = '', failoverPriority = 0, isZoneRedundant }) => {
    const name = regionName(locationName)
    if (name === undefined) throw badRequest(`The location '${locationName}' is not available for subscription.`)
    const known = present.find((region) => region.name === name)
    if (known !== undefined) return { ...known, failoverPriority }
    return newRegion(name, failoverPriority, atMs, isZoneRedundant ?? false)
  })
  const priorities = regions.map(({ failoverPriority }) => failoverPriority).toSorted((a, b) => a - b)
  if (priorities.some((priority, index) => priority !== index))
    throw badRequest('Failover priorities have to be unique and to begin at 0.')
  return regions
}

/** Whether both name the same regions, each with its priority. */
export const sameRegions = (a: readonly Region[], b: readonly Region[]): boolean => {
  const written = (regions: readonly Region[]) =>
    regions
      .map(({ name, failoverPriority }) => `${failoverPriority} ${regionKey(name)}`)
      .toSorted()
      .join()
  return written(a) === written(b)
}
