import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { accessOf, titleOf } from '../../../../../job/databases/dynamodb/access.ts'
import { openClients } from '../../../../../job/databases/dynamodb/clients.ts'
import { tableNames } from '../../../../../job/databases/dynamodb/tables/tables-in-scope.ts'
import { startAws } from '../../../../stand-ins/aws/aws.ts'
import { failureOf } from '../../failure-of.ts'
import { accessKey, secretKey, settingsFor } from './installation.ts'

const own = { accessKeyId: accessKey, secretAccessKey: secretKey }
const irsa = { AWS_WEB_IDENTITY_TOKEN_FILE: '/var/run/secrets/eks.amazonaws.com/serviceaccount/token' }

t.test("credentials: a database secret, else the pod's own, else the release's", async (t) => {
  const settings = settingsFor({ endpoint: 'http://x' }, '')
  t.match(accessOf([{ ...settings, fromSecret: true }], irsa), {
    credentials: own,
    credentialsFrom: 'the database secret',
  })
  t.match(accessOf([settings], irsa), { credentials: undefined, credentialsFrom: /IRSA/ })
  t.match(accessOf([settings], { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://169.254.170.23/v1/credentials' }), {
    credentials: undefined,
    credentialsFrom: /EKS Pod Identity/,
  })
  t.match(accessOf([settings], {}), { credentials: own, credentialsFrom: /release's own/ })
  t.match(await failureOf(() => accessOf([{ ...settings, username: undefined }], {})), {
    why: /no database secret.*no identity.*no username/,
    next: /--database-secret/,
  })
  t.match(await failureOf(() => accessOf([{ ...settings, password: undefined, fromSecret: true }], irsa)), {
    why: /only one of username and password/,
  })
})

t.test('region, endpoint and names as ScalarDB reads them', async (t) => {
  const settings = settingsFor(
    { endpoint: 'http://x' },
    'p-',
    { contactPoints: 'ap-northeast-1' },
    { system_namespace_name: 'own' },
  )
  const access = accessOf([settings], {})
  t.match(access, {
    region: 'ap-northeast-1',
    endpoint: 'http://x',
    naming: { prefix: 'p-', metadataNamespace: 'own', coordinatorNamespace: 'coordinator' },
  })
  t.equal(titleOf(access), 'dynamodb://ap-northeast-1/p-')
})

t.test('credentials of the pod that have expired are fetched anew', async (t) => {
  const expired = { expiresAtMs: 1, account: '123456789012' }
  const aws = await startAws({
    settings: {
      keys: { OLD: { ...expired, sessionToken: 'old' }, NEW: { account: '123456789012', sessionToken: 'new' } },
    },
  })
  const given = ['OLD', 'NEW']
  const identity = createServer((_request, response) => {
    const key = given.shift() ?? 'NEW'
    response.setHeader('content-type', 'application/json')
    response.end(
      JSON.stringify({
        AccessKeyId: key,
        SecretAccessKey: 'secret',
        Token: key.toLowerCase(),
        Expiration: new Date(Date.now() + 3_600_000).toISOString(),
      }),
    )
  }).listen(0, '127.0.0.1')
  await once(identity, 'listening')
  process.env['AWS_CONTAINER_CREDENTIALS_FULL_URI'] =
    `http://127.0.0.1:${(identity.address() as AddressInfo).port}/v1/credentials`
  t.teardown(async () => {
    delete process.env['AWS_CONTAINER_CREDENTIALS_FULL_URI']
    identity.closeAllConnections()
    identity.close()
    await aws.stop()
  })
  const access = accessOf([settingsFor(aws, '')])
  t.match(access.credentialsFrom, /EKS Pod Identity/)
  const { dynamo, close } = openClients(access, { patienceMs: 60_000 })
  t.strictSame(await tableNames(dynamo), [])
  t.strictSame(given, [], 'the first were refused, and others asked for')
  close()
})
