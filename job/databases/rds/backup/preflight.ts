import { RestoreDBInstanceToPointInTimeCommand, type RDSClient } from '@aws-sdk/client-rds'
import type { Finding } from '../../../../operation/finding.ts'
import { formatTime } from '../../../../operation/time.ts'
import { accountOf, type Past } from '../instances/look.ts'
import type { Found, Instance } from '../instances/find-instance.ts'
import { settingsOf, type InstanceSettings } from '../instances/settings.ts'
import { deniedAction, isDenied } from '../rds-failure.ts'

/** States in which an instance serves, and is backed up. */
const serving = /^(available|backing-up|modifying|maintenance|storage-optimization|configuring-.*)$/

/** Where the instance is, what it is, and that it serves. */
export function checkInstance(title: string, { region, instance }: Found): Finding {
  const check = { check: 'instance', subject: title }
  const { DBInstanceIdentifier: name, DBInstanceStatus: status = 'unknown', Engine = 'unknown' } = instance
  const refused = (message: string, cure: string) => ({ ...check, outcome: 'error' as const, message, cure })
  if (instance.DBClusterIdentifier !== undefined)
    return refused(
      `${name} is of cluster ${instance.DBClusterIdentifier}, and no instance of its own`,
      'omit --managed for a dump: this version restores no clusters',
    )
  if (!/^(postgres|mysql|mariadb)$/.test(Engine))
    return refused(
      `the engine of ${name} is ${Engine}`,
      'omit --managed: PostgreSQL, MySQL and MariaDB are restored by their past',
    )
  if (instance.ReadReplicaSourceDBInstanceIdentifier !== undefined)
    return refused(
      `${name} is a replica of ${instance.ReadReplicaSourceDBInstanceIdentifier}, and lags behind it`,
      'have the release use the instance that takes writes',
    )
  if (!serving.test(status))
    return refused(`${name} is ${status}`, 'wait until it is available, or look in the RDS console what is the matter')
  const where = `in ${region} of account ${accountOf(instance.DBInstanceArn)}`
  return { ...check, outcome: 'ok', message: `${name}, ${Engine} ${instance.EngineVersion ?? ''}, ${where}` }
}

/** Automated backups are on, and there is a past already. */
export function checkPast(title: string, instance: Instance, past: Past | undefined): Finding {
  const check = { check: 'automated backups', subject: title }
  const { DBInstanceIdentifier: name, BackupRetentionPeriod: days = 0 } = instance
  if (days === 0)
    return {
      ...check,
      outcome: 'error',
      message: `automated backups of ${name} are turned off`,
      cure:
        `aws rds modify-db-instance --db-instance-identifier ${name} --backup-retention-period 7 ` +
        '--apply-immediately, then wait until the first backup is made',
    }
  const { earliestMs, latestMs } = past?.window ?? {}
  if (earliestMs === undefined || latestMs === undefined)
    return {
      ...check,
      outcome: 'error',
      message: `nothing of ${name} can be brought back yet`,
      cure: 'wait until its first automated backup is made',
    }
  return {
    ...check,
    outcome: 'ok',
    message: `kept for ${days} days; can be brought back from ${formatTime(earliestMs)} to ${formatTime(latestMs)}`,
  }
}

/** What a restore leaves to be done by hand. */
export function checkLeftOut(title: string, instance: Instance): Finding[] {
  return leftOut(settingsOf(instance)).map((message) => ({
    check: 'not restored',
    subject: title,
    outcome: 'warning',
    message,
    cure: 'see to it after a restore; the backup does not need it',
  }))
}

/** What of an instance no restore brings back, for people. */
export function leftOut({ replicas, managedPassword }: InstanceSettings): string[] {
  return [
    ...(replicas.length === 0 ? [] : [`its replicas ${replicas.join(', ')} are not restored`]),
    ...(managedPassword ? ["its master user's password in Secrets Manager is not of a restored instance"] : []),
  ]
}

/**
 * Whether the identity may restore: asked for onto the instance's own name, which is refused for being taken where the
 * right is there (RDS has no dry run).
 */
export async function checkRights(client: RDSClient, title: string, instance: Instance): Promise<Finding> {
  const check = { check: 'rights to restore', subject: title }
  const name = instance.DBInstanceIdentifier
  const asked = new RestoreDBInstanceToPointInTimeCommand({
    SourceDBInstanceIdentifier: name,
    TargetDBInstanceIdentifier: name,
    UseLatestRestorableTime: true,
  })
  const error: unknown = await client.send(asked).catch((refused: unknown) => refused)
  if (!isDenied(error)) return { ...check, outcome: 'ok', message: 'an instance may be restored' }
  return {
    ...check,
    outcome: 'warning',
    message: `${deniedAction(error) ?? 'a right'} is missing; the backup does not need it, but a restore will`,
    cure: 'allow that action in the IAM policy of its role: docs/databases/rds.md',
  }
}
