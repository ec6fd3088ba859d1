import { CosmosDBManagementClient } from '@azure/arm-cosmosdb'
import { generateKeyPairSync, sign } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import t from 'tap'
import { webhookPath } from '../../../stand-ins/cloud/identity/pod-webhook.ts'
import { serviceAccountToken } from '../../../stand-ins/azure/identity/tokens.ts'
import {
  clientId,
  createAccount,
  failure,
  group,
  openAzure,
  restorableEntry,
  restoreOf,
  soon,
  subscription,
  tenant,
  workloadIdentity,
} from './clients.ts'

const known = { tenant, subject: 'system:serviceaccount:shop:worker', issuer: 'https://kubernetes.*' }
const opened = await openAzure(t, { identities: { [clientId]: known } })
const { azure, client, tokenFilePath } = opened
await createAccount(opened, 'shop')

/** What Entra ID says to a ServiceAccount's token. */
async function answerTo(token: string): Promise<string> {
  const { credential } = await workloadIdentity(t, azure, token)
  return await credential.getToken('https://management.azure.com/.default').then(
    () => 'a token',
    (error: Error) => /AADSTS\d+/.exec(error.message)?.[0] ?? error.message,
  )
}

t.test('a token is had for that of the ServiceAccount alone, while it is good', async (t) => {
  t.equal(await answerTo(serviceAccountToken('shop', 'worker')), 'a token')
  t.equal(await answerTo(serviceAccountToken('shop', 'other')), 'AADSTS700213')
  t.equal(await answerTo(serviceAccountToken('shop', 'worker', { expiresAtMs: Date.now() - 60_000 })), 'AADSTS700024')
  t.equal(await answerTo('no token at all'), 'AADSTS50027')
  azure.set({ identities: { [clientId]: { ...known, issuer: 'https://another.example' } } })
  t.equal(await answerTo(serviceAccountToken('shop', 'worker')), 'AADSTS700211')
  azure.set({ identities: {} })
  t.equal(await answerTo(serviceAccountToken('shop', 'worker')), 'AADSTS700016')
  azure.set({ identities: { [clientId]: known } })
})

t.test('where the keys of the issuer are known, the token has to be signed by one of them', async (t) => {
  const pairs = [
    generateKeyPairSync('rsa', { modulusLength: 2048 }),
    generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  ]
  const keys = pairs.map(({ publicKey }) => JSON.parse(JSON.stringify(publicKey.export({ format: 'jwk' }))) as object)
  azure.set({ identities: { [clientId]: { ...known, keys: keys.map((key) => ({ ...key })) } } })
  t.equal(await answerTo(serviceAccountToken('shop', 'worker')), 'AADSTS700027')
  for (const { privateKey: key } of pairs) {
    const text = serviceAccountToken('shop', 'worker').split('.').slice(0, 2).join('.')
    const signature = sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')
    t.equal(await answerTo(`${text}.${signature}`), 'a token')
  }
  azure.set({ identities: { [clientId]: known } })
})

t.test('pods of the ServiceAccount of an identity are given it, and no others', async (t) => {
  const reviewOf = async (serviceAccountName: string) => {
    const object = { spec: { serviceAccountName, containers: [{ name: 'worker', env: [{ name: 'A', value: 'b' }] }] } }
    const answer = await fetch(`${azure.endpoint}${webhookPath}?timeout=10s`, {
      method: 'POST',
      body: JSON.stringify({ request: { uid: 'of the request', namespace: 'shop', object } }),
    })
    return (await answer.json()) as { response: { uid: string; allowed: boolean; patch?: string } }
  }
  azure.set({ trust: 'azure-trust' })
  const { response } = await reviewOf('worker')
  t.match(response, { uid: 'of the request', allowed: true, patchType: 'JSONPatch' })
  const [volumes, containers] = JSON.parse(Buffer.from(response.patch ?? '', 'base64').toString()) as {
    value: object
  }[]
  t.match(volumes?.value, [
    { projected: { sources: [{ serviceAccountToken: { audience: 'api://AzureADTokenExchange' } }] } },
    { secret: { secretName: 'azure-trust' } },
  ])
  const variables = [
    { name: 'A', value: 'b' },
    { name: 'AZURE_CLIENT_ID', value: clientId },
    { name: 'AZURE_TENANT_ID', value: tenant },
    { name: 'AZURE_FEDERATED_TOKEN_FILE', value: '/var/run/secrets/azure/tokens/azure-identity-token' },
    { name: 'AZURE_AUTHORITY_HOST', value: `${azure.endpoint}/` },
    { name: 'NODE_EXTRA_CA_CERTS', value: '/var/run/secrets/cloud/trust/ca.crt' },
  ]
  t.match(containers?.value, [{ name: 'worker', env: variables }])
  t.match(await reviewOf('other'), { response: { allowed: false } })
  azure.set({ trust: undefined })
})

