import type { Finding } from '../../../../operation/finding.ts'
import { formatTime } from '../../../../operation/time.ts'
import { missingRights } from '../../../azure/rights.ts'
import type { ResourceManager } from '../../../azure/resource-manager.ts'
import { restoreActions } from '../rights-needed.ts'
import type { FlexibleService } from '../service.ts'
import { partsOf, type FlexibleServer } from '../servers/server.ts'
import { windowOf } from '../servers/window.ts'

/** States in which a server serves, and is backed up (types: ServerState). */
const serving = /^(ready|updating|restarting)$/i

/** Where the server is, what it is, and that it serves. */
export function checkServer({ product }: FlexibleService, title: string, { id, properties }: FlexibleServer): Finding {
  const check = { check: 'server', subject: title }
  const { name, resourceGroup, subscription } = partsOf(id)
  const { state = 'unknown', replicationRole = '', version = '', cluster } = properties
  const refused = (message: string, cure: string) => ({ ...check, outcome: 'error' as const, message, cure })
  if (/replica/i.test(replicationRole))
    return refused(
      `${name} is a replica, and lags behind its source`,
      'have the release use the server that takes writes',
    )
  if ((cluster?.clusterSize ?? 0) > 0)
    return refused(`${name} is an elastic cluster`, 'omit --managed for a dump: this version restores single servers')
  if (!serving.test(state))
    return refused(`${name} is ${state}`, 'start it, or look in the Azure portal what is done to it')
  return {
    ...check,
    outcome: 'ok',
    message: `${name}, ${product} ${version}, in resource group ${resourceGroup} of subscription ${subscription}`,
  }
}

/** There is a past already. @throws Failure where the environment says something of the log that is no number */
export function checkPast(title: string, server: FlexibleServer): Finding {
  const check = { check: 'backups', subject: title }
  const { earliestMs, periodDays } = windowOf(server)
  if (earliestMs === undefined || earliestMs > Date.now())
    return {
      ...check,
      outcome: 'error',
      message: `nothing of ${server.name} can be brought back yet`,
      cure: 'wait until its first backup is made, some minutes after the server was',
    }
  const kept = periodDays === undefined ? '' : `kept for ${periodDays} days; `
  return { ...check, outcome: 'ok', message: `${kept}can be brought back as far as ${formatTime(earliestMs)}` }
}

/** Whether the identity may restore, by Azure's word. */
export async function checkRights(
  service: FlexibleService,
  arm: ResourceManager,
  title: string,
  { id }: FlexibleServer,
): Promise<Finding> {
  const check = { check: 'rights to restore', subject: title }
  const missing = await missingRights(arm, id.slice(0, id.indexOf('/providers/')), restoreActions(service))
  const cure = `assign the roles of ${service.rolesPage}`
  if (missing === undefined)
    return { ...check, outcome: 'warning', message: 'the identity may not ask for its own rights', cure }
  if (missing.length === 0) return { ...check, outcome: 'ok', message: 'all are there' }
  return {
    ...check,
    outcome: 'warning',
    message: `missing: ${missing.join(', ')}; the backup does not need them, but a restore will`,
    cure,
  }
}
