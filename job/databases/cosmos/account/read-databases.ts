import { createHash } from 'node:crypto'
import * as z from 'zod'
import { AzureRefusal, type Json, type ResourceManager } from '../../../azure/resource-manager.ts'
import type { ContainerSettings, DatabaseSettings, Script, Throughput } from '../details.ts'
import { fewAtOnce } from '../../../azure/few-at-once.ts'

const resourceSchema = z.object({ properties: z.object({ resource: z.object({ id: z.string() }).catchall(z.json()) }) })

const throughputSchema = z.object({
  properties: z.object({
    resource: z.object({
      throughput: z.int().optional(),
      autoscaleSettings: z.object({ maxThroughput: z.int() }).nullish(),
    }),
  }),
})

/** What the service adds to a resource: it differs in every account. */
const systemProperties = new Set([
  '_rid',
  '_ts',
  '_etag',
  '_self',
  '_colls',
  '_users',
  '_docs',
  '_sprocs',
  '_triggers',
  '_udfs',
  '_conflicts',
  'statistics',
  'createMode',
  'restoreParameters',
])

/** A container by its database and its own name. */
export interface ContainerName {
  database: string
  container: string
}

export function databasePath(account: string, database: string): string {
  return `${account}/sqlDatabases/${encodeURIComponent(database)}`
}

export function containerPath(account: string, { database, container }: ContainerName): string {
  return `${databasePath(account, database)}/containers/${encodeURIComponent(container)}`
}

/** The names of all containers of an account, in the order of their names. */
export async function listContainers(arm: ResourceManager, account: string): Promise<ContainerName[]> {
  const found = await listContainersOf(arm, account, await namesIn(arm, `${account}/sqlDatabases`))
  return found.map(({ database, container }) => ({ database, container }))
}

/** All databases of an account with their containers and scripts. @param bodies gets the bodies by their SHA-256 */
export async function readDatabases(
  arm: ResourceManager,
  account: string,
  bodies: Record<string, string>,
): Promise<DatabaseSettings[]> {
  const names = await namesIn(arm, `${account}/sqlDatabases`)
  const containers = await listContainersOf(arm, account, names)
  const read = await fewAtOnce(containers, async (one) => ({
    database: one.database,
    settings: await readContainer(arm, account, one, bodies),
  }))
  return await fewAtOnce(names, async (name) => ({
    name,
    ...(await throughputOf(arm, databasePath(account, name))),
    containers: read.flatMap(({ database, settings }) => (database === name ? [settings] : [])),
  }))
}

async function listContainersOf(
  arm: ResourceManager,
  account: string,
  databases: readonly string[],
): Promise<(ContainerName & { settings: Record<string, Json> })[]> {
  const each = await fewAtOnce(databases, async (database) => {
    const found = await resourcesIn(arm, `${databasePath(account, database)}/containers`)
    return found.map(({ id, ...settings }) => ({ database, container: id, settings }))
  })
  return each.flat()
}

async function readContainer(
  arm: ResourceManager,
  account: string,
  { database, container, settings }: ContainerName & { settings: Record<string, Json> },
  bodies: Record<string, string>,
): Promise<ContainerSettings> {
  const path = containerPath(account, { database, container })
  const scripts = async (kind: string) =>
    (await resourcesIn(arm, `${path}/${kind}`)).map((resource) => keptScript(resource, bodies))
  return {
    name: container,
    settings,
    ...(await throughputOf(arm, path)),
    storedProcedures: await scripts('storedProcedures'),
    triggers: await scripts('triggers'),
    userDefinedFunctions: await scripts('userDefinedFunctions'),
  }
}

function keptScript({ id, body, triggerType, triggerOperation }: Resource, bodies: Record<string, string>): Script {
  const text = typeof body === 'string' ? body : ''
  const hash = createHash('sha256').update(text).digest('hex')
  bodies[hash] = text
  return {
    id,
    body: hash,
    ...(typeof triggerType === 'string' ? { triggerType } : {}),
    ...(typeof triggerOperation === 'string' ? { triggerOperation } : {}),
  }
}

/**
 * Throughput of its own. Where there is none the service says that there is no such resource, and of an account without
 * servers that it has none at all.
 */
async function throughputOf(arm: ResourceManager, path: string): Promise<{ throughput?: Throughput }> {
  const told = await arm.find(`${path}/throughputSettings/default`).catch((error: unknown) => {
    if (error instanceof AzureRefusal && /serverless/i.test(error.message)) return undefined
    throw error
  })
  const { throughput, autoscaleSettings } = throughputSchema.safeParse(told).data?.properties.resource ?? {}
  if (autoscaleSettings !== undefined && autoscaleSettings !== null)
    return { throughput: { autoscaleMax: autoscaleSettings.maxThroughput } }
  return throughput === undefined ? {} : { throughput: { manual: throughput } }
}

type Resource = { id: string } & Record<string, Json>

async function resourcesIn(arm: ResourceManager, path: string): Promise<Resource[]> {
  const listed = await arm.list(path)
  return listed
    .flatMap((one) => resourceSchema.safeParse(one).data?.properties.resource ?? [])
    .map(
      (resource) =>
        Object.fromEntries(Object.entries(resource).filter(([name]) => !systemProperties.has(name))) as Resource,
    )
    .sort((a, b) => (a.id < b.id ? -1 : 1))
}

async function namesIn(arm: ResourceManager, path: string): Promise<string[]> {
  return (await resourcesIn(arm, path)).map(({ id }) => id)
}
