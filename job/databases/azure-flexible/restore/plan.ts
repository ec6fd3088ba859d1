import { switchStep } from '../../managed-server/switch-by-hand.ts'
import { partsOf } from '../servers/server.ts'
import { leftOut } from '../servers/settings.ts'
import type { RestoreWork } from './restore-work.ts'

/** What a restore does, what it costs and what stays, line by line for people. */
export function planSteps({ choice, details, point, target }: RestoreWork): string[] {
  const { settings } = details
  const { sku, groups } = settings
  const hasStandby = (groups['highAvailability']?.['mode'] ?? 'Disabled') !== 'Disabled'
  const { name } = partsOf(details.id)
  const at = point.toISOString()
  return [
    `restore the server ${name} as of ${at}, with all its databases, to the new server ${partsOf(target).name}`,
    'put on again what a restore forgets: firewall, parameters, administrators, availability, maintenance, tags',
    'compare every setting',
    ...leftOut(settings).map((line) => `leave out: ${line}`),
    `costs, until one of the servers is deleted, a second server ${sku.name} with ` +
      `${String(groups['storage']?.['storageSizeGB'] ?? '?')} GiB and its own backups` +
      (hasStandby ? ', and its standby' : ''),
    `stays: the server ${name} with all that was written since ${at}`,
    switchStep(choice),
  ]
}
