import type { DBCluster, DBInstance, RDS } from '@aws-sdk/client-rds'
import type { Test } from 'tap'
import { aurora } from '../../../../../job/databases/aurora/aurora.ts'
import { restoreTag } from '../../../../../job/databases/aws-relational/restore/ownership.ts'
import { scaleRates } from '../../../../../job/aws/rate-limits.ts'
import type { StorageSettings } from '../../../../../job/scalardb/storage-settings.ts'
import type { DatabaseBackup } from '../../../../../operation/record.ts'
import type { OperationRequest } from '../../../../../operation/request.ts'
import type { Aws } from '../../../../stand-ins/aws/aws.ts'
import type { InstanceServers } from '../../../../stand-ins/aws/relational/instance.ts'
import type { AwsChanges } from '../../../../stand-ins/aws/settings.ts'
import { startPostgresql, type LocalPostgresql } from '../../../../stand-ins/postgresql/local-server.ts'
import { createCluster, describeCluster, restorableCluster, unusualCluster } from '../../../stand-ins/aws/clusters.ts'
import { openRds } from '../../../stand-ins/aws/instances.ts'
import { storageOf, type TrialContext } from '../database-conformance.ts'
import { pointSdk, storage, toldOf as toldOfInstance } from '../rds/instance-world.ts'
import type { Make } from '../rds/release-stage.ts'

/** A cluster of three instances, with every setting another than the usual one. */
export interface World {
  aws: Aws
  client: RDS
  name: string
  settings: StorageSettings[]
  context(operation: string, more?: Partial<TrialContext>): TrialContext
  /** names of all clusters there are */
  clusters(): Promise<string[]>
  /** names of all instances there are, of whichever cluster */
  instances(): Promise<string[]>
}

/** As `--managed aurora` asks for it; a restore has it from its backup. */
export const onAurora = <R extends OperationRequest>(request: R): R => ({
  ...request,
  target: { ...request.target, databases: { managed: 'aurora' } },
})

/** A cluster for a release to be on. */
export const clusterWith =
  (Engine: 'aurora-postgresql' | 'aurora-mysql'): Make =>
  async (client, port) => {
    const { Endpoint = '' } = await createCluster(client, 'ledger', { ...unusualCluster, Engine, Port: port })
    await restorableCluster(client, 'ledger', new Date(0))
    return Endpoint
  }

/** Its database is a PostgreSQL that is not restored: what is looked at here are settings. */
export async function openWorld(t: Test, changes: AwsChanges = {}): Promise<World> {
  // What the stand-in does takes no minutes.
  scaleRates(20)
  const server = await startPostgresql()
  t.teardown(() => server.stop())
  const { aws, client } = await openRds(t, { restorableLagMs: 0, ...changes }, settingsAlone(server))
  pointSdk(aws)
  const name = 'ledger'
  await createCluster(client, name, { ...unusualCluster, Port: server.port, StorageEncrypted: true })
  await restorableCluster(client, name, new Date(0))
  const { context } = storageOf(t)
  const url = `jdbc:postgresql://${server.host}:${server.port}/postgres`
  return {
    aws,
    client,
    name,
    settings: [storage(url, server)],
    context: (operation, more) => ({ ...context(operation), flags: { managed: 'aurora' }, ...more }),
    async clusters() {
      const { DBClusters = [] } = await client.describeDBClusters()
      return DBClusters.map(({ DBClusterIdentifier = '' }) => DBClusterIdentifier).sort()
    },
    async instances() {
      const { DBInstances = [] } = await client.describeDBInstances()
      return DBInstances.map(({ DBInstanceIdentifier = '' }) => DBInstanceIdentifier).sort()
    },
  }
}

function settingsAlone({ host, port }: LocalPostgresql): InstanceServers {
  const stop = () => Promise.resolve()
  let made = 0
  return {
    // The first is the one in service.
    create: () => Promise.resolve({ host: made++ === 0 ? host : '127.0.0.3', port, stop }),
    restore: () => Promise.resolve({ host: '127.0.0.2', port, stop }),
  }
}

/** A backup that was taken without a pause: in a test nobody writes meanwhile. */
export async function backedUp(world: World): Promise<DatabaseBackup> {
  const source = aurora.openBackup(world.settings, world.context('backup-a'))
  const errors = (await source.preflight()).filter(({ outcome }) => outcome === 'error')
  if (errors.length > 0) throw new Error(`the backup is refused: ${JSON.stringify(errors)}`)
  await source.prepare()
  await source.snapshot()
  const entry = JSON.parse(JSON.stringify(await source.complete('name/db'))) as DatabaseBackup
  await source.close()
  return entry
}

/** What every cluster has of its own. */
const own = new Set([
  'DBClusterIdentifier',
  'DbClusterResourceId',
  'DBClusterArn',
  'ClusterCreateTime',
  'EarliestRestorableTime',
  'LatestRestorableTime',
  'Endpoint',
  'ReaderEndpoint',
  'Status',
  'DBClusterMembers',
])

interface Told {
  cluster: Partial<DBCluster>
  /** the writer first, then by tier */
  instances: (Partial<DBInstance> & { takesWrites: boolean })[]
}

/** All that there is to know of a cluster and its instances, read by the test's own client; without what is its own. */
export async function toldOf({ client }: Pick<World, 'client'>, name: string): Promise<Told> {
  const one: DBCluster = (await describeCluster(client, name)) ?? {}
  const TagList = (one.TagList ?? [])
    .filter(({ Key }) => Key !== restoreTag)
    .sort(({ Key: a = '' }, { Key: b = '' }) => (a < b ? -1 : 1))
  const members = (one.DBClusterMembers ?? []).toSorted(
    (a, b) => Number(b.IsClusterWriter) - Number(a.IsClusterWriter) || (a.PromotionTier ?? 1) - (b.PromotionTier ?? 1),
  )
  return {
    cluster: Object.fromEntries(Object.entries({ ...one, TagList }).filter(([key]) => !own.has(key))),
    instances: await Promise.all(
      members.map(async ({ DBInstanceIdentifier = '', IsClusterWriter }) => {
        const told = Object.entries(await toldOfInstance({ client }, DBInstanceIdentifier))
        const kept = Object.fromEntries(told.filter(([key]) => key !== 'DBClusterIdentifier')) as Partial<DBInstance>
        return { ...kept, takesWrites: IsClusterWriter === true }
      }),
    ),
  }
}
