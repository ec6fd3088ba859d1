import {
  DescribeDBInstancesCommand,
  paginateDescribeDBInstances,
  type DBInstance,
  type RDSClient,
} from '@aws-sdk/client-rds'
import { nameOf } from '../../aws/sdk-retries.ts'
import type { Kept, Tag } from './relational-kind.ts'

/** A DB instance, of its own or of a cluster. */
export interface Instance extends Kept {
  /** as DescribeDBInstances tells it */
  told: DBInstance
}

/** What RDS tells of an instance; undefined for an answer that lacks what each has. */
export function keptInstance(told: DBInstance | undefined): Instance | undefined {
  const { DBInstanceIdentifier: name, DbiResourceId: resourceId, DBInstanceArn: arn, Endpoint } = told ?? {}
  if (told === undefined || name === undefined || resourceId === undefined || arn === undefined) return undefined
  const { Address: host, Port: port } = Endpoint ?? {}
  return {
    name,
    resourceId,
    arn,
    status: told.DBInstanceStatus ?? 'unknown',
    server: host === undefined || port === undefined ? undefined : { host: host.toLowerCase(), port },
    network: told.DBSubnetGroup?.VpcId,
    retentionDays: told.BackupRetentionPeriod ?? 0,
    isProtected: told.DeletionProtection === true,
    tags: tagsOf(told.TagList),
    told,
  }
}

/** Tags as they are told, each whole. */
export function tagsOf(list: readonly { Key?: string | undefined; Value?: string | undefined }[] = []): Tag[] {
  return list.map(({ Key = '', Value = '' }) => ({ Key, Value }))
}

/** Tags that a restore may give again, in the order of their keys: nobody may set those of AWS itself. */
export function settableTags(tags: readonly Tag[]): Tag[] {
  return tags.filter(({ Key }) => !Key.startsWith('aws:')).toSorted((a, b) => (a.Key < b.Key ? -1 : 1))
}

/** The instance of that name; undefined where there is none. */
export async function lookAtInstance(client: RDSClient, name: string): Promise<Instance | undefined> {
  try {
    const { DBInstances = [] } = await client.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: name }))
    return keptInstance(DBInstances[0])
  } catch (error) {
    if (nameOf(error) === 'DBInstanceNotFoundFault') return undefined
    throw error
  }
}

/** The instance whose endpoint this is, or whose names these are; undefined where the account has none. */
export async function seekInstance(
  client: RDSClient,
  names: readonly string[],
  port: number,
): Promise<Instance | undefined> {
  for await (const { DBInstances = [] } of paginateDescribeDBInstances({ client }, {}))
    for (const one of DBInstances.flatMap((told) => keptInstance(told) ?? []))
      if (one.server !== undefined && names.includes(one.server.host) && one.server.port === port) return one
  return undefined
}
