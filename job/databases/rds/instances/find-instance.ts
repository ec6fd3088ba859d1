// Room: DB instances: found by their endpoints, looked at, and all that can be set of them.
// Read find-instance, look, settings.

import { paginateDescribeDBInstances, type DBInstance, type RDSClient } from '@aws-sdk/client-rds'
import { Failure } from '../../../../operation/failure.ts'
import type { StorageSettings } from '../../../scalardb/storage-settings.ts'
import { namesOf } from '../../managed-server/server.ts'
import { isEndpoint, readEndpoint, serverOf } from '../access.ts'
import { openClient } from '../client.ts'

/** Where an instance of a storage is to be looked for. */
export interface Lead {
  storage: string
  region: string
  port: number
  /** the names that it may have as its endpoint */
  names: readonly string[]
}

/** An instance, and where it is. */
export interface Found {
  region: string
  instance: Instance
}

/** What every instance has. */
export type Instance = DBInstance & { DBInstanceIdentifier: string; DbiResourceId: string; DBInstanceArn: string }

/**
 * Where to look for the instance of a storage, by its host and what that is an alias of. Where no name tells the region
 * it is the pod's own.
 * @throws Failure where it is no endpoint of an instance; the signal's reason
 */
export async function leadOf(
  settings: StorageSettings,
  signal: AbortSignal,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Lead> {
  const { storage } = settings
  const { host, port } = serverOf(settings)
  const names = await namesOf(host, isEndpoint, signal)
  const endpoints = names.flatMap((name) => readEndpoint(name) ?? [])
  if (endpoints.some(({ isInstance }) => !isInstance))
    throw notInstance(
      storage,
      `${names.at(-1)} is of a cluster of Aurora or of a proxy, which this version cannot restore`,
    )
  const region = endpoints[0]?.region ?? env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION']
  if (region === undefined)
    throw notInstance(storage, `${names.join(', an alias of ')} is no endpoint of RDS, and AWS_REGION is not set`)
  return { storage, region, port, names }
}

/** The instance whose endpoint a storage names. @throws Failure where the account has none; an error of RDS */
export async function findInstance(client: RDSClient, lead: Lead): Promise<Found> {
  const found = await seekInstance(client, lead)
  if (found !== undefined) return found
  const { storage, region, port, names } = lead
  throw notInstance(
    storage,
    `no DB instance of the worker's account in ${region} has the endpoint ${names.join(' or ')}, port ${port}`,
  )
}

async function seekInstance(client: RDSClient, { region, port, names }: Lead): Promise<Found | undefined> {
  for await (const { DBInstances = [] } of paginateDescribeDBInstances({ client }, {}))
    for (const one of DBInstances.map(asInstance)) {
      const address = one?.Endpoint?.Address?.toLowerCase()
      if (one !== undefined && address !== undefined && names.includes(address) && one.Endpoint?.Port === port)
        return { region, instance: one }
    }
  return undefined
}

/** The same with a client of its own, for whoever asks once; undefined where there is none. */
export async function findOnce(lead: Lead, patienceMs: number, signal: AbortSignal): Promise<Found | undefined> {
  const client = openClient(lead.region, { patienceMs, signal })
  try {
    return await seekInstance(client, lead)
  } finally {
    client.destroy()
  }
}

/** An instance with what each has; undefined for an answer that lacks it. */
export function asInstance(one: DBInstance | undefined): Instance | undefined {
  const { DBInstanceIdentifier, DbiResourceId, DBInstanceArn } = one ?? {}
  if (DBInstanceIdentifier === undefined || DbiResourceId === undefined || DBInstanceArn === undefined) return undefined
  return { ...one, DBInstanceIdentifier, DbiResourceId, DBInstanceArn }
}

function notInstance(storage: string, why: string): Failure {
  return new Failure({
    what: `storage "${storage}" is not known to be on an instance of RDS`,
    why,
    next:
      'check scalar.db.contact_points and the account of the role that the ServiceAccount has, ' +
      'or omit --managed for a dump',
  })
}
