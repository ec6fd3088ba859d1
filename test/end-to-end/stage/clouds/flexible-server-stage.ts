import { logDelayVariable } from '../../../../job/databases/azure-flexible/servers/window.ts'
import { azureInCluster } from '../../../stand-ins/azure/objects.ts'
import { ledgerRelease } from '../../../stand-ins/ledger/release/objects.ts'
import { singleStorage } from '../../../stand-ins/ledger/release/release-properties.ts'
import type { Tried } from '../../../unit/job/databases/azure-flexible/server-world.ts'
import { serverLogin } from '../../../unit/stand-ins/azure/flexible-servers.ts'
import type { LedgerStage } from '../ledger-stage.ts'
import { ground, Stage, type TestGround } from '../stage.ts'
import { openAzureCloud, workerIdentity, type AzureCloud, type Role } from './azure-cloud.ts'

/** The flexible server that the release keeps everything in. */
export const serverInService = 'ledger'

/** A Ledger release on a flexible server, all serving, and what `kubectl scalardl install` makes. */
export interface FlexibleServerStage extends LedgerStage {
  cloud: AzureCloud
  /** flags by which a worker finds the Resource Manager */
  flags: string[]
  close(): Promise<void>
}

/**
 * Opens a namespace with the stand-in `azure`, and a release `my` that keeps everything on a server with every setting
 * another than the usual one.
 * @param tried what its servers run
 * @param roles of the worker's identity
 */
export async function openFlexibleServerStage(
  namespace: string,
  { create, scheme }: Tried,
  roles: Role[],
  on: TestGround = ground(),
): Promise<FlexibleServerStage> {
  const stage = new Stage(namespace, on)
  await stage.open()
  // Ten times as fast as in unit tests. The log is in the backup a tenth of a second late, and the worker waits longer.
  const cloud = await openAzureCloud(stage, roles, { timeScale: 10_000, serverLogLagMs: 1_000_000 })
  const environment = {
    AZURE_RESOURCE_MANAGER_ENDPOINT: azureInCluster('azure'),
    [logDelayVariable]: '1000',
  }
  const close = async () => {
    await cloud.close()
    await stage.close()
  }
  try {
    const { fullyQualifiedDomainName: host = '', databasePort } = (await create(cloud, serverInService)).properties
    const server = typeof databasePort === 'number' ? `${host}:${databasePort}` : host
    // MySQL has a schema for each namespace, in no database.
    const database = scheme === 'mysql' ? '' : 'postgres'
    const variables = { username: 'HELM_SCALAR_DB_USERNAME', password: 'LEDGER_PASSWORD' }
    const release = ledgerRelease({
      release: 'my',
      namespace,
      replicas: 2,
      image: stage.images.ledger,
      properties: singleStorage({ scheme, server, database }, variables),
      database: { username: serverLogin.username, password: 'not this one' },
      secret: { name: 'my-database', values: { LEDGER_PASSWORD: serverLogin.password } },
      standIn: { STAND_IN_WORKERS: '2' },
    })
    await stage.apply(release.objects)
    const deployment = `deployment/${release.deployment}`
    await stage.rolledOut(deployment)
    await stage.succeeds(['install', ...workerIdentity])
    const flags = Object.entries(environment).flatMap(([name, value]) => ['--env', `${name}=${value}`])
    return { stage, release, deployment, cloud, flags, close }
  } catch (error) {
    await close()
    throw error
  }
}
