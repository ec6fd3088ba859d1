import {
  DescribeDBClusterAutomatedBackupsCommand,
  DescribeDBClustersCommand,
  paginateDescribeDBClusters,
  paginateDescribeDBInstances,
  type DBCluster,
  type RDSClient,
} from '@aws-sdk/client-rds'
import { Failure } from '../../../operation/failure.ts'
import { nameOf } from '../../aws/sdk-retries.ts'
import { keptInstance, seekInstance, tagsOf, type Instance } from '../aws-relational/kept-instance.ts'
import { pastIn, type Past } from '../aws-relational/past.ts'
import type { Kept } from '../aws-relational/relational-kind.ts'

/** An instance of a cluster. */
export interface Member extends Instance {
  isWriter: boolean
}

/** A cluster with its instances. */
export interface Cluster extends Kept {
  /** as DescribeDBClusters tells it */
  told: DBCluster
  /** the writer first, then by promotion tier and name: in this order they are made again */
  members: readonly Member[]
}

/** The cluster of that name; undefined where there is none. */
export async function lookAtCluster(client: RDSClient, name: string): Promise<Cluster | undefined> {
  try {
    const { DBClusters = [] } = await client.send(new DescribeDBClustersCommand({ DBClusterIdentifier: name }))
    return await withMembers(client, DBClusters[0])
  } catch (error) {
    if (nameOf(error) === 'DBClusterNotFoundFault') return undefined
    throw error
  }
}

/**
 * The cluster whose endpoint this is; undefined where the account has none.
 * @throws Failure where it is the endpoint of a part of one
 */
export async function seekCluster(
  client: RDSClient,
  names: readonly string[],
  port: number,
): Promise<Cluster | undefined> {
  const named = (host: string | undefined) => host !== undefined && names.includes(host.toLowerCase())
  for await (const { DBClusters = [] } of paginateDescribeDBClusters({ client }, {}))
    for (const one of DBClusters) {
      if (one.Port !== port) continue
      if (named(one.Endpoint)) return await withMembers(client, one)
      if (named(one.ReaderEndpoint)) throw notEndpoint(names, 'the reader endpoint', one)
      if (one.CustomEndpoints?.some(named) === true) throw notEndpoint(names, 'a custom endpoint', one)
    }
  const member = await seekInstance(client, names, port)
  const owner = member?.told.DBClusterIdentifier
  if (member === undefined || owner === undefined) return undefined
  throw notEndpoint(names, `the endpoint of instance ${member.name}`, (await lookAtCluster(client, owner))?.told ?? {})
}

function notEndpoint(names: readonly string[], what: string, { DBClusterIdentifier, Endpoint }: DBCluster): Failure {
  return new Failure({
    what: `${names.join(', an alias of ')} cannot be backed up`,
    why: `it is ${what} of cluster ${DBClusterIdentifier}, and does not lead to whichever instance takes writes`,
    next: `have scalar.db.contact_points name the cluster's own endpoint, ${Endpoint ?? 'as the RDS console shows it'}`,
  })
}

/** The past of the very cluster that has this resource id; undefined where nothing is kept of it. */
export async function pastOfCluster(client: RDSClient, resourceId: string): Promise<Past | undefined> {
  const command = new DescribeDBClusterAutomatedBackupsCommand({ DbClusterResourceId: resourceId })
  const { DBClusterAutomatedBackups: kept = [] } = await client.send(command).catch((error: unknown) => {
    if (nameOf(error) === 'DBClusterAutomatedBackupNotFoundFault') return { DBClusterAutomatedBackups: [] }
    throw error
  })
  return pastIn(kept.find(({ DbClusterResourceId }) => DbClusterResourceId === resourceId))
}

/** @returns undefined for an answer that lacks what each has */
async function withMembers(client: RDSClient, told: DBCluster | undefined): Promise<Cluster | undefined> {
  const { DBClusterIdentifier: name, DbClusterResourceId: resourceId, DBClusterArn: arn } = told ?? {}
  if (told === undefined || name === undefined || resourceId === undefined || arn === undefined) return undefined
  const members: Member[] = []
  const writer = told.DBClusterMembers?.find(({ IsClusterWriter }) => IsClusterWriter === true)?.DBInstanceIdentifier
  // By the instances' own word: a cluster tells of one some time after it is asked for.
  const ofIt = { Filters: [{ Name: 'db-cluster-id', Values: [name] }] }
  for await (const { DBInstances = [] } of paginateDescribeDBInstances({ client }, ofIt))
    for (const one of DBInstances.flatMap((each) => keptInstance(each) ?? []))
      if (one.told.DBClusterIdentifier === name) members.push({ ...one, isWriter: one.name === writer })
  const { Endpoint: host, Port: port } = told
  return {
    name,
    resourceId,
    arn,
    status: told.Status ?? 'unknown',
    server: host === undefined || port === undefined ? undefined : { host: host.toLowerCase(), port },
    network: members.flatMap(({ network }) => network ?? [])[0],
    retentionDays: told.BackupRetentionPeriod ?? 1,
    isProtected: told.DeletionProtection === true,
    tags: tagsOf(told.TagList),
    told,
    members: members.toSorted(byOrder),
  }
}

function byOrder(a: Member, b: Member): number {
  if (a.isWriter !== b.isWriter) return a.isWriter ? -1 : 1
  const tiers = (a.told.PromotionTier ?? 1) - (b.told.PromotionTier ?? 1)
  return tiers === 0 ? (a.name < b.name ? -1 : 1) : tiers
}
