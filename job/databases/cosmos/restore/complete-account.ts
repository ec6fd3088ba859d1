import { isDeepStrictEqual } from 'node:util'
import { changed } from '../../../azure/long-operation.ts'
import type { Json, ResourceManager } from '../../../azure/resource-manager.ts'
import type { Journal } from '../../../journal/journal.ts'
import { lookAtAccount, partsOf, regionsOf, sameRegion, type Account } from '../account/account.ts'
import { fewAtOnce } from '../../../azure/few-at-once.ts'
import { containerPath, databasePath, readDatabases } from '../account/read-databases.ts'
import { readSettings } from '../account/read-settings.ts'
import type { AccountSettings, ContainerSettings, DatabaseSettings, Details, Script, Throughput } from '../details.ts'
import { identityBody } from './restore-account.ts'

interface Completing {
  arm: ResourceManager
  /** id of the restored account */
  target: string
  expected: AccountSettings
  details: Details
  journal: Journal
}

/**
 * What a request may change of an account (ARM, DatabaseAccountUpdateProperties), but for what has calls of its own.
 * What else the service tells is compared, and nobody sets it.
 */
const settable = new Set([
  'analyticalStorageConfiguration',
  'apiProperties',
  'backupPolicy',
  'capabilities',
  'capacity',
  'connectorOffer',
  'consistencyPolicy',
  'cors',
  'defaultIdentity',
  'defaultPriorityLevel',
  'disableKeyBasedMetadataWriteAccess',
  'disableLocalAuth',
  'enableAnalyticalStorage',
  'enableAutomaticFailover',
  'enableBurstCapacity',
  'enableCassandraConnector',
  'enableFreeTier',
  'enableMultipleWriteLocations',
  'enablePartitionMerge',
  'enablePerRegionPerPartitionAutoscale',
  'enablePriorityBasedExecution',
  'enforceHierarchicalPartitionKeyIdLastLevel',
  'ipRules',
  'isVirtualNetworkFilterEnabled',
  'keyVaultKeyUri',
  'minimalTlsVersion',
  'networkAclBypass',
  'networkAclBypassResourceIds',
  'publicNetworkAccess',
  'virtualNetworkRules',
])

/**
 * Puts on again what a restore forgets: each looks first what is there, so that it may be done any number of times. An
 * account takes one change at a time, so they come one after another. Expiry stays off.
 */
export async function completeAccount(completing: Completing): Promise<void> {
  const { journal, target } = completing
  const { name } = partsOf(target)
  await journal.ensure(`settings of account ${name}`, () => ensureSettings(completing))
  await journal.ensure(`regions of account ${name}`, () => ensureRegions(completing))
  await journal.ensure(`roles of account ${name}`, () => ensureRoles(completing))
  await journal.ensure(`throughput and procedures of account ${name}`, () => ensureDatabases(completing))
}

async function ensureSettings({ arm, target, expected }: Completing): Promise<void> {
  const found = await readSettings(arm, await present(arm, target))
  const properties = Object.fromEntries(
    Object.entries(expected.properties).filter(
      ([name, value]) => settable.has(name) && !isDeepStrictEqual(found.properties[name], value),
    ),
  )
  const sameTags = isDeepStrictEqual(found.tags, expected.tags)
  const sameIdentity = isDeepStrictEqual(found.identity, expected.identity)
  if (Object.keys(properties).length === 0 && sameTags && sameIdentity) return
  await changed(arm, 'patch', target, {
    ...(sameTags ? {} : { tags: expected.tags }),
    ...(sameIdentity ? {} : { identity: identityBody(expected.identity) }),
    properties,
  })
}

async function ensureRegions({ arm, target, expected }: Completing): Promise<void> {
  const found = regionsOf(await present(arm, target))
  const missing = expected.regions.filter(({ name }) => !found.some((region) => sameRegion(region.name, name)))
  if (missing.length === 0) return
  await changed(arm, 'patch', target, {
    properties: {
      locations: expected.regions.map(({ name, zoneRedundant }, failoverPriority) => ({
        locationName: name,
        failoverPriority,
        isZoneRedundant: zoneRedundant,
      })),
    },
  })
}

