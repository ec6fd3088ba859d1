import type { ServerRepointing } from '../../managed-server/server-repointing.ts'
import type { FlexibleService } from '../service.ts'
import { partsOf } from '../servers/server.ts'
import type { RestoreWork } from './restore-work.ts'

/** What the administrator does to point the releases to the restored server. */
export async function instructions(
  { details, service }: RestoreWork,
  repointing: ServerRepointing,
  differences: readonly string[],
): Promise<string[]> {
  return [
    ...differences.map((difference) => `see to this first, no restore can: ${difference}`),
    ...(await repointing.byHand()),
    ...repointing.aliases(),
    'users and passwords are those of the restore point, and certificates are of the new host name',
    'the former host put back, and the pods started with it, points the release back',
    'once nobody needs the former server, with which all its other restore points end: ' +
      deletion(service, details.id),
  ]
}

/** The command that deletes a server. */
export function deletion({ command }: FlexibleService, id: string): string {
  const { name, resourceGroup, subscription } = partsOf(id)
  return `${command} delete --name ${name} --resource-group ${resourceGroup} --subscription ${subscription}`
}
