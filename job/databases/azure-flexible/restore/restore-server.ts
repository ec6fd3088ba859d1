import * as z from 'zod'
import { Failure } from '../../../../operation/failure.ts'
import {
  lookAtOperation,
  operationOf,
  operationSchema,
  until,
  type LongOperation,
} from '../../../azure/long-operation.ts'
import { AzureRefusal, isAbsent, type Json, type ResourceManager } from '../../../azure/resource-manager.ts'
import type { Journal, OpenStep } from '../../../journal/journal.ts'
import { lookAtServer, partsOf, type FlexibleServer } from '../servers/server.ts'
import { ownSettings } from '../servers/settings.ts'
import type { RestoreWork } from './restore-work.ts'

/** The tag that says which restore a server is of. Names of Azure's tags have no slash. */
export const restoreTag = 'kubectl-scalardl.dev-restore'

/** How long a server that was asked for may take to be seen, ms. */
const appearanceMs = 300_000
/** Time between two looks that wait for it, ms. */
const lookMs = 1_000

/** The step of the journal with which a restore begins to make something. */
export function restoreStep({ target }: Pick<RestoreWork, 'target'>): string {
  return `restore to server ${partsOf(target).name}`
}

/**
 * The server of this restore, made as far as it is not: by the operation that an earlier worker began, by the server
 * that it left, or by a call. Whose a server of that name is, its tags tell.
 * @param mostMs how long a server that was asked for may take to be seen
 * @throws Failure where the name is somebody else's, or the restore failed
 */
export async function ensureRestored(work: RestoreWork, journal: Journal, mostMs = appearanceMs): Promise<void> {
  const serving = async (begun: Begun) => {
    await untilMade(work, begun, mostMs)
    return work.target
  }
  await journal.once(restoreStep(work), async (step) => {
    const noted = operationSchema.safeParse(step.noted).data
    if (noted !== undefined) return await serving({ operation: noted })
    if ((await ownServer(work)) !== undefined) return await serving({})
    const begun = await begin(work, step)
    if (begun.operation !== undefined) await step.note(begun.operation)
    return await serving(begun)
  })
}

/** What is known of a server that was asked for. */
interface Begun {
  operation?: LongOperation | undefined
  /** its name is taken: by this restore's own earlier call, or by somebody else's server */
  taken?: AzureRefusal
}

/** @throws Failure where the name is taken and no earlier call can have taken it */
async function begin(work: RestoreWork, { begunBefore }: OpenStep): Promise<Begun> {
  const { arm, target } = work
  try {
    return { operation: operationOf(await arm.call('put', target, await creation(work)), arm.endpoint) }
  } catch (error) {
    if (
      !(error instanceof AzureRefusal && /already (used|exists)|AlreadyExists/i.test(`${error.code} ${error.message}`))
    )
      throw error
    // The answer to an earlier call may have been lost: then the name is our own.
    if (begunBefore || error.mayHaveActed) return { taken: error }
    throw nameTaken(target, error)
  }
}

/** Networks, keys and identities are there from the first moment, so that what it holds is never open to others. */
async function creation({ arm, details, point, context, service }: RestoreWork): Promise<Json> {
  const { id, settings } = details
  const { network = {}, dataEncryption = {} } = settings.groups
  const { identity, availabilityZone, tags, location } = settings
  const source = await lookAtServer(arm, id)
  const storage = source === undefined ? undefined : ownSettings(service, source).groups['storage']
  const storageSizeGB = Number(storage?.['storageSizeGB'] ?? 0)
  const userAssigned = identity.userAssigned.map((user) => [user, {}] as const)
  const isOwnKey = dataEncryption['type'] !== undefined && dataEncryption['type'] !== 'SystemManaged'
  return {
    location,
    tags: { ...tags, [restoreTag]: context.operation },
    ...(identity.type === 'None'
      ? {}
      : {
          identity: {
            type: identity.type,
            ...(userAssigned.length === 0 ? {} : { userAssignedIdentities: Object.fromEntries(userAssigned) }),
          },
        }),
    properties: {
      createMode: 'PointInTimeRestore',
      sourceServerResourceId: id,
      ...service.restored(settings, { at: point.toISOString(), storageSizeGB }),
      network,
      ...(isOwnKey ? { dataEncryption } : {}),
      ...(availabilityZone === undefined ? {} : { availabilityZone }),
    },
  }
}

/** Waits until the server serves. The operation tells why it failed; where it is forgotten, the server tells. */
async function untilMade(work: RestoreWork, { operation, taken }: Begun, mostMs: number): Promise<void> {
  const { arm, target } = work
  if (operation !== undefined) await untilOver(work, operation)
  const sinceMs = performance.now()
  await until<true>(async () => {
    if ((await ownServer(work)) !== undefined) return { done: true }
    if (performance.now() - sinceMs < mostMs) return { waitMs: lookMs }
    if (taken !== undefined) throw nameTaken(target, taken)
    throw failed(target, 'the server that was asked for is not there', 'undo this restore, and restore again')
  }, arm.signal)
  await untilReady(work)
}

