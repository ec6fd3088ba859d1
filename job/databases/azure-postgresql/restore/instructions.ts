import type { ServerRepointing } from '../../managed-server/server-repointing.ts'
import { partsOf } from '../servers/server.ts'
import type { RestoreWork } from './restore-work.ts'

/** What the administrator does to point the releases to the restored server. */
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
    `once nobody needs the former server, with which all its other restore points end: ${deletion(details.id)}`,
  ]
}

/** The command that deletes a server. */
export function deletion(id: string): string {
  const { name, resourceGroup, subscription } = partsOf(id)
  return (
    `az postgres flexible-server delete --name ${name} --resource-group ${resourceGroup} ` +
    `--subscription ${subscription}`
  )
}
