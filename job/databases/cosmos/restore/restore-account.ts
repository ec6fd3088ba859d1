import { Failure } from '../../../../operation/failure.ts'
import {
  lookAtOperation,
  operationOf,
  operationSchema,
  until,
  type LongOperation,
} from '../../../azure/long-operation.ts'
import { AzureRefusal, isAbsent, type Json } from '../../../azure/resource-manager.ts'
import type { Journal, OpenStep } from '../../../journal/journal.ts'
import { lookAtAccount, partsOf, sameRegion, type Account } from '../account/account.ts'
import type { Past } from '../account/restorable-account.ts'
import { parseAzureTime } from '../azure-time.ts'
import type { RestoreWork } from './restore-work.ts'
import { sourceRegion } from './source.ts'

/** The step of the journal with which a restore begins to make something. */
export function restoreStep({ target }: Pick<RestoreWork, 'target'>): string {
  return `restore to account ${partsOf(target).name}`
}

/** How long an account that was asked for may take to be seen, ms. */
const appearanceMs = 300_000
/** Time between two looks that wait for it, ms. */
const lookMs = 1_000

/** What a restored account must have from its first moment on, so that what it holds is never open to others. */
const fromTheFirstMoment = [
  'publicNetworkAccess',
  'ipRules',
  'isVirtualNetworkFilterEnabled',
  'virtualNetworkRules',
  'networkAclBypass',
  'networkAclBypassResourceIds',
  'disableLocalAuth',
  'disableKeyBasedMetadataWriteAccess',
  'minimalTlsVersion',
  'keyVaultKeyUri',
  'defaultIdentity',
]

/**
 * The account of this restore, made as far as it is not: by the operation that an earlier worker began, by the account
 * that it left, or by a call. Whose an account of that name is, its restore parameters tell.
 * @param mostMs how long an account that was asked for may take to be seen
 * @throws Failure where the name is somebody else's, or the restore failed
 */
export async function ensureRestored(
  work: RestoreWork,
  past: Past,
  journal: Journal,
  mostMs = appearanceMs,
): Promise<void> {
  const serving = (begun: Begun) => untilServing(work, past, { ...begun, mostMs })
  await journal.once(restoreStep(work), async (step) => {
    const noted = operationSchema.safeParse(step.noted).data
    if (noted !== undefined) return await serving({ operation: noted })
    if ((await ownAccount(work, past)) !== undefined) return await serving({})
    const begun = await begin(work, past, step)
    if (begun.operation !== undefined) await step.note(begun.operation)
    return await serving(begun)
  })
}

/** What is known of an account that was asked for. */
interface Begun {
  operation?: LongOperation | undefined
  /** its name is taken: by this restore's own earlier call, or by somebody else's account */
  taken?: AzureRefusal
}

/** @throws Failure where the name is taken and no earlier call can have taken it */
async function begin({ arm, target, ...work }: RestoreWork, past: Past, { begunBefore }: OpenStep): Promise<Begun> {
  try {
    return { operation: operationOf(await arm.call('put', target, creation(work, past)), arm.endpoint) }
  } catch (error) {
    if (!(error instanceof AzureRefusal && /already exists|conflict/i.test(`${error.code} ${error.message}`)))
      throw error
    // The answer to an earlier call may have been lost: then the name is our own.
    if (begunBefore || error.mayHaveActed) return { taken: error }
    throw nameTaken(target, error)
  }
}

function creation(
  { details, region, isMoved, point }: Pick<RestoreWork, 'details' | 'region' | 'isMoved' | 'point'>,
  past: Past,
): Json {
  const { settings } = details
  const source = sourceRegion({ details, region }, past)
  const secured = fromTheFirstMoment.flatMap((name) => {
    const value = settings.properties[name]
    return value === undefined || value === null ? [] : [[name, value] as const]
  })
  const [written] = settings.regions
  return {
    location: region,
    kind: 'GlobalDocumentDB',
    tags: settings.tags,
    ...(settings.identity.type === 'None' ? {} : { identity: identityBody(settings.identity) }),
    properties: {
      databaseAccountOfferType: 'Standard',
      createMode: 'Restore',
      locations: [
        { locationName: region, failoverPriority: 0, isZoneRedundant: !isMoved && written?.zoneRedundant === true },
      ],
      ...Object.fromEntries(secured),
      restoreParameters: {
        restoreMode: 'PointInTime',
        restoreSource: past.id,
        restoreTimestampInUtc: point.toISOString(),
        // Documents would go on expiring while they are compared.
        restoreWithTtlDisabled: true,
        ...(sameRegion(source, region) ? {} : { sourceBackupLocation: source }),
      },
    },
  }
}

