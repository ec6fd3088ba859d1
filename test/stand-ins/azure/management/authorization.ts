import { matches } from '../../cloud/glob.ts'
import { AzureError } from '../service/errors.ts'
import type { Service } from '../service/service.ts'

const covers = (pattern: string, action: string) => matches(pattern.toLowerCase(), action.toLowerCase())

/** The roles that a client has on an id, by itself or by what it is below; undefined where it may do everything. */
export function rolesAt(service: Service, client: string, scope: string) {
  const { identities } = service.settings
  return identities?.[client]?.roles?.filter((role) =>
    `${scope.toLowerCase()}/`.startsWith(`${role.scope.toLowerCase().replace(/\/$/, '')}/`),
  )
}

/**
 * @param on what is acted on, as an id
 * @throws AzureError 403 AuthorizationFailed where no role of the client allows the action
 */
export function authorize(service: Service, client: string, action: string, { scope }: { scope: string }): void {
  const roles = rolesAt(service, client, scope)
  if (roles === undefined) return
  const allowed = roles.some(
    (role) =>
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
