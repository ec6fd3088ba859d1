import type { ArmAnswer, ArmRequest } from './request.ts'

/** The one path of ARM here that no provider is in. */
export const isListOfSubscriptions = (path: string): boolean => /^\/subscriptions\/?$/i.test(path)

/** What the list is called as roles name it; nobody needs a role that says so. */
export const listingSubscriptions = 'Microsoft.Resources/subscriptions/read'

const subscriptionIn = (id: string) => /^\/subscriptions\/([^/]+)/i.exec(id)?.[1]

/** Those in which the caller has any role, on whatever; who may do everything sees all that accounts are in. */
export function subscriptionsAnswer({ service, client }: Pick<ArmRequest, 'service' | 'client'>): ArmAnswer {
  const all = service.accounts.map(({ subscription }) => subscription)
  const roles = service.settings.identities?.[client]?.roles
  const seen = roles?.flatMap(({ scope }) => subscriptionIn(scope) ?? all) ?? all
  const value = [...new Set(seen)].map((subscriptionId) => ({
    id: `/subscriptions/${subscriptionId}`,
    subscriptionId,
    displayName: `subscription ${subscriptionId}`,
    state: 'Enabled',
    authorizationSource: 'RoleBased',
  }))
  return { status: 200, body: { value } }
}
