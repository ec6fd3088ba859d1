import { matches } from '../../aws/service/glob.ts'
import { AzureError } from '../service/errors.ts'
import type { Service } from '../service/service.ts'

const covers = (pattern: string, action: string) => matches(pattern.toLowerCase(), action.toLowerCase())

/**
 * @param on what is acted on, as an id
 * @throws AzureError 403 AuthorizationFailed where no role of the client allows the action
 */
export function authorize(service: Service, client: string, action: string, { scope }: { scope: string }): void {
  const roles = service.settings.identities?.[client]?.roles
  if (roles === undefined) return
  const allowed = roles.some(
    (role) =>
      `${scope.toLowerCase()}/`.startsWith(`${role.scope.toLowerCase().replace(/\/$/, '')}/`) &&
      role.actions.some((pattern) => covers(pattern, action)) &&
      !role.notActions.some((pattern) => covers(pattern, action)),
  )
  if (allowed) return
  throw new AzureError(
    403,
    'AuthorizationFailed',
    `The client '${client}' with object id '${client}' does not have authorization to perform action '${action}' ` +
      `over scope '${scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
    { from: 'gateway' },
  )
}
