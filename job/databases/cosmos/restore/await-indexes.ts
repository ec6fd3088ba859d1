import { CosmosClient } from '@azure/cosmos'
import * as z from 'zod'
import { isDenied } from '../../../azure/azure-failure.ts'
import { until } from '../../../azure/long-operation.ts'
import { firstLine, type ResourceManager } from '../../../azure/resource-manager.ts'
import type { Events } from '../../../process/events.ts'
import { partProgress } from '../../point-in-time/progress.ts'
import { titleOfContainer } from '../backup/restorable-containers.ts'
import type { ContainerName } from '../account/read-databases.ts'
import { indexAction } from '../rights-needed.ts'

const keysSchema = z.object({ primaryReadonlyMasterKey: z.string() })

/** Percent of a change of indexes (Azure Cosmos DB: indexing policies, "Modifying the indexing policy"). */
const progressHeader = 'x-ms-documentdb-collection-index-transformation-progress'

/** How long the data plane of a new account may be out of reach, ms: its name has to become known first. */
const reachMs = 60_000
/** What one look may take, ms. */
const lookMs = 10_000

interface Waiting {
  arm: ResourceManager
  /** id of the account, and where its data plane is */
  target: string
  endpoint: string
  containers: readonly ContainerName[]
  events: Events
  signal: AbortSignal
}

/**
 * Waits until the indexes of restored containers are built: before, queries that need them are slow or refused. The
 * data plane alone tells how far they are; it is asked with a key that only reads, and that nothing keeps.
 * @returns why it is not known whether they are built; undefined where they are
 * @throws the signal's reason
 */
export async function untilIndexed(waiting: Waiting): Promise<string | undefined> {
  const { arm, target, endpoint, containers, events, signal } = waiting
  const key = await readingKey(arm, target)
  if (key === undefined) return `the identity may not read keys that only read (${indexAction})`
  const client = new CosmosClient({
    endpoint,
    key,
    connectionPolicy: { enableEndpointDiscovery: false, requestTimeout: lookMs },
  })
  const titles = containers.map(titleOfContainer)
  const progress = partProgress(events, new Map(titles.map((title) => [title, 0])), 'containers')
  try {
    for (const [index, title] of titles.entries()) {
      const { database = '', container = '' } = containers[index] ?? {}
      const read = async () => percentIn(await client.database(database).container(container).read(withProgress))
      await until<true>(async () => {
        const percent = await patiently(read, signal)
        if (percent >= 100) return { done: true }
        progress.enter(title, 'having its indexes built')
        return { waitMs: undefined }
      }, signal)
      progress.done(title)
    }
    return undefined
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof Error && 'code' in error)) throw error
    return `the endpoint of the account does not tell: ${firstLine(error.message) ?? error.name}`
  } finally {
    progress.end()
    client.dispose()
  }
}

const withProgress = { populateQuotaInfo: true }

/** A container whose indexes nobody changes is told of without any percentage. */
function percentIn({ headers }: { headers: Record<string, unknown> }): number {
  const percent = Number(headers[progressHeader] ?? 100)
  return Number.isNaN(percent) ? 100 : percent
}

/** Looks again for a while where there is no answer; what refuses is told at once. */
async function patiently<T>(look: () => Promise<T>, signal: AbortSignal): Promise<T> {
  const sinceMs = performance.now()
  return await until(async () => {
    try {
      return { done: await look() }
    } catch (error) {
      signal.throwIfAborted()
      if (refuses(error) || performance.now() - sinceMs > reachMs) throw error
      return { waitMs: undefined }
    }
  }, signal)
}

/** Whether the data plane answered, and will not answer otherwise. */
function refuses(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'number' && code >= 400 && code < 500 && ![408, 410, 429, 449].includes(code)
}

/** A key that reads and cannot write; undefined where the identity may not have it. */
async function readingKey(arm: ResourceManager, target: string): Promise<string | undefined> {
  try {
    const { body } = await arm.call('post', `${target}/readonlyKeys`)
    return keysSchema.parse(body).primaryReadonlyMasterKey
  } catch (error) {
    if (isDenied(error)) return undefined
    throw error
  }
}