/** An account's managed identities as they are asked for. */
export function identityBody({ type, userAssigned }: { type: string; userAssigned: readonly string[] }): Json {
  return {
    type,
    ...(userAssigned.length === 0
      ? {}
      : { userAssignedIdentities: Object.fromEntries(userAssigned.map((id) => [id, {}])) }),
  }
}

/** Waits until the account serves. The operation tells why it failed; where it is forgotten, the account tells. */
async function untilServing(
  work: RestoreWork,
  past: Past,
  { operation, taken, mostMs }: Begun & { mostMs: number },
): Promise<string> {
  const { arm, target } = work
  if (operation !== undefined) await untilOver(work, operation)
  const sinceMs = performance.now()
  await until<true>(async () => {
    const account = await ownAccount(work, past)
    if (account === undefined) {
      if (performance.now() - sinceMs < mostMs) return { waitMs: lookMs }
      if (taken !== undefined) throw nameTaken(target, taken)
      throw failed(target, 'the account that was asked for is not there', 'run the restore again')
    }
    const state = account.properties.provisioningState ?? 'Succeeded'
    if (/^(failed|canceled)$/i.test(state))
      throw failed(
        target,
        `its provisioning state is ${state}`,
        'undo this restore, which removes it, and restore again',
      )
    return /^succeeded$/i.test(state) ? { done: true } : { waitMs: undefined }
  }, arm.signal)
  return target
}

async function untilOver({ arm, target }: RestoreWork, operation: LongOperation): Promise<void> {
  try {
    await until(async () => await lookAtOperation(arm, operation), arm.signal)
  } catch (error) {
    if (!(error instanceof AzureRefusal)) throw error
    // Forgotten, or its signature is too old: the account is asked.
    if (isAbsent(error) || error.status === 403) return
    throw failed(
      target,
      `${error.code}: ${error.message}`,
      'undo this restore, which removes what it left, and restore again',
    )
  }
}

/**
 * The account of this restore; undefined where there is none of its name.
 * @throws Failure where an account of that name is not this restore's
 */
export async function ownAccount(
  { arm, target, point }: Pick<RestoreWork, 'arm' | 'target' | 'point'>,
  { id }: Pick<Past, 'id'>,
): Promise<Account | undefined> {
  const account = await lookAtAccount(arm, target)
  if (account === undefined || isOwn(account, id, point)) return account
  throw new Failure({
    what: `nothing is restored to account ${partsOf(target).name}`,
    why: 'an account of that name is there, and its restore parameters say that it is not of this restore',
    next: 'look whose it is; another restore makes an account of another name',
  })
}

/** Whether an account was restored from that source and moment: the service keeps both for as long as it is there. */
export function isOwn({ properties }: Account, source: string, point: Date): boolean {
  const { restoreSource = '', restoreTimestampInUtc } = properties.restoreParameters ?? {}
  return (
    properties.createMode === 'Restore' &&
    restoreSource.toLowerCase() === source.toLowerCase() &&
    parseAzureTime(restoreTimestampInUtc) === point.getTime()
  )
}

/** Names are unique in all of Azure: accounts that no identity of ours can see have theirs too. */
function nameTaken(target: string, { message }: AzureRefusal): Failure {
  const { name, resourceGroup } = partsOf(target)
  return new Failure({
    what: `nothing is restored to account ${name}`,
    why: `resource group ${resourceGroup} has no account of that name, but somebody else in Azure has: ${message}`,
    next: 'restore again: another restore makes an account of another name',
  })
}

function failed(target: string, why: string, next: string): Failure {
  return new Failure({ what: `account ${partsOf(target).name} could not be restored`, why, next })
}