async function untilOver({ arm, target }: RestoreWork, operation: LongOperation): Promise<void> {
  try {
    await until(async () => await lookAtOperation(arm, operation), arm.signal)
  } catch (error) {
    if (!(error instanceof AzureRefusal)) throw error
    // Forgotten, or its signature is too old: the server is asked.
    if (isAbsent(error) || error.status === 403) return
    const next = 'undo this restore, which removes what it left, see to the cause, and restore again'
    throw failed(target, `${error.code}: ${error.message}`, next)
  }
}

/** Waits until the server serves. @throws Failure where somebody deleted it, or it never will */
export async function untilReady(work: RestoreWork): Promise<FlexibleServer> {
  const { arm, target } = work
  return await until(async () => {
    const one = await ownServer(work)
    if (one === undefined) throw failed(target, 'somebody deleted it', 'undo this restore, and restore again')
    const state = one.properties.state ?? 'Ready'
    if (/^(disabled|dropping|inaccessible|stopped|failed)$/i.test(state))
      throw failed(target, `it is ${state}`, 'undo this restore, which removes it, see to the cause, and restore again')
    return /^ready$/i.test(state) ? { done: one } : { waitMs: undefined }
  }, arm.signal)
}

/**
 * The server of this restore; undefined where there is none of its name.
 * @throws Failure where a server of that name is not this restore's
 */
export async function ownServer({
  arm,
  target,
  context,
}: Pick<RestoreWork, 'arm' | 'target' | 'context'>): Promise<FlexibleServer | undefined> {
  const one = await lookAtServer(arm, target)
  if (one === undefined || isOwn(one, context.operation)) return one
  throw new Failure({
    what: `nothing is restored to server ${partsOf(target).name}`,
    why: 'a server of that name is there, and its tags say that it is not of this restore',
    next: 'look whose it is; another restore makes a server of another name',
  })
}

/** Whether a server was made by that restore. */
export function isOwn({ tags }: FlexibleServer, operation: string): boolean {
  return tags?.[restoreTag] === operation
}

/** Names are unique in all of Azure: servers that no identity of ours can see have theirs too. */
export function nameTaken(target: string, { message }: { message: string }): Failure {
  const { name, resourceGroup } = partsOf(target)
  return new Failure({
    what: `nothing is restored to server ${name}`,
    why: `resource group ${resourceGroup} has no server of that name, but somebody else in Azure has: ${message}`,
    next: 'restore again: another restore makes a server of another name',
  })
}

const availabilitySchema = z.object({ nameAvailable: z.boolean(), message: z.string().nullish() })

/** Why the name of the server that is made is not free; undefined where it is. Azure tells of servers not seen yet. */
export async function whyTaken(
  { details, service, target }: RestoreWork,
  arm: ResourceManager,
): Promise<string | undefined> {
  const { name, subscription } = partsOf(target)
  const [provider] = service.type.split('/')
  const place = details.settings.location.toLowerCase().replaceAll(' ', '')
  const asked = `/subscriptions/${subscription}/providers/${provider}/locations/${place}/checkNameAvailability`
  const { body } = await arm.call('post', asked, { name, type: service.type })
  const { nameAvailable, message } = availabilitySchema.parse(body)
  return nameAvailable ? undefined : message || 'it is not available'
}

/**
 * Waits until what this restore asked for is to be seen, or there is nothing of its name: what was accepted a moment
 * ago is not told of yet, and would be left behind.
 * @throws Failure where it does not show itself in time, or the operation was told to stop
 */
export async function untilSeen(work: RestoreWork, mostMs = appearanceMs): Promise<void> {
  const { context, lasting, target } = work
  const sinceMs = performance.now()
  await until<true>(async () => {
    if ((await lookAtServer(lasting, target)) !== undefined) return { done: true }
    if ((await whyTaken(work, lasting)) === undefined) return { done: true }
    if (context.signal.aborted || performance.now() - sinceMs > mostMs) throw stillMade(target)
    return { waitMs: lookMs }
  }, undefined)
}

/** For a server that cannot be removed yet. */
export function stillMade(target: string): Failure {
  return new Failure({
    what: `server ${partsOf(target).name} is not removed yet`,
    why: 'Azure is still making it',
    next: 'undo the restore once it is there: kubectl scalardl restore RESTORE --undo',
  })
}

function failed(target: string, why: string, next: string): Failure {
  return new Failure({ what: `server ${partsOf(target).name} could not be restored`, why, next })
}
