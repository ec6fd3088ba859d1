import type { FlexibleService } from '../service.ts'
import { partsOf } from '../servers/server.ts'

/** The command that deletes a server. */
export function deletion({ command }: FlexibleService, id: string): string {
  const { name, resourceGroup, subscription } = partsOf(id)
  return `${command} delete --name ${name} --resource-group ${resourceGroup} --subscription ${subscription}`
}
