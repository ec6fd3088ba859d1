import type { Finding } from '../../../../operation/finding.ts'
import { azureFailure } from '../../../azure/azure-failure.ts'
import { checkPoint } from '../../point-in-time/check-point.ts'
import { outsideWindow } from '../../point-in-time/recovery-window.ts'
import { lookAtAccount, partsOf, sameRegion } from '../account/account.ts'
import { pastOf, type Past } from '../account/restorable-account.ts'
import { missingRights } from '../account/rights.ts'
import { backupActions, restoreActions } from '../rights-needed.ts'
import type { AccountRepointing } from './account-repointing.ts'
import { ownAccount } from './restore-account.ts'
import type { RestoreWork } from './restore-work.ts'

/** What the service keeps of the account that was backed up, be that still there or not. */
export async function sourcePast({
  arm,
  details: { id, instanceId, settings },
}: RestoreWork): Promise<Past | undefined> {
  return await pastOf(arm, { id, instanceId, regions: settings.regions.map(({ name }) => name) })
}

/** Whether the restore can be done, before anything is made. */
export async function preflight(work: RestoreWork, repointing: AccountRepointing): Promise<Finding[]> {
  const { title, choice, context } = work
  try {
    const past = await sourcePast(work)
    const point = checkPoint(work, 'Cosmos DB')
    const named = point.some(({ outcome }) => outcome === 'error')
    return [
      ...point,
      ...(named ? [] : [checkWindow(work, past)]),
      ...(past === undefined ? [] : [checkRegion(work, past), await checkTarget(work, past)]),
      await checkRights(work),
      ...(await checkRepoint(work, repointing)),
      ...(context.dropPrevious === true
        ? [
            {
              check: 'former account',
              subject: title,
              outcome: 'error' as const,
              message: 'the former account is never deleted by a restore',
              cure: 'omit --drop-previous; once nobody needs it: kubectl scalardl restore RESTORE --drop-previous',
            },
          ]
        : []),
      ...(choice.kmsKey === undefined
        ? []
        : [
            {
              check: 'encryption',
              subject: title,
              outcome: 'error' as const,
              message: 'the restored account is encrypted as the former was',
              cure: 'omit --kms-key',
            },
          ]),
    ]
  } catch (error) {
    context.signal.throwIfAborted()
    const { what, why, next } = azureFailure('the preflight failed', error)
    return [{ check: 'account', subject: title, outcome: 'error', message: `${what}: ${why}`, cure: next }]
  }
}

function checkWindow({ title, details, point }: RestoreWork, past: Past | undefined): Finding {
  const check = { check: 'recovery window', subject: title }
  const { name } = partsOf(details.id)
  if (past === undefined)
    return {
      ...check,
      outcome: 'error',
      message: `Azure keeps nothing of the account ${name} that was backed up (instance ${details.instanceId})`,
      cure: 'choose a newer backup: the past of a deleted account is kept as long as its tier says',
    }
  const outside = outsideWindow(point, name, past.window)
  if (outside !== undefined)
    return { ...check, outcome: 'error', message: outside.why, cure: 'choose a time within it, or a newer backup' }
  return { ...check, outcome: 'ok', message: `${name} can be brought back as of ${point.toISOString()}` }
}

function checkRegion({ title, region, details }: RestoreWork, past: Past): Finding {
  const check = { check: 'region', subject: title }
  const had = [...past.regions, ...details.settings.regions.map(({ name }) => name)]
  const [written = region] = details.settings.regions.map(({ name }) => name)
  if (past.regions.length > 0 && !past.regions.some((one) => sameRegion(one, written)))
    return {
      ...check,
      outcome: 'error',
      message: `no backup is kept in ${written}; there are some in ${past.regions.join(', ')}`,
      cure: `restore with --region ${past.regions[0]}`,
    }
  return had.some((one) => sameRegion(one, region))
    ? { ...check, outcome: 'ok', message: region }
    : {
        ...check,
        outcome: 'warning',
        message:
          `the account never was in ${region}: its backup is copied there first, ` +
          'which takes longer and costs more',
        cure: `restore without --region, into ${written}`,
      }
}

/** The name of the account that is made is free, or has what an earlier worker of this restore made. */
async function checkTarget(work: RestoreWork, past: Past): Promise<Finding> {
  const { name } = partsOf(work.target)
  const check = { check: 'account to be made', subject: work.title }
  const taken = await ownAccount(work, past).then(
    () => undefined,
    (error: unknown) => azureFailure('the name cannot be looked at', error),
  )
  if (taken === undefined) return { ...check, outcome: 'ok', message: name }
  return { ...check, outcome: 'error', message: taken.why, cure: taken.next }
}

async function checkRights({ arm, title, details }: RestoreWork): Promise<Finding> {
  const check = { check: 'rights at Azure', subject: title }
  const group = details.id.slice(0, details.id.indexOf('/providers/'))
  const missing = await missingRights(arm, group, [...backupActions, ...restoreActions])
  const cure = 'assign the roles of docs/databases/cosmos.md'
  if (missing === undefined)
    return {
      ...check,
      outcome: 'warning',
      message: 'the identity may not ask for its own rights, so one that is missing shows later',
      cure: 'allow Microsoft.Authorization/permissions/read',
    }
  if (missing.length > 0) return { ...check, outcome: 'error', message: `missing: ${missing.join(', ')}`, cure }
  return { ...check, outcome: 'ok', message: 'all are there' }
}

/** Shown, or whether the worker may do it. */
async function checkRepoint({ title, choice }: RestoreWork, repointing: AccountRepointing): Promise<Finding[]> {
  if (choice.repoint !== 'print') return await repointing.checkRights()
  const message = 'shown once the account is whole; the releases serve on'
  return [{ check: 'pointing the releases', subject: title, outcome: 'ok', message }]
}

/** Whether the former account is still there. */
export async function formerIsThere({ lasting, details }: RestoreWork): Promise<boolean> {
  const account = await lookAtAccount(lasting, details.id)
  return account?.properties.instanceId === details.instanceId
}
