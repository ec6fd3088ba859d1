import { propertiesOf, type ArmHandler, type ArmRequest } from '../management/request.ts'
import { resourceNotFound } from '../service/errors.ts'
import { change, idleServer, refused, serverOf } from './requests.ts'
import type { FlexibleServer } from './server.ts'

const nameOf = ({ names }: ArmRequest) => names[1] ?? ''

const viewOf = (one: FlexibleServer, type: string, name: string, properties: object) => ({
  id: `${one.id}/${type}/${name}`,
  name,
  type: `${one.provider.name}/flexibleServers/${type}`,
  properties,
})

/** A part of a server whose own properties are all there is to it. */
function partsOf(
  type: string,
  phase: 'writeFirewallRule' | 'writeAdministrator',
  mapOf: (one: FlexibleServer) => Map<string, object>,
  check: (properties: Record<string, unknown>, one: FlexibleServer, name: string) => void,
): Record<string, ArmHandler> {
  const key = `flexibleservers/*/${type.toLowerCase()}`
  const write = (request: ArmRequest, act: (map: Map<string, object>) => void) => {
    const one = idleServer(request)
    return change(request, one, {
      phase,
      operation: `Upsert${type}ManagementOperation`,
      finish: () => {
        act(mapOf(one))
        return undefined
      },
    })
  }
  return {
    [`GET ${key}`]: (request) => {
      const one = serverOf(request)
      const value = [...mapOf(one)].map(([name, properties]) => viewOf(one, type, name, properties))
      return { status: 200, body: { value } }
    },
    [`PUT ${key}/*`]: (request) => {
      const properties = propertiesOf(request)
      check(properties, serverOf(request), nameOf(request))
      return write(request, (map) => map.set(nameOf(request), properties))
    },
    [`DELETE ${key}/*`]: (request) => write(request, (map) => map.delete(nameOf(request))),
  }
}

const configurations: ArmHandler = (request) => {
  const one = serverOf(request)
  const value = Object.keys(one.provider.parameters).map((name) =>
    viewOf(one, 'configurations', name, configurationOf(one, name)),
  )
  return { status: 200, body: { value } }
}

function configurationOf(one: FlexibleServer, name: string): object {
  const { flag, name: provider, parameters } = one.provider
  const known = parameters[name]
  if (known === undefined) throw resourceNotFound(`${provider}/flexibleServers/configurations`, name, one.resourceGroup)
  const own = one.configurations.get(name)
  return {
    value: own?.value ?? known.value,
    defaultValue: known.value,
    source: own === undefined ? 'system-default' : 'user-override',
    isDynamicConfig: flag(known.dynamic),
    isReadOnly: flag(known.readOnly === true),
    isConfigPendingRestart: flag(own?.pending === true),
  }
}

const configure: ArmHandler = (request) => {
  const one = idleServer(request)
  const name = nameOf(request)
  configurationOf(one, name)
  const { value, source } = propertiesOf(request)
  if (typeof value !== 'string' || !['user-override', 'system-default'].includes(String(source)))
    throw refused('InvalidParameterValue', `The value of the parameter '${name}' is missing.`)
  const known = one.provider.parameters[name]
  if (known?.readOnly === true) throw refused('InvalidParameterValue', `The parameter '${name}' is read only.`)
  return change(request, one, {
    phase: 'writeConfiguration',
    operation: 'UpdateConfigurationManagementOperation',
    finish: () => {
      if (value === known?.value) one.configurations.delete(name)
      else one.configurations.set(name, { value, ...(known?.dynamic === false && { pending: true }) })
      return viewOf(one, 'configurations', name, configurationOf(one, name))
    },
  })
}

/** By method and type, below the provider. */
export const partHandlers: Record<string, ArmHandler> = {
  ...partsOf(
    'firewallRules',
    'writeFirewallRule',
    (one) => one.firewallRules,
    (_rule, one) => {
      if (one.settings.network.delegatedSubnetResourceId !== undefined)
        throw refused('InvalidParameterValue', 'Firewall rules are not for servers with private access.')
    },
  ),
  ...partsOf(
    'administrators',
    'writeAdministrator',
    (one) => one.administrators,
    ({ identityResourceId }, { provider, identity, settings }, name) => {
      if (provider.administratorName !== undefined) {
        const users = Object.keys((identity?.['userAssignedIdentities'] ?? {}) as object)
        if (name !== provider.administratorName || !users.includes(String(identityResourceId)))
          throw refused('InvalidParameterValue', 'An administrator needs its name, and an identity of the server.')
      } else if (settings.authConfig?.['activeDirectoryAuth'] !== 'Enabled')
        throw refused(
          'AadAuthOperationCannotBePerformedWhenAadAuthIsDisabled',
          'Microsoft Entra authentication is off.',
        )
    },
  ),
  'GET flexibleservers/*/configurations': configurations,
  'PUT flexibleservers/*/configurations/*': configure,
  'GET flexibleservers/*/replicas': (request) => ({
    status: 200,
    body: {
      value: serverOf(request).replicas.map((name) => ({
        id: `${serverOf(request).id.replace(/[^/]+$/, name)}`,
        name,
      })),
    },
  }),
}