/** Definitions before the assignments that name them; ids below the account are the restored account's own. */
async function ensureRoles({ arm, target, expected }: Completing): Promise<void> {
  const found = await readSettings(arm, await present(arm, target))
  for (const role of expected.roleDefinitions) {
    if (found.roleDefinitions.some((one) => isDeepStrictEqual(one, role))) continue
    const { name, roleName, permissions, scopes } = role
    await changed(arm, 'put', `${target}/sqlRoleDefinitions/${name}`, {
      properties: {
        roleName,
        type: 'CustomRole',
        permissions,
        assignableScopes: scopes.map((scope) => `${target}${scope}`),
      },
    })
  }
  for (const assignment of expected.roleAssignments) {
    if (found.roleAssignments.some((one) => isDeepStrictEqual(one, assignment))) continue
    const { name, role, principalId, scope } = assignment
    await changed(arm, 'put', `${target}/sqlRoleAssignments/${name}`, {
      properties: {
        roleDefinitionId: `${target}/sqlRoleDefinitions/${role}`,
        scope: `${target}${scope}`,
        principalId,
      },
    })
  }
}

async function ensureDatabases({ arm, target, details }: Completing): Promise<void> {
  const found = await readDatabases(arm, target, {})
  for (const database of details.databases) {
    const present = found.find(({ name }) => name === database.name)
    // The comparison tells of what did not come back.
    if (present === undefined) continue
    await ensureThroughput(arm, databasePath(target, database.name), database.throughput, present.throughput)
    await fewAtOnce(database.containers, async (container) => {
      const restored = present.containers.find(({ name }) => name === container.name)
      if (restored === undefined) return
      const path = containerPath(target, { database: database.name, container: container.name })
      await ensureThroughput(arm, path, container.throughput, restored.throughput)
      for (const [kind, scripts] of scriptsOf(container))
        for (const script of scripts) {
          const same = scriptsOf(restored).some(
            ([other, those]) => other === kind && those.some((one) => isDeepStrictEqual(one, script)),
          )
          if (!same) await putScript(arm, `${path}/${kind}/${encodeURIComponent(script.id)}`, script, details.bodies)
        }
    })
  }
}

function scriptsOf(container: ContainerSettings): (readonly [string, readonly Script[]])[] {
  return [
    ['storedProcedures', container.storedProcedures],
    ['triggers', container.triggers],
    ['userDefinedFunctions', container.userDefinedFunctions],
  ]
}

async function putScript(
  arm: ResourceManager,
  path: string,
  { id, body, triggerType, triggerOperation }: Script,
  bodies: Details['bodies'],
): Promise<void> {
  const trigger = triggerType === undefined || triggerOperation === undefined ? {} : { triggerType, triggerOperation }
  await changed(arm, 'put', path, {
    properties: { resource: { id, body: bodies[body] ?? '', ...trigger }, options: {} },
  })
}

/** Manual and autoscale are made each other by a call of its own, which sets a number of its own. */
async function ensureThroughput(
  arm: ResourceManager,
  path: string,
  expected: Throughput | undefined,
  found: Throughput | undefined,
): Promise<void> {
  if (expected === undefined || found === undefined || isDeepStrictEqual(expected, found)) return
  const settings = `${path}/throughputSettings/default`
  const isAutoscale = 'autoscaleMax' in expected
  if (isAutoscale !== 'autoscaleMax' in found)
    await changed(arm, 'post', `${settings}/${isAutoscale ? 'migrateToAutoscale' : 'migrateToManualThroughput'}`)
  const resource: Json = isAutoscale
    ? { autoscaleSettings: { maxThroughput: expected.autoscaleMax } }
    : { throughput: expected.manual }
  await changed(arm, 'put', settings, { properties: { resource } })
}

/** Lets documents expire again, where the containers of the backup let them. */
export async function ensureExpiry({ arm, target, details }: Omit<Completing, 'expected'>): Promise<void> {
  const found = await readDatabases(arm, target, {})
  const containers = details.databases.flatMap((database) =>
    database.containers.map((container) => ({ database: database.name, container })),
  )
  await fewAtOnce(containers, async ({ database, container }) => {
    const { defaultTtl } = container.settings
    const restored = containerIn(found, database, container.name)
    if (restored === undefined || restored.settings['defaultTtl'] === defaultTtl || defaultTtl === undefined) return
    await changed(arm, 'put', containerPath(target, { database, container: container.name }), {
      properties: { resource: { id: container.name, ...restored.settings, defaultTtl }, options: {} },
    })
  })
}

function containerIn(
  databases: readonly DatabaseSettings[],
  database: string,
  name: string,
): ContainerSettings | undefined {
  return databases.find((one) => one.name === database)?.containers.find((one) => one.name === name)
}

async function present(arm: ResourceManager, target: string): Promise<Account> {
  const account = await lookAtAccount(arm, target)
  if (account === undefined) throw new Error(`account ${target} is gone`)
  return account
}
