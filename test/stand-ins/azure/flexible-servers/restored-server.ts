import { authorize } from '../management/authorization.ts'
import { propertiesOf, type ArmRequest } from '../management/request.ts'
import { AzureError } from '../service/errors.ts'
import type { ServerWithPast } from '../../postgresql/servers-with-a-past.ts'
import { refused } from './requests.ts'
import { earliestMs, type FlexibleServer, type ServerSettings } from './server.ts'

/**
 * Makes `one` what another server was at a moment, but for what a restore forgets.
 * @returns brings its data back
 * @throws AzureError
 */
export function restoredServer(request: ArmRequest, one: FlexibleServer): () => Promise<ServerWithPast | undefined> {
  const { service } = request
  const properties = propertiesOf(request)
  const source = sourceOf(request, String(properties['sourceServerResourceId'] ?? ''))
  const atMs = pointOf(source, properties[one.provider.timeProperty], service.now())
  const asked = properties as Partial<ServerSettings>
  const { network, dataEncryption } = asked
  const isPrivate = source.settings.network.delegatedSubnetResourceId !== undefined
  if (isPrivate !== (network?.delegatedSubnetResourceId !== undefined))
    throw refused('InvalidParameterValue', 'A server is not restored from private to public access, or the reverse.')
  if (source.settings.dataEncryption.type === 'AzureKeyVault' && dataEncryption?.primaryKeyURI === undefined)
    throw refused('InvalidParameterValue', 'A server with a customer managed key is restored with one.')
  authorizeLinked(request, network, one.identity)
  const { version, administratorLogin, storage } = source.settings
  if (asked.storage !== undefined && !(Number(asked.storage['storageSizeGB']) >= Number(storage['storageSizeGB'])))
    throw refused('InvalidParameterValue', 'Storage of a restored server is not smaller than that of its source.')
  const defaults = one.provider.defaults()
  one.sku = source.sku
  one.settings = {
    ...defaults,
    version,
    administratorLogin,
    ...one.provider.restored(source.settings, asked),
    dataEncryption: { ...defaults.dataEncryption, ...dataEncryption },
    ...(typeof properties['availabilityZone'] === 'string' && { availabilityZone: properties['availabilityZone'] }),
  }
  const { inherits } = one.provider
  if (inherits !== undefined) {
    for (const [name, rule] of source.firewallRules) one.firewallRules.set(name, rule)
    for (const [name, { value }] of source.configurations) if (inherits(name)) one.configurations.set(name, { value })
  }
  // What is in the backup is decided now: a later moment is not brought back.
  const reachMs = Math.min(atMs, service.now() - service.settings.serverLogLagMs / service.settings.timeScale)
  const {
    server,
    provider: { engine },
  } = source
  return async () => (server === undefined ? undefined : await service.databases[engine]?.restore(server, reachMs))
}

function sourceOf({ service }: ArmRequest, id: string): FlexibleServer {
  const source = service.servers.find((one) => one.id.toLowerCase() === id.toLowerCase())
  if (source === undefined || source.state === source.provider.making)
    throw refused('SourceServerNotFound', `The source server '${id}' does not exist.`, 404)
  return source
}

function pointOf(source: FlexibleServer, asked: unknown, nowMs: number): number {
  const atMs = Date.parse(String(asked))
  const fromMs = earliestMs(source, nowMs)
  if (!(atMs >= Math.floor(fromMs / 1000) * 1000 && atMs <= nowMs))
    throw refused(
      'PointInTimeOutOfRange',
      `The point in time ${String(asked)} is not between ${new Date(fromMs).toISOString()} and now.`,
    )
  return atMs
}

/**
 * What a server is joined to needs rights of its own, on that.
 * @throws AzureError 403 LinkedAuthorizationFailed
 */
function authorizeLinked(
  { service, client }: ArmRequest,
  network: Partial<ServerSettings['network']> | undefined,
  identity: FlexibleServer['identity'],
): void {
  const users = Object.keys((identity?.['userAssignedIdentities'] ?? {}) as object)
  const linked: [string | undefined, string][] = [
    [network?.delegatedSubnetResourceId, 'Microsoft.Network/virtualNetworks/subnets/join/action'],
    [
      network?.privateDnsZoneArmResourceId ?? network?.privateDnsZoneResourceId,
      'Microsoft.Network/privateDnsZones/join/action',
    ],
    ...users.map((id): [string, string] => [id, 'Microsoft.ManagedIdentity/userAssignedIdentities/assign/action']),
  ]
  for (const [scope, action] of linked) {
    if (scope === undefined) continue
    try {
      authorize(service, client, action, { scope })
    } catch (error) {
      if (!(error instanceof AzureError)) throw error
      throw refused('LinkedAuthorizationFailed', error.message, 403)
    }
  }
}
