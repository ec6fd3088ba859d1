import type { RDSClient } from '@aws-sdk/client-rds'
import { Failure } from '../../../operation/failure.ts'
import type { StorageSettings } from '../../scalardb/storage-settings.ts'
import { namesOf, oneServerOf } from '../managed-server/server.ts'
import { isEndpoint, readEndpoint } from './access.ts'
import { openClient } from './client.ts'
import type { Kept, RelationalKind } from './relational-kind.ts'

/** Where the instance or cluster of a storage is to be looked for. */
export interface Lead {
  storage: string
  region: string
  port: number
  /** the names that it may have as its endpoint */
  names: readonly string[]
}

/** What of a kind has to be known to look for one. */
type Sought<One extends Kept> = Pick<
  RelationalKind<One, never>,
  'endpoint' | 'noun' | 'otherEndpoint' | 'seek' | 'service' | 'serviceTitle'
>

/**
 * Where to look for what a storage is on, by its host and what that is an alias of. Where no name tells the region it
 * is the pod's own.
 * @throws Failure where it is an endpoint of another kind, or none; the signal's reason
 */
export async function leadOf(
  kind: Pick<Sought<Kept>, 'endpoint' | 'otherEndpoint' | 'service'>,
  settings: StorageSettings,
  signal: AbortSignal,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Lead> {
  const { storage } = settings
  const { host, port } = oneServerOf(settings, kind.service)
  const names = await namesOf(host, isEndpoint, signal)
  const endpoints = names.flatMap((name) => readEndpoint(name) ?? [])
  const other = endpoints.find(({ of }) => of !== kind.endpoint)
  if (other !== undefined) {
    const { why, next } = kind.otherEndpoint(other.of)
    throw notOf(kind, storage, `${names.at(-1)} is ${why}`, next)
  }
  const region = endpoints[0]?.region ?? env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION']
  if (region === undefined)
    throw notOf(kind, storage, `${names.join(', an alias of ')} is no endpoint of RDS, and AWS_REGION is not set`)
  return { storage, region, port, names }
}

/** The one whose endpoint a storage names. @throws Failure where the account has none; an error of RDS */
export async function findByLead<One extends Kept>(kind: Sought<One>, client: RDSClient, lead: Lead): Promise<One> {
  const { storage, region, port, names } = lead
  const found = await kind.seek(client, names, port)
  if (found !== undefined) return found
  throw notOf(
    kind,
    storage,
    `no DB ${kind.noun} of the worker's account in ${region} has the endpoint ${names.join(' or ')}, port ${port}`,
  )
}

/** The same with a client of its own, for whoever asks once; undefined where there is none. */
export async function findOnce<One extends Kept>(
  kind: Sought<One>,
  { region, names, port }: Lead,
  patienceMs: number,
  signal: AbortSignal,
): Promise<One | undefined> {
  const client = openClient(region, { patienceMs, signal })
  try {
    return await kind.seek(client, names, port)
  } finally {
    client.destroy()
  }
}

function notOf({ service }: Pick<Sought<Kept>, 'service'>, storage: string, why: string, next?: string): Failure {
  return new Failure({
    what: `storage "${storage}" is not known to be on ${service}`,
    why,
    next:
      next ??
      'check scalar.db.contact_points and the account of the role that the ServiceAccount has, ' +
        'or omit --managed for a dump',
  })
}
