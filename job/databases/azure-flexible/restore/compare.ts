import { isDeepStrictEqual } from 'node:util'
import type { Json } from '../../../azure/resource-manager.ts'
import type { ServerSettings } from '../servers/settings.ts'
import { restoreTag } from './restore-server.ts'

/** A setting that is another in the restored server. */
export interface Difference {
  /** for people: which setting, what it was and what it is */
  text: string
  /** the releases cannot work with it, or not safely */
  harms: boolean
}

/** What decides whether the releases reach it as before, and nobody else does. */
const harming =
  /^(location$|version$|databasePort$|network\.|authConfig\.|dataEncryption\.|firewall rule |administrator )/

/** The settings of two servers, field by field, but for those that no restore brings back. */
export function compareSettings(expected: ServerSettings, found: ServerSettings): Difference[] {
  const [before, now] = [fields(expected), fields(found)]
  const size = (one: ServerSettings) => Number(one.groups['storage']?.['storageSizeGB'] ?? 0)
  // Storage grows by itself, and never shrinks.
  const hasGrown = size(found) > size(expected)
  return [...new Set([...Object.keys(before), ...Object.keys(now)])]
    .filter((name) => !isDeepStrictEqual(before[name], now[name]) && !(hasGrown && name.startsWith('storage.')))
    .map((name) => ({
      text: `${name} was ${told(before[name])}, and is ${told(now[name])}`,
      harms: harming.test(name),
    }))
}

function fields(settings: ServerSettings): Record<string, Json | undefined> {
  const { location, sku, version, availabilityZone, databasePort, tags, identity, groups } = settings
  const named = (what: string, values: Record<string, Json>) =>
    Object.entries(values).map(([name, value]) => [`${what}${name}`, value] as const)
  const { [restoreTag]: _own, ...known } = tags
  return Object.fromEntries([
    ...named('', { location, ...(version === undefined ? {} : { version }) }),
    ...named('', availabilityZone === undefined ? {} : { availabilityZone }),
    ...named('', databasePort === undefined ? {} : { databasePort }),
    ...named('sku.', sku),
    ...named('identity.', identity),
    ...Object.entries(groups).flatMap(([group, values]) => named(`${group}.`, values)),
    ...named('tag ', known),
    ...named('firewall rule ', settings.firewallRules),
    ...named('parameter ', settings.configurations),
    ...named('administrator ', settings.administrators),
  ])
}

function told(value: Json | undefined): string {
  return value === undefined ? 'not set' : JSON.stringify(value)
}
