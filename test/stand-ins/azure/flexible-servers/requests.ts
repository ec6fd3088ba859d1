import { regionKey } from '../accounts/regions.ts'
import { begin, type ArmAnswer, type ArmRequest } from '../management/request.ts'
import { AzureError, resourceNotFound } from '../service/errors.ts'
import type { Service } from '../service/service.ts'
import type { PhaseName } from '../settings.ts'
import { providers, type Provider } from './providers.ts'
import type { FlexibleServer } from './server.ts'

/** Refusals of this provider are in `error`, as those of ARM's gateway are (the CLI's recordings). */
export const refused = (code: string, message: string, status = 400) =>
  new AzureError(status, code, message, { from: 'gateway' })

/** Of which service a call is. */
export function providerOf({ provider }: Pick<ArmRequest, 'provider'>): Provider {
  const found = providers[provider.toLowerCase()]
  if (found === undefined) throw new Error(`${provider} has no flexible servers`)
  return found
}

/** Names of servers of one service are Azure's: no two have the same. */
export function serverByName({ servers }: Service, provider: Provider, name: string): FlexibleServer | undefined {
  return servers.find((one) => one.provider === provider && one.name === name.toLowerCase())
}

/** The server that a call is about; undefined while it is not to be seen yet. */
export function findServer(request: ArmRequest): FlexibleServer | undefined {
  const { service, subscription, resourceGroup, names } = request
  const provider = providerOf(request)
  return service.servers.find(
    (one) =>
      one.provider === provider &&
      one.subscription === subscription &&
      one.resourceGroup.toLowerCase() === resourceGroup.toLowerCase() &&
      one.name === (names[0] ?? '').toLowerCase(),
  )
}

/** @throws AzureError 404 */
export function serverOf(request: ArmRequest): FlexibleServer {
  const found = findServer(request)
  if (found === undefined || !request.service.shown.has(found))
    throw resourceNotFound(`${request.provider}/flexibleServers`, request.names[0] ?? '', request.resourceGroup)
  return found
}

/** @throws AzureError 404, and 409 while something else is done to it */
export function idleServer(request: ArmRequest): FlexibleServer {
  const one = serverOf(request)
  if (one.state !== 'Ready')
    throw refused(
      'ServerIsBusy',
      `Cannot complete operation while server '${one.name}' is busy processing another operation. ` +
        'Please try again later.',
      409,
    )
  return one
}

interface Change {
  phase: PhaseName
  operation: string
  finish: () => object | undefined
  /** what it is in then; Ready unless told */
  state?: 'Ready' | 'Stopped'
}

/** Something that is done to a server that serves; it is busy until then. */
export function change(
  request: ArmRequest,
  one: FlexibleServer,
  { phase, operation, finish, state = 'Ready' }: Change,
): ArmAnswer {
  one.state = 'Updating'
  return begin(request, {
    phase,
    region: regionKey(one.location),
    answer: { status: 202, body: { operation, startTime: new Date().toISOString() } },
    finish: () => {
      const result = finish()
      one.state = state
      return result
    },
    failed: () => {
      one.state = 'Ready'
    },
  })
}
