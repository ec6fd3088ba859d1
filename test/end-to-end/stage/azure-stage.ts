import { CosmosDBManagementClient } from '@azure/arm-cosmosdb'
import { CosmosClient } from '@azure/cosmos'
import type { Call } from '../../stand-ins/azure/call.ts'
import { azureInCluster } from '../../stand-ins/azure/objects.ts'
import type { AzureChanges } from '../../stand-ins/azure/settings.ts'
import { trustOf } from '../../stand-ins/cloud/objects.ts'
import { charts } from '../../stand-ins/ledger/release/chart.ts'
import { ledgerRelease } from '../../stand-ins/ledger/release/objects.ts'
import { cosmos } from '../../stand-ins/ledger/release/release-properties.ts'
import { createAccount, group, subscription } from '../../unit/stand-ins/azure/clients.ts'
import { openAzureCloud, workerIdentity, type AzureCloud, type Role } from './clouds/azure-cloud.ts'
import type { LedgerStage, LedgerStageOptions } from './ledger-stage.ts'
import { ground, Stage, type TestGround } from './stage.ts'

/** The account that the release keeps everything in. */
export const accountInService = 'ledger'

export interface AzureStageOptions extends Omit<LedgerStageOptions, 'storage' | 'server'> {
  settings?: AzureChanges
  /** what the worker's identity may do */
  roles: Role[]
}

/** The stand-in of Azure in a namespace, as this machine reaches it; pods go to `https://azure:8443`. */
export interface AzureOfStage {
  client: CosmosDBManagementClient
  /** the data plane of an account */
  data(account: string): Promise<CosmosClient>
  /** what comes with a private endpoint in somebody's network */
  connectPrivateEndpoint(account: string, privateEndpoint: string): Promise<void>
  calls(): Promise<Call[]>
}

/** A Ledger release in an account of Cosmos DB, all serving, and what `kubectl scalardl install` makes. */
export interface AzureStage extends LedgerStage {
  azure: AzureOfStage
  /** flags by which a worker finds the Resource Manager, which no endpoint's name tells here */
  flags: string[]
  /** the Secret and its key by which the release is let into an account */
  keySecret: { name: string; key: string }
  close(): Promise<void>
}

const keyVariable = 'LEDGER_COSMOS_KEY'

function reach({ azure: { endpoint }, credential, calls }: AzureCloud): AzureOfStage & { close(): void } {
  const client = new CosmosDBManagementClient(credential, subscription, { endpoint })
  const opened: CosmosClient[] = []
  return {
    client,
    async data(account) {
      const { primaryMasterKey: key = '' } = await client.databaseAccounts.listKeys(group, account)
      const data = new CosmosClient({
        endpoint: `${endpoint}/accounts/${account}/`,
        key,
        // The account tells the address that pods have.
        connectionPolicy: { enableEndpointDiscovery: false },
      })
      opened.push(data)
      return data
    },
    async connectPrivateEndpoint(account, privateEndpoint) {
      const body = JSON.stringify({ account, privateEndpoint, status: 'Approved' })
      const response = await fetch(`${endpoint}/_control/private-endpoints`, { method: 'POST', body })
      if (!response.ok) throw new Error(await response.text())
    },
    calls,
    close: () => opened.forEach((data) => data.dispose()),
  }
}

/**
 * Opens a namespace with the stand-in `azure`, the webhook that gives pods their identity of Azure, and a release `my`
 * that keeps everything in an account of it.
 */
export async function openAzureStage(
  namespace: string,
  options: AzureStageOptions,
  on: TestGround = ground(),
): Promise<AzureStage> {
  const { settings = {}, roles, replicas = 2, standIn = {}, release: name = 'my' } = options
  const stage = new Stage(namespace, on)
  await stage.open(options.labels)
  const cloud = await openAzureCloud(stage, roles, { restorableLagMs: 500_000, ...settings })
  const azure = reach(cloud)
  const close = async () => {
    azure.close()
    await cloud.close()
    await stage.close()
  }
  try {
    const { documentEndpoint = '' } = await createAccount(azure, accountInService, {
      consistencyPolicy: { defaultConsistencyLevel: 'Strong' },
      tags: { team: 'ledger' },
      ipRules: [{ ipAddressOrRange: '203.0.113.0/24' }],
    })
    const { primaryMasterKey: key = '' } = await azure.client.databaseAccounts.listKeys(group, accountInService)
    const keySecret = { name: `${name}-database`, key: keyVariable }
    const release = ledgerRelease({
      release: name,
      namespace,
      replicas,
      image: stage.images.ledger,
      properties: cosmos(documentEndpoint, { username: '', password: keyVariable }),
      secret: { name: keySecret.name, values: { [keySecret.key]: key } },
      // No TLS of its own: the CA of the account is mounted where the chart mounts certificates.
      tls: { secretName: trustOf('azure') },
      standIn: { STAND_IN_WORKERS: '2', NODE_EXTRA_CA_CERTS: `${charts.ledger.tlsFolder}/ca.crt`, ...standIn },
      ...options.more,
    })
    await stage.apply(release.objects)
    const deployment = `deployment/${release.deployment}`
    await stage.rolledOut(deployment)
    await stage.succeeds(['install', ...workerIdentity])
    const place = ['--env', `AZURE_RESOURCE_MANAGER_ENDPOINT=${azureInCluster('azure')}`]
    return { stage, release, deployment, azure, flags: place, keySecret, close }
  } catch (error) {
    await close()
    throw error
  }
}
