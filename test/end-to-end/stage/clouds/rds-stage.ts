// Room: clouds in a namespace, and releases on servers that they run, with a real PostgreSQL or MariaDB behind each.
// Read rds-stage, rds-rights, azure-cloud, flexible-server-stage, restored-flexible-server.

import { RDS } from '@aws-sdk/client-rds'
import type { Call } from '../../../stand-ins/aws/call.ts'
import { awsPort, rdsInCluster, rdsServer, roleWebhook } from '../../../stand-ins/aws/objects.ts'
import { endpointsAt } from '../../../stand-ins/aws/aws.ts'
import { makeCertificates } from '../../../stand-ins/ledger/release/certificates.ts'
import { ledgerRelease } from '../../../stand-ins/ledger/release/objects.ts'
import { singleStorage, templates } from '../../../stand-ins/ledger/release/release-properties.ts'
import {
  createCluster,
  describeCluster,
  restorableCluster,
  unusualCluster,
} from '../../../unit/stand-ins/aws/clusters.ts'
import { createInstance, describe, masterLogin, restorable, unusual } from '../../../unit/stand-ins/aws/instances.ts'
import { trust } from '../../../unit/stand-ins/azure/clients.ts'
import type { LedgerStage } from '../ledger-stage.ts'
import type { Run } from '../plugin.ts'
import { forwarded } from '../port-forward.ts'
import { ground, Stage, type TestGround } from '../stage.ts'

const region = 'eu-west-1'
const account = '123456789012'
/** The role that the ServiceAccount of workers may take. */
export const workerRole = `arn:aws:iam::${account}:role/scalardl-backup`
const testKey = { accessKeyId: 'AKIDTEST', secretAccessKey: 'of the test' }

/** The DB instance or cluster that the release keeps everything in. */
export const inService = 'ledger'
/** The Secret that the release has the URL of its database from, and its key. */
export const urlSecret = 'my-database'
export const urlKey = 'LEDGER_URL'

/** What RDS calls a database, with every setting another than the usual one. */
interface Relational {
  /** makes one that can be brought back */
  make(client: RDS, id: string): Promise<unknown>
  /** where it takes writes, as HOST:PORT */
  endpointOf(client: RDS, id: string): Promise<string>
}

/** An instance of RDS. */
export const anInstance: Relational = {
  async make(client, id) {
    await createInstance(client, id, unusual)
    await restorable(client, id, new Date(0))
    const role = { RoleArn: `arn:aws:iam::${account}:role/export`, FeatureName: 's3Export' }
    await client.addRoleToDBInstance({ DBInstanceIdentifier: id, ...role })
  },
  async endpointOf(client, id) {
    const { Endpoint: { Address, Port } = {} } = (await describe(client, id)) ?? {}
    return `${Address}:${Port}`
  },
}

/** A cluster of Aurora with a writer and two readers. */
export const aCluster: Relational = {
  async make(client, id) {
    await createCluster(client, id, unusualCluster)
    const endpoint = { DBClusterEndpointIdentifier: 'reports', EndpointType: 'READER' }
    await client.createDBClusterEndpoint({ DBClusterIdentifier: id, ...endpoint })
    await restorableCluster(client, id, new Date(0))
  },
  async endpointOf(client, id) {
    const { Endpoint, Port } = (await describeCluster(client, id)) ?? {}
    return `${Endpoint}:${Port}`
  },
}

/** A Ledger release in an instance or a cluster, all serving, and what `kubectl scalardl install` makes. */
export interface RdsStage extends LedgerStage {
  /** with all rights, as this machine reaches the stand-in */
  client: RDS
  calls(): Promise<Call[]>
  /** the URL by which the release reaches an instance or a cluster */
  urlOf(id: string): Promise<string>
  /**
   * Runs `kubectl scalardl` with flags by which a worker finds RDS and STS, whose names lead elsewhere.
   * @throws Error with what the plugin said where it fails; asserts before the first test would end them all
   */
  scalardl(...args: string[]): Promise<Run>
  /** what a Secret of the namespace holds */
  secretText(name: string): Promise<Record<string, string>>
  close(): Promise<void>
}