t.test('a token that is over is refused, and the client gets another one by itself', async (t) => {
  azure.set({ tokenLifetimeMs: 0 })
  const { credential } = await workloadIdentity(t, azure)
  const short = new CosmosDBManagementClient(credential, subscription, {
    endpoint: azure.endpoint,
    retryOptions: { maxRetries: 0 },
  })
  t.equal(await failure(short.databaseAccounts.get(group, 'shop')), '401 ExpiredAuthenticationToken')
  // Shorter than what the client takes for good: it asks for another one before each call.
  azure.set({ tokenLifetimeMs: 60_000 })
  azure.forgetCalls()
  const { credential: fresh } = await workloadIdentity(t, azure)
  const long = new CosmosDBManagementClient(fresh, subscription, { endpoint: azure.endpoint })
  await long.databaseAccounts.get(group, 'shop')
  await long.databaseAccounts.get(group, 'shop')
  t.ok(azure.calls().filter(({ action }) => action === 'token').length >= 2)
  azure.set({ tokenLifetimeMs: 3_600_000 })
})

t.test('a projected token that was renewed is read anew', async (t) => {
  await writeFile(tokenFilePath, serviceAccountToken('shop', 'worker'))
  t.equal((await client.databaseAccounts.get(group, 'shop')).name, 'shop')
})

t.test('roles say what may be done, and the calls say what was', async (t) => {
  const parameters = await restoreOf(opened, 'shop', new Date(azure.now()))
  const allow = (actions: string[], notActions: string[] = []) =>
    azure.set({ identities: { [clientId]: { ...known, roles: [{ actions, notActions }] } } })
  allow(['Microsoft.DocumentDB/databaseAccounts/read'])
  t.equal((await client.databaseAccounts.get(group, 'shop')).name, 'shop')
  t.equal(await failure(client.databaseAccounts.listKeys(group, 'shop')), '403 AuthorizationFailed')
  t.equal(await failure(restorableEntry({ client }, '')), '403 AuthorizationFailed')
  allow(['Microsoft.DocumentDB/databaseAccounts/*'])
  azure.forgetCalls()
  const restore = () => client.databaseAccounts.createOrUpdate(group, 'copy', parameters, soon)
  t.equal(await failure(restore().submitted()), '403 AuthorizationFailed', 'writing accounts is not enough')
  t.equal(azure.calls().at(-1)?.action, 'Microsoft.DocumentDB/databaseAccounts/write')
  t.equal(azure.calls().at(-1)?.client, clientId)
  allow(['Microsoft.DocumentDB/*'])
  t.equal((await restore()).name, 'copy')
  const scoped = { scope: `/subscriptions/${subscription}/resourceGroups/${group}`, actions: ['*'] }
  azure.set({ identities: { [clientId]: { ...known, roles: [scoped] } } })
  t.equal((await client.databaseAccounts.get(group, 'shop')).name, 'shop')
  t.equal(await failure(client.databaseAccounts.get('others', 'shop')), '403 AuthorizationFailed')
})
