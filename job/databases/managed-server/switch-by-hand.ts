import type { RestoreChoice } from '../../../operation/restore-options.ts'
import type { ServerRepointing } from './server-repointing.ts'

/** The step of a plan in which the releases come to the restored server, or are left to the administrator. */
export function switchStep({ repoint }: RestoreChoice): string {
  return repoint === 'print'
    ? 'show what the releases have to be told; they serve on as they are'
    : "set its host in the releases' URL where that of the former is"
}

/**
 * What the administrator does to point the releases to the restored server.
 * @param differences settings that no restore brings back
 * @param last how the former server goes
 */
export async function switchByHand(
  repointing: ServerRepointing,
  differences: readonly string[],
  last: string,
): Promise<string[]> {
  return [
    ...differences.map((difference) => `see to this first, no restore can: ${difference}`),
    ...(await repointing.byHand()),
    ...repointing.aliases(),
    'users and passwords are those of the restore point, and certificates are of the new host name',
    'the former host put back, and the pods started with it, points the release back',
    last,
  ]
}
