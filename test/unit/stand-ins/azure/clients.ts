// Room: the stand-in of Azure, asked by Microsoft's clients and by plain calls.
// Read clients, recorded-shapes, flexible-servers.

import { CosmosDBManagementClient } from '@azure/arm-cosmosdb'
import { CosmosClient } from '@azure/cosmos'
import { WorkloadIdentityCredential } from '@azure/identity'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import type { Test } from 'tap'
import { startAzure, type Azure } from '../../../stand-ins/azure/azure.ts'
import { serviceAccountToken } from '../../../stand-ins/azure/identity/tokens.ts'
import type { ServersWithPast } from '../../../stand-ins/postgresql/servers-with-a-past.ts'
import type { AzureChanges } from '../../../stand-ins/azure/settings.ts'

export const subscription = '5ca1ab1e-0000-4000-8000-000000000001'
export const tenant = '7e4a0000-0000-4000-8000-000000000002'
export const clientId = 'c11e0000-0000-4000-8000-000000000003'
export const group = 'ledgers'

/** As pods trust it by NODE_EXTRA_CA_CERTS; for the whole process, since the clients have no setting for it. */
export function trust(ca: string): void {
  setDefaultCACertificates([...getCACertificates('default'), ca])
}

/** How pods of a ServiceAccount come to a token, with its projected token in a file. */
export async function workloadIdentity(
  t: Pick<Test, 'teardown'>,
  azure: Azure,
  token = serviceAccountToken('shop', 'worker'),
): Promise<{ credential: WorkloadIdentityCredential; tokenFilePath: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'workload-identity-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const tokenFilePath = join(folder, 'token')
  await writeFile(tokenFilePath, token)
  const credential = new WorkloadIdentityCredential({
    tenantId: tenant,
    clientId,
    tokenFilePath,
    authorityHost: azure.endpoint,
    // Azure's own list of clouds does not know this one.
    disableInstanceDiscovery: true,
    retryOptions: { maxRetries: 0 },
  })
  return { credential, tokenFilePath }
}

export interface Opened {
  azure: Azure
  client: CosmosDBManagementClient
  credential: WorkloadIdentityCredential
  tokenFilePath: string
}

/** The stand-in with Microsoft's client of ARM, ended with the test. It makes one attempt unless told otherwise. */
export async function openAzure(
  t: Pick<Test, 'teardown'>,
  settings: AzureChanges = {},
  { retries = 0, database }: { retries?: number; database?: ServersWithPast } = {},
): Promise<Opened> {
  const azure = await startAzure({
    settings,
    ...(database !== undefined && { databases: { postgresql: database, mysql: database } }),
  })
  t.teardown(() => azure.stop())
  trust(azure.ca)
  const { credential, tokenFilePath } = await workloadIdentity(t, azure)
  const client = new CosmosDBManagementClient(credential, subscription, {
    endpoint: azure.endpoint,
    retryOptions: { maxRetries: retries, retryDelayInMs: 1, maxRetryDelayInMs: 5 },
  })
  return { azure, client, credential, tokenFilePath }
}

/** The client asks every 10 ms how far a long operation is. */
export const soon = { updateIntervalInMs: 10 }

/** An account with continuous backup, in West Europe alone unless told otherwise. */
export async function createAccount(
  { client }: Pick<Opened, 'client'>,
  name: string,
  more: object = {},
): ReturnType<typeof client.databaseAccounts.get> {
  return await client.databaseAccounts.createOrUpdate(
    group,
    name,
    {
      location: 'West Europe',
      locations: [{ locationName: 'West Europe', failoverPriority: 0 }],
      databaseAccountOfferType: 'Standard',
      backupPolicy: { type: 'Continuous', continuousModeProperties: { tier: 'Continuous30Days' } },
      ...more,
    },
    soon,
  )
}

/** The entry of an account among those that can be restored. */
export async function restorableEntry({ client }: Pick<Opened, 'client'>, instanceId: string | undefined) {
  for await (const entry of client.restorableDatabaseAccounts.list()) if (entry.name === instanceId) return entry
  throw new Error(`there is no restorable account ${instanceId}`)
}

/** What a restore of an account to a time is asked for with. */
export async function restoreOf(
  { client }: Pick<Opened, 'client'>,
  source: string,
  at: Date,
  more: object = {},
): Promise<Parameters<typeof client.databaseAccounts.createOrUpdate>[2]> {
  const { instanceId } = await client.databaseAccounts.get(group, source)
  const { id } = await restorableEntry({ client }, instanceId)
  return {
    location: 'West Europe',
    locations: [{ locationName: 'West Europe', failoverPriority: 0 }],
    databaseAccountOfferType: 'Standard',
    createMode: 'Restore',
    restoreParameters: { restoreMode: 'PointInTime', restoreSource: id ?? '', restoreTimestampInUtc: at, ...more },
  }
}

/** Asks until it is so, every 10 ms for at most two minutes: a busy machine is slow. */
export async function until(what: string, so: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 120_000
  while (!(await so())) {
    if (Date.now() > end) throw new Error(`waited in vain: ${what}`)
    await sleep(10)
  }
}

/** Status and code of the error that a call ends with. */
export const failure = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'none',
    (error: {
      statusCode?: number | string
      code?: string | number
      details?: { error?: { code?: string }; code?: string }
    }) => `${error.statusCode ?? ''} ${error.details?.error?.code ?? error.code ?? ''}`.trim(),
  )

/** Microsoft's client of the data plane, with the account's first key. */
export async function dataClient(
  t: Pick<Test, 'teardown'>,
  { client }: Pick<Opened, 'client'>,
  account: string,
): Promise<CosmosClient> {
  const { documentEndpoint = '' } = await client.databaseAccounts.get(group, account)
  const { primaryMasterKey = '' } = await client.databaseAccounts.listKeys(group, account)
  const data = new CosmosClient({ endpoint: documentEndpoint, key: primaryMasterKey })
  t.teardown(() => data.dispose())
  return data
}

/** A container as ScalarDB makes one, in a database that shares its throughput. */
export async function createContainer(data: CosmosClient, database: string, name: string, more: object = {}) {
  await data.databases.createIfNotExists({ id: database, throughput: 400 })
  const { container } = await data
    .database(database)
    .containers.create({ id: name, partitionKey: { paths: ['/concatenatedPartitionKey'] }, ...more })
  return container
}

/** Documents as `id=value`, sorted. */
export async function contents(data: CosmosClient, database: string, container: string): Promise<string[]> {
  const { resources } = await data.database(database).container(container).items.readAll().fetchAll()
  return resources.map((document) => `${document.id}=${document['value']}`).toSorted()
}
