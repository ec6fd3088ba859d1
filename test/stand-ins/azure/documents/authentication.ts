import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Account } from '../accounts/account.ts'
import { AzureError } from '../service/errors.ts'
import type { Service } from '../service/service.ts'
import type { DataCall } from './data-plane.ts'

/** A request's time may differ by so much from the service's. */
const skewMs = 15 * 60_000

/** Type and id of the resource that a signature is of. */
function signedResource(path: string): { type: string; id: string } {
  const segments = path.split('/').filter((each) => each !== '')
  const [type, id] =
    segments.length % 2 === 0
      ? [segments.at(-2) ?? '', segments.join('/')]
      : [segments.at(-1) ?? '', segments.slice(0, -1).join('/')]
  // Offers are known by their own id alone.
  return { type, id: type === 'offers' ? (id.split('/')[1] ?? '').toLowerCase() : decodeURIComponent(id) }
}

function signedBy(key: string, { method, path, headers }: DataCall, signature: string): boolean {
  const { type, id } = signedResource(path)
  const date = String(headers['x-ms-date'] ?? headers.date ?? '').toLowerCase()
  const text = `${method.toLowerCase()}\n${type.toLowerCase()}\n${id}\n${date}\n\n`
  const right = createHmac('sha256', Buffer.from(key, 'base64')).update(text).digest()
  const given = Buffer.from(signature, 'base64')
  return given.length === right.length && timingSafeEqual(given, right)
}

const toNumber = (address: string) => address.split('.').reduce((number, part) => number * 256 + Number(part), 0)

/** Whether an address is in `10.0.0.0/8`, or is it. */
function inRange(address: string, range: string): boolean {
  const [front = '', bits = '32'] = range.split('/')
  const size = 2 ** (32 - Number(bits))
  return Math.floor(toNumber(address) / size) === Math.floor(toNumber(front) / size)
}

/** @throws AzureError 403 where the account's network settings keep the caller out */
function checkNetwork(service: Service, account: Account): void {
  const { network } = service.settings
  const { publicNetworkAccess, ipRules, isVirtualNetworkFilterEnabled } = account.settings
  if (network === 'private endpoint') {
    const approved = [...account.privateEndpointConnections.values()].some(({ status }) => status === 'Approved')
    if (approved) return
  } else {
    const listed = ipRules.some(({ ipAddressOrRange }) => inRange(network.address, ipAddressOrRange))
    const open = ipRules.length === 0 && !isVirtualNetworkFilterEnabled
    if (publicNetworkAccess === 'Enabled' && (open || listed)) return
  }
  const from = network === 'private endpoint' ? 'a private endpoint' : network.address
  throw new AzureError(
    403,
    'Forbidden',
    `Request originated from IP ${from} through public internet. This is blocked by your Cosmos DB account firewall ` +
      'settings. More info: https://aka.ms/cosmosdb-tsg-forbidden',
  )
}

/**
 * Checks who calls, and from where.
 * @throws AzureError 401, 403
 */
export function authenticate(service: Service, account: Account, call: DataCall): void {
  checkNetwork(service, account)
  const given = new URLSearchParams(decodeURIComponent(String(call.headers.authorization ?? '')).replaceAll('+', '%2B'))
  if (given.get('type') !== 'master')
    throw new AzureError(
      401,
      'Unauthorized',
      'Required Header authorization is missing. Ensure a valid Authorization token is passed.',
    )
  if (account.settings.disableLocalAuth)
    throw new AzureError(
      401,
      'Unauthorized',
      'Local Authorization is disabled. Use an AAD token to authorize all requests.',
    )
  const date = Date.parse(String(call.headers['x-ms-date'] ?? call.headers.date ?? ''))
  if (!(Math.abs(date - service.now()) < skewMs))
    throw new AzureError(403, 'Forbidden', 'The authorization token is not valid at the current time.')
  const signature = given.get('sig') ?? ''
  const { primary, secondary, primaryReadonly, secondaryReadonly } = account.keys
  if ([primary, secondary].some((key) => signedBy(key, call, signature))) return
  if ([primaryReadonly, secondaryReadonly].some((key) => signedBy(key, call, signature))) {
    const reads = call.method === 'GET' || call.headers['x-ms-documentdb-isquery'] !== undefined
    if (reads) return
    throw new AzureError(403, 'Forbidden', 'The given request [write] cannot be authorized by a read-only key.')
  }
  throw new AzureError(
    401,
    'Unauthorized',
    "The input authorization token can't serve the request. The wrong key is being used or the expected payload is " +
      'not built as per the protocol.',
  )
}
