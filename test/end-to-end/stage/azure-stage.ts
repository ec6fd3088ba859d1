import { CosmosDBManagementClient } from '@azure/arm-cosmosdb'
import { CosmosClient } from '@azure/cosmos'
import { WorkloadIdentityCredential } from '@azure/identity'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Call } from '../../stand-ins/azure/call.ts'
import { serviceAccountToken } from '../../stand-ins/azure/identity/tokens.ts'
import { azureInCluster, azurePort, azureServer, identityWebhook, trustOf } from '../../stand-ins/azure/objects.ts'
import type { AzureChanges } from '../../stand-ins/azure/settings.ts'
import { makeCertificates } from '../../stand-ins/ledger/release/certificates.ts'
import { charts } from '../../stand-ins/ledger/release/chart.ts'
import { ledgerRelease } from '../../stand-ins/ledger/release/objects.ts'
import { cosmos } from '../../stand-ins/ledger/release/release-properties.ts'
import { createAccount, group, subscription, tenant, trust } from '../../unit/stand-ins/azure/clients.ts'
import type { LedgerStage, LedgerStageOptions } from './ledger-stage.ts'
import { forwarded } from './port-forward.ts'
import { ground, Stage, type TestGround } from './stage.ts'

/** Client ids of the worker's identity, and of this test's own. */
export const azureClients = {
  worker: 'c11e0000-0000-4000-8000-000000000003',
  test: 'c11e0000-0000-4000-8000-000000000004',
}

/** The account that the release keeps everything in. */
export const accountInService = 'ledger'

/** What an identity may do, and where: an id that what is acted on begins with. */
interface Role {
  scope: string
  actions: string[]
}

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

/** What a cluster publishes for those who verify tokens of its ServiceAccounts, as Entra ID does. */
async function issuerOf(stage: Stage): Promise<{ issuer: string; keys: Record<string, string>[] }> {
  const read = async <T>(path: string) => JSON.parse(await stage.kubectl(['get', '--raw', path])) as T
  const { issuer } = await read<{ issuer: string }>('/.well-known/openid-configuration')
  const { keys } = await read<{ keys: Record<string, string>[] }>('/openid/v1/jwks')
  return { issuer, keys }
}

async function reach(stage: Stage, ca: string): Promise<AzureOfStage & { close(): Promise<void> }> {
  trust(ca)
  const forward = await forwarded(stage, 'deployment/azure', azurePort)
  const endpoint = `https://127.0.0.1:${forward.port}`
  const folder = await mkdtemp(join(tmpdir(), 'azure-stage-'))
  const tokenFilePath = join(folder, 'token')
  await writeFile(tokenFilePath, serviceAccountToken('tests', 'tester'))
  const credential = new WorkloadIdentityCredential({
    tenantId: tenant,
    clientId: azureClients.test,
    tokenFilePath,
    authorityHost: endpoint,
    disableInstanceDiscovery: true,
  })
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
    calls: async () => (await (await fetch(`${endpoint}/_control/calls`)).json()) as Call[],
    async close() {
      for (const data of opened) data.dispose()
      forward.close()
      await rm(folder, { recursive: true, force: true })
    },
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
  const certificates = await makeCertificates(['azure', `azure.${namespace}.svc`, 'localhost', '127.0.0.1'])
  const worker = { tenant, subject: `system:serviceaccount:${namespace}:kubectl-scalardl`, roles }
  const identities = {
    [azureClients.worker]: { ...worker, ...(await issuerOf(stage)) },
    [azureClients.test]: { tenant, subject: 'system:serviceaccount:tests:tester' },
  }
  const asked = { identities, restorableLagMs: 500_000, ...settings }
  await stage.apply(azureServer({ name: 'azure', namespace, image: stage.images.azure, certificates, settings: asked }))
  await stage.rolledOut('deployment/azure')
  const webhook = identityWebhook({ name: 'azure', namespace, certificates })
  await stage.apply([webhook])
  const azure = await reach(stage, certificates.ca)
  const close = async () => {
    await azure.close()
    await stage.kubectl(['delete', 'mutatingwebhookconfiguration', webhook.metadata?.name ?? '', '--ignore-not-found'])
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
    const identity = ['--service-account-annotation', `azure.workload.identity/client-id=${azureClients.worker}`]
    const installed = await stage.scalardl(['install', ...identity])
    if (installed.code !== 0) throw new Error(`install: ${installed.stderr}`)
    const place = ['--env', `AZURE_RESOURCE_MANAGER_ENDPOINT=${azureInCluster('azure')}`]
    return { stage, release, deployment, azure, flags: place, keySecret, close }
  } catch (error) {
    await close()
    throw error
  }
}
