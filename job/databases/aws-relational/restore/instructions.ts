import type { ServerRepointing } from '../../managed-server/server-repointing.ts'
import type { Kept } from '../relational-kind.ts'
import type { RestoreWork } from './restore-work.ts'

/** What the administrator does to point the releases to what was restored. */
export async function instructions<One extends Kept, Settings>(
  { kind, details }: RestoreWork<One, Settings>,
  repointing: ServerRepointing,
  differences: readonly string[],
): Promise<string[]> {
  return [
    ...differences.map((difference) => `see to this first, no restore can: ${difference}`),
    ...(await repointing.byHand()),
    ...repointing.aliases(),
    'users and passwords are those of the restore point, and certificates are of the new host name',
    'the former host put back, and the pods started with it, points the release back',
    `once nobody needs the former ${kind.noun}: ${kind.deletion(details.region, details.source)}`,
  ]
}
