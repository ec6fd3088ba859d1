import type { RDSClient } from '@aws-sdk/client-rds'
import type { Finding } from '../../../../operation/finding.ts'
import { formatTime } from '../../../../operation/time.ts'
import type { Past } from '../past.ts'
import { deniedAction, isDenied, roleCure } from '../rds-failure.ts'
import type { Kept, RelationalKind } from '../relational-kind.ts'

/** States in which an instance or a cluster serves, and is backed up. */
export const serving = /^(available|backing-up|modifying|maintenance|storage-optimization|configuring-.*)$/

/** Automated backups are on, and there is a past already. */
export function checkPast(
  title: string,
  { noun }: Pick<RelationalKind<Kept, unknown>, 'noun'>,
  { name, retentionDays: days }: Kept,
  past: Past | undefined,
): Finding {
  const check = { check: 'automated backups', subject: title }
  if (days === 0)
    return {
      ...check,
      outcome: 'error',
      message: `automated backups of ${name} are turned off`,
      cure:
        `aws rds modify-db-${noun} --db-${noun}-identifier ${name} --backup-retention-period 7 ` +
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

/**
 * Whether the identity may restore: asked for onto the source's own name, which is refused for being taken where the
 * right is there (RDS has no dry run).
 */
export async function checkRights<One extends Kept, Settings>(
  kind: RelationalKind<One, Settings>,
  client: RDSClient,
  title: string,
  { name }: One,
): Promise<Finding> {
  const check = { check: 'rights to restore', subject: title }
  const error: unknown = await kind
    .restore(client, { source: { name }, target: name })
    .catch((refused: unknown) => refused)
  if (!isDenied(error)) return { ...check, outcome: 'ok', message: `${kind.aOne} may be restored` }
  return {
    ...check,
    outcome: 'warning',
    message: `${deniedAction(error) ?? 'a right'} is missing; the backup does not need it, but a restore will`,
    cure: roleCure(kind.guide),
  }
}
