import { RestoreDBInstanceToPointInTimeCommand } from '@aws-sdk/client-rds'
import type { Finding } from '../../../../operation/finding.ts'
import { checkPoint } from '../../point-in-time/check-point.ts'
import { outsideWindow } from '../../point-in-time/recovery-window.ts'
import type { Instance } from '../instances/find-instance.ts'
import { accountOf, lookAtInstance, pastOf, type Past } from '../instances/look.ts'
import { deniedAction, isDenied, rdsFailure } from '../rds-failure.ts'
import type { ServerRepointing } from '../../managed-server/server-repointing.ts'
import { checkPlace } from './check-place.ts'
import { ownInstance, restoreTag } from './restore-instance.ts'
import type { RestoreWork } from './restore-work.ts'

/** Whether the restore can be done, before anything is made. */
export async function preflight(work: RestoreWork, repointing: ServerRepointing): Promise<Finding[]> {
  const { client, context, details, target, title } = work
  try {
    const past = await pastOf(client, details.resourceId)
    const point = checkPoint(work, 'Amazon RDS')
    const found = await lookAtInstance(client, details.instance)
    const source = found?.DbiResourceId === details.resourceId ? found : undefined
    const isMade = (await lookAtInstance(client, target)) !== undefined
    const isNamed = point.every(({ outcome }) => outcome !== 'error')
    return [
      ...point,
      ...(isNamed ? [checkWindow(work, past, source)] : []),
      await checkTarget(work),
      ...(await checkSource(work, past, source)),
      ...(await checkPlace(work, source, isMade)),
      ...(await checkChoice(work, repointing)),
    ]
  } catch (error) {
    context.signal.throwIfAborted()
    const { what, why, next } = rdsFailure('the preflight failed', error)
    return [{ check: 'instance', subject: title, outcome: 'error', message: `${what}: ${why}`, cure: next }]
  }
}

function checkWindow(
  { title, details, point }: RestoreWork,
  past: Past | undefined,
  source: Instance | undefined,
): Finding {
  const check = { check: 'recovery window', subject: title }
  const { instance, resourceId } = details
  if (past === undefined && source !== undefined)
    return {
      ...check,
      outcome: 'error',
      message: `automated backups of ${instance} were turned off, and its past went with them`,
      cure: 'turn them on, and back up again',
    }
  if (past === undefined)
    return {
      ...check,
      outcome: 'error',
      message: `RDS keeps nothing of the instance ${instance} that was backed up (${resourceId})`,
      cure: 'choose a newer backup: the past of an instance goes with it, unless its backups are retained',
    }
  const outside = outsideWindow(point, instance, past.window)
  if (outside !== undefined)
    return { ...check, outcome: 'error', message: outside.why, cure: 'choose a time within it, or a newer backup' }
  return { ...check, outcome: 'ok', message: `${instance} can be brought back as of ${point.toISOString()}` }
}

/** The name of the instance that is made is free, or has what an earlier worker of this restore made. */
async function checkTarget(work: RestoreWork): Promise<Finding> {
  const check = { check: 'instance to be made', subject: work.title }
  const taken = await ownInstance(work).then(
    () => undefined,
    (error: unknown) => rdsFailure('the name cannot be looked at', error),
  )
  if (taken === undefined) return { ...check, outcome: 'ok', message: work.target }
  return { ...check, outcome: 'error', message: taken.why, cure: taken.next }
}

/**
 * Whose the instance is and whether the identity may restore: asked for onto the instance's own name, which is refused
 * for being taken where the rights are there (RDS has no dry run).
 */
async function checkSource(
  { client, title, details }: RestoreWork,
  past: Past | undefined,
  source: Instance | undefined,
): Promise<Finding[]> {
  const check = { check: 'rights at AWS', subject: title }
  if (source === undefined) {
    if (past === undefined || past.isRetained) return []
    return [
      {
        ...check,
        outcome: 'error',
        message: `the instance ${details.instance} is another one now`,
        cure: 'choose a newer backup',
      },
    ]
  }
  const account = accountOf(source.DBInstanceArn)
  if (account !== details.account)
    return [
      {
        ...check,
        outcome: 'error',
        message: `the worker's identity is of account ${account}, the backup of ${details.account}`,
        cure: "give the ServiceAccount a role of the backup's account",
      },
    ]
  const asked = new RestoreDBInstanceToPointInTimeCommand({
    SourceDBInstanceIdentifier: details.instance,
    TargetDBInstanceIdentifier: details.instance,
    UseLatestRestorableTime: true,
    Tags: [{ Key: restoreTag, Value: 'none' }],
  })
  const error: unknown = await client.send(asked).catch((refused: unknown) => refused)
  if (!isDenied(error)) return [{ ...check, outcome: 'ok', message: 'an instance may be restored, and tagged' }]
  return [
    {
      ...check,
      outcome: 'error',
      message: `${deniedAction(error) ?? 'a right'} is missing`,
      cure: 'allow that action in the IAM policy of its role: docs/databases/rds.md',
    },
  ]
}

async function checkChoice({ title, choice, context }: RestoreWork, repointing: ServerRepointing): Promise<Finding[]> {
  const printed: Finding = {
    check: 'pointing the releases',
    subject: title,
    outcome: 'ok',
    message: 'shown once the instance is whole; the releases serve on',
  }
  return [
    ...(choice.repoint === 'print' ? [printed] : await repointing.findings()),
    ...(context.dropPrevious === true
      ? [
          {
            check: 'former instance',
            subject: title,
            outcome: 'error' as const,
            message: 'the former instance is never deleted by a restore',
            cure: 'omit --drop-previous; once nobody needs it: kubectl scalardl restore RESTORE --drop-previous',
          },
        ]
      : []),
  ]
}