/**
 * Opens a namespace with the stand-in `aws`, the webhook that gives workers their role, and a release `my` that keeps
 * everything in an instance or a cluster called `ledger`.
 */
export async function openRdsStage(
  namespace: string,
  relational: Relational,
  on: TestGround = ground(),
): Promise<RdsStage> {
  const stage = new Stage(namespace, on)
  await stage.open()
  const certificates = await makeCertificates(['aws', `aws.${namespace}.svc`, 'localhost', '127.0.0.1'])
  const subject = `system:serviceaccount:${namespace}:kubectl-scalardl`
  const settings = {
    homeRegion: region,
    restorableLagMs: 1_000,
    keys: { [testKey.accessKeyId]: { account, secret: testKey.secretAccessKey } },
    roles: { [workerRole]: { trustPolicy: { ...(await stage.tokenIssuer()), subject } } },
  }
  const of = { name: 'aws', namespace, certificates }
  await stage.apply(rdsServer({ ...of, image: stage.images.aws, settings }))
  await stage.rolledOut('deployment/aws')
  const webhook = roleWebhook(of)
  await stage.apply([webhook])
  trust(certificates.ca)
  const forward = await forwarded(stage, 'deployment/aws', awsPort)
  const own = `https://127.0.0.1:${forward.port}`
  const client = new RDS({ endpoint: endpointsAt(own).rdsEndpoint, region, credentials: testKey })
  const close = async () => {
    client.destroy()
    forward.close()
    await stage.kubectl(['delete', 'mutatingwebhookconfiguration', webhook.metadata?.name ?? '', '--ignore-not-found'])
    await stage.close()
  }
  try {
    const urlOf = async (id: string) => `jdbc:postgresql://${await relational.endpointOf(client, id)}/postgres`
    await relational.make(client, inService)
    const variables = { username: 'HELM_SCALAR_DB_USERNAME', password: 'LEDGER_PASSWORD' }
    const properties = singleStorage({ server: 'database', database: '' }, variables)
    const release = ledgerRelease({
      release: 'my',
      namespace,
      replicas: 2,
      image: stage.images.ledger,
      properties: properties.replace(/jdbc:.*/, templates.environment(urlKey)),
      database: { username: masterLogin.MasterUsername, password: 'not this one' },
      secret: {
        name: urlSecret,
        values: { [urlKey]: await urlOf(inService), LEDGER_PASSWORD: masterLogin.MasterUserPassword },
      },
      standIn: { STAND_IN_WORKERS: '2' },
    })
    await stage.apply(release.objects)
    const deployment = `deployment/${release.deployment}`
    await stage.rolledOut(deployment)
    const identity = ['--service-account-annotation', `eks.amazonaws.com/role-arn=${workerRole}`]
    await stage.succeeds(['install', '--repoint-secret', urlSecret, ...identity])
    const { rdsEndpoint, stsEndpoint } = rdsInCluster('aws')
    const endpoints = { AWS_ENDPOINT_URL_RDS: rdsEndpoint, AWS_ENDPOINT_URL_STS: stsEndpoint }
    const flags = Object.entries(endpoints).flatMap(([name, value]) => ['--env', `${name}=${value}`])
    return {
      stage,
      release,
      deployment,
      client,
      calls: async () => (await (await fetch(`${own}/_control/calls`)).json()) as Call[],
      urlOf,
      scalardl: (...args) => stage.succeeds([...args, ...flags]),
      async secretText(name) {
        const { data = {} } = await stage.get<{ data?: Record<string, string> }>(['secret', name])
        return Object.fromEntries(
          Object.entries(data).map(([key, text]) => [key, Buffer.from(text, 'base64').toString()]),
        )
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}
