import type { Json } from '../../../azure/resource-manager.ts'
import type { AccountSettings, Details } from '../details.ts'

/**
 * What is not put on again: the backup policy is the source's anyhow, and of free accounts a subscription has one,
 * which is the source.
 */
const leftOut = new Set(['backupPolicy', 'enableFreeTier'])

/**
 * What the settings of a restored account are to be.
 * @param region that is restored to, where not that of the backup
 */
export function expectedSettings({ settings }: Pick<Details, 'settings'>, region: string | undefined): AccountSettings {
  const { properties, ...others } = withoutLeftOut(settings)
  return {
    ...others,
    properties: { ...properties, consistencyPolicy: consistencyOf(properties['consistencyPolicy']) },
    // Another region has the data alone: which others it is to be copied to nobody said.
    ...(region === undefined ? {} : { regions: [{ name: region, zoneRedundant: false }] }),
  }
}

/** Settings without those that a restore leaves as the service makes them. */
export function withoutLeftOut(settings: AccountSettings): AccountSettings {
  const properties = Object.fromEntries(Object.entries(settings.properties).filter(([name]) => !leftOut.has(name)))
  return { ...settings, properties }
}

/** Strong, as ScalarDB's guide asks for; bounded staleness is an installation's own choice, and stays. */
function consistencyOf(recorded: Json | undefined): Json {
  const isBounded =
    typeof recorded === 'object' &&
    recorded !== null &&
    !Array.isArray(recorded) &&
    recorded['defaultConsistencyLevel'] === 'BoundedStaleness'
  return isBounded ? recorded : { ...asObject(recorded), defaultConsistencyLevel: 'Strong' }
}

function asObject(value: Json | undefined): Record<string, Json> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}
