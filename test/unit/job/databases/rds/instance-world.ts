import type { DBInstance, RDS } from '@aws-sdk/client-rds'
import { startPostgresql, type LocalPostgresql } from '../../../../stand-ins/postgresql/local-server.ts'
import type { InstanceServers } from '../../../../stand-ins/aws/relational/instance.ts'
import type { AwsChanges } from '../../../../stand-ins/aws/settings.ts'
import type { Aws } from '../../../../stand-ins/aws/aws.ts'
import type { Test } from 'tap'
import { rds } from '../../../../../job/databases/rds/rds.ts'
import { restoreTag } from '../../../../../job/databases/aws-relational/restore/ownership.ts'
import { scaleRates } from '../../../../../job/aws/rate-limits.ts'
import type { StorageSettings } from '../../../../../job/scalardb/storage-settings.ts'
import type { DatabaseBackup } from '../../../../../operation/record.ts'
import { createInstance, describe, openRds, restorable, unusual } from '../../../stand-ins/aws/instances.ts'
import { storageOf, type TrialContext } from '../database-conformance.ts'

/** An instance with every setting another than the usual one. */
export interface World {
  aws: Aws
  client: RDS
  name: string
  settings: StorageSettings[]
  context(operation: string, more?: Partial<TrialContext>): TrialContext
  /** names of all instances there are */
  instances(): Promise<string[]>
}

/** What points the SDK to the stand-in, as a pod's environment would; every test file is a process of its own. */
export function pointSdk({ rdsEndpoint }: Aws): void {
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_RDS: rdsEndpoint,
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'secret',
  })
}

/**
 * Its database is a PostgreSQL that is not restored: what is looked at here are settings.
 * @param later host of instances that are made after the one in service
 */
export async function openWorld(t: Test, changes: AwsChanges = {}, later = '127.0.0.3'): Promise<World> {
  // What the stand-in does takes no minutes.
  scaleRates(20)
  const server = await startPostgresql()
  t.teardown(() => server.stop())
  const { aws, client } = await openRds(t, { restorableLagMs: 0, ...changes }, settingsAlone(server, later))
  pointSdk(aws)
  const name = 'ledger'
  await createInstance(client, name, { ...unusual, StorageEncrypted: true })
  await client.addRoleToDBInstance({
    DBInstanceIdentifier: name,
    RoleArn: 'arn:aws:iam::123456789012:role/export',
    FeatureName: 's3Export',
  })
  await restorable(client, name, new Date(0))
  const { context } = storageOf(t)
  return {
    aws,
    client,
    name,
    settings: [storage(`jdbc:postgresql://${server.host}:${server.port}/postgres`, server)],
    context: (operation, more) => ({ ...context(operation), flags: { managed: 'rds' }, ...more }),
    async instances() {
      const { DBInstances = [] } = await client.describeDBInstances()
      return DBInstances.map(({ DBInstanceIdentifier = '' }) => DBInstanceIdentifier).sort()
    },
  }
}

function settingsAlone({ host, port }: LocalPostgresql, later: string): InstanceServers {
  const stop = () => Promise.resolve()
  let made = 0
  return {
    // The first is the one in service.
    create: () => Promise.resolve({ host: made++ === 0 ? host : later, port, stop }),
    restore: () => Promise.resolve({ host: '127.0.0.2', port, stop }),
  }
}

export function storage(
  contactPoints: string,
  { superuser, password }: Pick<LocalPostgresql, 'superuser' | 'password'>,
): StorageSettings {
  return {
    storage: 'ledger/default',
    kind: 'jdbc',
    contactPoints,
    contactPort: undefined,
    username: superuser,
    password,
    releaseUsername: undefined,
    namespaces: undefined,
    property: () => undefined,
  }
}

/** A backup that was taken without a pause: in a test nobody writes meanwhile. */
export async function backedUp(world: World): Promise<DatabaseBackup> {
  const source = rds.openBackup(world.settings, world.context('backup-a'))
  const errors = (await source.preflight()).filter(({ outcome }) => outcome === 'error')
  if (errors.length > 0) throw new Error(`the backup is refused: ${JSON.stringify(errors)}`)
  await source.prepare()
  await source.snapshot()
  const entry = JSON.parse(JSON.stringify(await source.complete('name/db'))) as DatabaseBackup
  await source.close()
  return entry
}

/** What every instance has of its own. */
const own = new Set([
  'DBInstanceIdentifier',
  'DbiResourceId',
  'DBInstanceArn',
  'InstanceCreateTime',
  'LatestRestorableTime',
  'Endpoint',
  'DBInstanceStatus',
])

/** All that there is to know of an instance, read by the test's own client; without what differs in every one. */
export async function toldOf({ client }: Pick<World, 'client'>, name: string): Promise<Partial<DBInstance>> {
  const one = (await describe(client, name)) ?? {}
  const TagList = (one.TagList ?? [])
    .filter(({ Key }) => Key !== restoreTag)
    .sort(({ Key: a = '' }, { Key: b = '' }) => (a < b ? -1 : 1))
  return Object.fromEntries(Object.entries({ ...one, TagList }).filter(([key]) => !own.has(key)))
}
