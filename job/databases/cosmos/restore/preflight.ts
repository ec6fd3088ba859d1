import type { Finding } from '../../../../operation/finding.ts'
import { azureFailure } from '../../../azure/azure-failure.ts'
import { findingOf } from '../../errors.ts'
import { checkPoint } from '../../point-in-time/check-point.ts'
import { outsideWindow } from '../../point-in-time/recovery-window.ts'
import { lookAtAccount, partsOf, sameRegion } from '../account/account.ts'
import type { Past } from '../account/restorable-account.ts'
import { missingRights } from '../../../azure/rights.ts'
import { backupActions, indexAction, restoreActions } from '../rights-needed.ts'
import type { AccountRepointing } from './account-repointing.ts'
import { broughtBack, type BroughtBack } from './brought-back.ts'
import { checkSchemaLoader } from './repair-schema.ts'
import { ownAccount } from './restore-account.ts'
import type { RestoreWork } from './restore-work.ts'
import { contentsOf, sourcePast, sourceRegion } from './source.ts'

/** Whether the restore can be done, before anything is made. */
export async function preflight(work: RestoreWork, repointing: AccountRepointing): Promise<Finding[]> {
  const { title, choice, context } = work
  try {
    const past = await sourcePast(work)
    const point = checkPoint(work, 'Cosmos DB')
    const when = [...point, ...(isRefused(point) ? [] : [checkWindow(work, past)])]
    const rights = await checkRights(work)
    return [
      ...when,
      ...(past === undefined ? [] : [checkRegion(work, past), await checkTarget(work, past)]),
      ...(past === undefined || isRefused([...when, rights])
        ? []
        : checkContents(work, broughtBack(work, await contentsOf(work, past)))),
      rights,
      ...(await checkRepoint(work, repointing)),
      ...(await checkSchemaLoader(work)),
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
    return [findingOf('account', title, azureFailure('the preflight failed', error))]
  }
}

function isRefused(findings: readonly Finding[]): boolean {
  return findings.some(({ outcome }) => outcome === 'error')
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

function checkRegion(work: RestoreWork, past: Past): Finding {
  const { title, region } = work
  const check = { check: 'region', subject: title }
  const source = sourceRegion(work, past)
  if (sameRegion(source, region)) return { ...check, outcome: 'ok', message: region }
  return {
    ...check,
    outcome: 'warning',
    message: `no backup is kept in ${region}; that of ${source} is copied first, which takes longer and costs more`,
    cure: `restore with --region '${source}'`,
  }
}

/** What of the record does not come back, and what comes back that is not in it. */
function checkContents({ title, point }: RestoreWork, { missing, unrecorded }: BroughtBack): Finding[] {
  const check = { check: 'contents', subject: title, outcome: 'warning' as const }
  const at = point.toISOString()
  return [
    ...(missing.length === 0
      ? []
      : [
          {
            ...check,
            message: `of the backup's containers Azure had none at ${at} of: ${missing.join(', ')}`,
            cure: 'choose the point of a backup that was made when they were there, if they are needed',
          },
        ]),
    ...(unrecorded.length === 0
      ? []
      : [
          {
            ...check,
            message: `the backup has nothing of what Azure had at ${at}: ${unrecorded.join(', ')}`,
            cure: 'they lack their procedures: restore with --schema-loader-image, whose --repair-all makes them',
          },
        ]),
  ]
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
  const missing = await missingRights(arm, group, [...backupActions, ...restoreActions, indexAction])
  const cure = 'assign the roles of docs/databases/cosmos.md'
  if (missing === undefined)
    return {
      ...check,
      outcome: 'warning',
      message: 'the identity may not ask for its own rights, so one that is missing shows later',
      cure: 'allow Microsoft.Authorization/permissions/read',
    }
  const needed = missing.filter((action) => action !== indexAction)
  if (needed.length > 0) return { ...check, outcome: 'error', message: `missing: ${needed.join(', ')}`, cure }
  if (missing.length > 0)
    return {
      ...check,
      outcome: 'warning',
      message: `missing: ${indexAction}, so the restore does not see whether indexes are still built`,
      cure,
    }
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
