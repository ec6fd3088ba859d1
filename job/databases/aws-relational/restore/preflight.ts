import type { Finding } from '../../../../operation/finding.ts'
import { findingOf } from '../../errors.ts'
import { checkSwitchChoice } from '../../managed-server/check-switch-choice.ts'
import { checkPoint } from '../../point-in-time/check-point.ts'
import { outsideWindow } from '../../point-in-time/recovery-window.ts'
import type { ServerRepointing } from '../../managed-server/server-repointing.ts'
import { accountOf, type Past } from '../past.ts'
import { deniedAction, isDenied, rdsFailure, roleCure } from '../rds-failure.ts'
import type { Kept } from '../relational-kind.ts'
import { checkPlace } from './check-place.ts'
import { ownOne, ownTag } from './ownership.ts'
import type { RestoreWork } from './restore-work.ts'

/** Whether the restore can be done, before anything is made. */
export async function preflight<One extends Kept, Settings>(
  work: RestoreWork<One, Settings>,
  repointing: ServerRepointing,
): Promise<Finding[]> {
  const { kind, client, context, details, target, title } = work
  try {
    const past = await kind.pastOf(client, details.resourceId)
    const point = checkPoint(work, kind.serviceTitle)
    const found = await kind.look(client, details.source)
    const source = found?.resourceId === details.resourceId ? found : undefined
    const isMade = (await kind.look(client, target)) !== undefined
    const isNamed = point.every(({ outcome }) => outcome !== 'error')
    return [
      ...point,
      ...(isNamed ? [checkWindow(work, past, source)] : []),
      await checkTarget(work),
      ...(await checkSource(work, past, source)),
      ...(await checkPlace(work, source, isMade)),
      ...(await checkSwitchChoice(work, repointing, kind.noun, {
        message: `the former ${kind.noun} is never deleted by a restore`,
        cure: 'omit --drop-previous; once nobody needs it: kubectl scalardl restore RESTORE --drop-previous',
      })),
    ]
  } catch (error) {
    context.signal.throwIfAborted()
    return [findingOf(kind.noun, title, rdsFailure('the preflight failed', error))]
  }
}

function checkWindow<One extends Kept, Settings>(
  { kind, title, details, point }: RestoreWork<One, Settings>,
  past: Past | undefined,
  source: One | undefined,
): Finding {
  const check = { check: 'recovery window', subject: title }
  const { source: name, resourceId } = details
  if (past === undefined && source !== undefined)
    return {
      ...check,
      outcome: 'error',
      message: `automated backups of ${name} were turned off, and its past went with them`,
      cure: 'turn them on, and back up again',
    }
  if (past === undefined)
    return {
      ...check,
      outcome: 'error',
      message: `RDS keeps nothing of the ${kind.noun} ${name} that was backed up (${resourceId})`,
      cure: `choose a newer backup: the past of ${kind.aOne} goes with it, unless its backups are retained`,
    }
  const outside = outsideWindow(point, name, past.window)
  if (outside !== undefined)
    return { ...check, outcome: 'error', message: outside.why, cure: 'choose a time within it, or a newer backup' }
  return { ...check, outcome: 'ok', message: `${name} can be brought back as of ${point.toISOString()}` }
}

/** The name of what is made is free, or has what an earlier worker of this restore made. */
async function checkTarget<One extends Kept, Settings>(work: RestoreWork<One, Settings>): Promise<Finding> {
  const check = { check: `${work.kind.noun} to be made`, subject: work.title }
  const taken = await ownOne(work).then(
    () => undefined,
    (error: unknown) => rdsFailure('the name cannot be looked at', error),
  )
  if (taken === undefined) return { ...check, outcome: 'ok', message: work.target }
  return { ...check, outcome: 'error', message: taken.why, cure: taken.next }
}

/**
 * Whose the source is and whether the identity may restore: asked for onto the source's own name, which is refused for
 * being taken where the rights are there (RDS has no dry run).
 */
async function checkSource<One extends Kept, Settings>(
  { kind, client, title, details }: RestoreWork<One, Settings>,
  past: Past | undefined,
  source: One | undefined,
): Promise<Finding[]> {
  const check = { check: 'rights at AWS', subject: title }
  if (source === undefined) {
    if (past === undefined || past.isRetained) return []
    return [
      {
        ...check,
        outcome: 'error',
        message: `the ${kind.noun} ${details.source} is another one now`,
        cure: 'choose a newer backup',
      },
    ]
  }
  const account = accountOf(source.arn)
  if (account !== details.account)
    return [
      {
        ...check,
        outcome: 'error',
        message: `the worker's identity is of account ${account}, the backup of ${details.account}`,
        cure: "give the ServiceAccount a role of the backup's account",
      },
    ]
  const name = details.source
  const error: unknown = await kind
    .restore(client, { source: { name }, target: name, tags: [ownTag('none')] })
    .catch((refused: unknown) => refused)
  if (!isDenied(error)) return [{ ...check, outcome: 'ok', message: `${kind.aOne} may be restored, and tagged` }]
  return [
    {
      ...check,
      outcome: 'error',
      message: `${deniedAction(error) ?? 'a right'} is missing`,
      cure: roleCure(kind.guide),
    },
  ]
}
