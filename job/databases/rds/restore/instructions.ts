import type { ServerRepointing } from '../../managed-server/server-repointing.ts'
import type { RestoreWork } from './restore-work.ts'

/** What the administrator does to point the releases to the restored instance. */
export async function instructions(
  { details }: RestoreWork,
  repointing: ServerRepointing,
  differences: readonly string[],
): Promise<string[]> {
  return [
    ...differences.map((difference) => `see to this first, no restore can: ${difference}`),
    ...(await repointing.byHand()),
    ...repointing.aliases(),
    'users and passwords are those of the restore point, and certificates are of the new host name',
    'the former host put back, and the pods started with it, points the release back',
    'once nobody needs the former instance: ' +
      `aws rds delete-db-instance --region ${details.region} --db-instance-identifier ${details.instance} ` +
      `--final-db-snapshot-identifier ${details.instance}-final --no-delete-automated-backups`,
  ]
}
