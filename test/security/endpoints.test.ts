import t from 'tap'
import { cloudOf, resourceManagerVariable } from '../../job/azure/clouds.ts'
import { accessOf as cosmosAccessOf } from '../../job/databases/cosmos/access.ts'
import { accessOf } from '../../job/databases/dynamodb/access.ts'
import { takeOverEnvironment } from '../../plugin/kubernetes/jobs/compose/release-environment.ts'
import { failureOf } from '../unit/job/failure-of.ts'
import { settingsFor } from '../unit/job/databases/dynamodb/installation.ts'

const irsa = { AWS_WEB_IDENTITY_TOKEN_FILE: '/var/run/secrets/eks.amazonaws.com/serviceaccount/token' }
const at = (endpoint: string, secretHosts?: string[]) => settingsFor({ endpoint }, '', { secretHosts })

const strange = [
  'https://rogue.example',
  'http://dynamodb.eu-west-1.amazonaws.com',
  'https://dynamodb.eu-west-1.amazonaws.com.rogue.example',
  'https://dynamodb.eu-west-1.amazonaws.com@rogue.example',
  'https://rogue.example/dynamodb.eu-west-1.amazonaws.com',
  'https://xdynamodb.eu-west-1.amazonaws.com',
  'https://dynamodb.s3.amazonaws.com',
  'https://ec2-1-2-3-4.eu-west-1.compute.amazonaws.com',
  'https://dynamodb.eu-west-1.vpce.amazonaws.com',
  'no URL at all',
]

t.test("neither the pod's identity nor the Secret's key goes where only the release says", async (t) => {
  for (const endpoint of strange) {
    const why = `scalar.db.dynamo.endpoint_override of the release is ${endpoint}, which is no endpoint of AWS by https`
    t.match(await failureOf(() => accessOf([at(endpoint)], irsa)), { what: /IRSA.* is not used for/, why }, endpoint)
    t.match(
      await failureOf(() => accessOf([{ ...at(endpoint), fromSecret: true }], {})),
      { what: /^the database secret is not used for storage "ledger\/default"/, next: /key "hosts" of a Secret/ },
      endpoint,
    )
    t.equal(accessOf([at(endpoint)], {}).endpoint, endpoint, "the release's own key is the release's")
  }
})

t.test("AWS's own endpoints, and hosts that the Secret names, are used", async (t) => {
  for (const endpoint of [
    'https://dynamodb.eu-west-1.amazonaws.com',
    'https://dynamodb.us-gov-west-1.amazonaws.com/',
    'https://dynamodb-fips.us-east-1.amazonaws.com',
    'https://dynamodb.cn-north-1.amazonaws.com.cn',
    'https://dynamodb.eu-west-1.api.aws',
    'https://123456789012.ddb.eu-west-1.amazonaws.com',
    'https://vpce-0a1b2c3d-4e5f6a7b.dynamodb.eu-west-1.vpce.amazonaws.com',
  ])
    t.equal(accessOf([at(endpoint)], irsa).endpoint, endpoint)
  t.equal(accessOf([at('http://aws:8000', ['aws'])], irsa).endpoint, 'http://aws:8000')
  t.equal(accessOf([at('http://aws:8000', ['aws:8000'])], irsa).endpoint, 'http://aws:8000')
  t.equal(accessOf([at('https://aws', ['aws:443'])], irsa).endpoint, 'https://aws')
  t.match(await failureOf(() => accessOf([at('http://aws:8000', ['aws:8001'])], irsa)), { why: /http:\/\/aws:8000/ })
  t.match(await failureOf(() => accessOf([at('http://rogue:8000', ['aws'])], irsa)), { why: /rogue/ })
})

t.test("no contact point decides where a token of the pod's identity for Azure goes", async (t) => {
  for (const endpoint of [
    'https://rogue.example',
    'http://ledger.documents.azure.com',
    'https://ledger.documents.azure.com.rogue.example',
    'https://ledger.documents.azure.com@rogue.example',
    'https://rogue.example/ledger.documents.azure.com',
    'https://ledgerdocuments.azure.com',
    'https://rogue.example#.documents.azure.com',
    'no URL at all',
  ]) {
    const settings = { ...at(''), contactPoints: endpoint }
    t.match(
      await failureOf(() => cosmosAccessOf([settings], {}, {})),
      { what: /is not known to be in Azure/ },
      endpoint,
    )
  }
  const managed = {
    'ledger.documents.azure.com': 'https://management.azure.com',
    'LEDGER.documents.azure.us': 'https://management.usgovcloudapi.net',
    'ledger.documents.azure.cn': 'https://management.chinacloudapi.cn',
  }
  for (const [host, resourceManager] of Object.entries(managed)) {
    const settings = { ...at(''), contactPoints: `https://${host}:443/` }
    const { cloud } = cosmosAccessOf([settings], {}, {})
    t.strictSame(cloud, { resourceManager, scope: `${resourceManager}/.default` }, 'whatever the account is called')
  }
  const own = { [resourceManagerVariable]: 'https://management.own.example/' }
  t.equal(cloudOf('ledger.own.example', own)?.resourceManager, 'https://management.own.example', 'by --env alone')
})

t.test('a variable of the release is none of those that the SDKs of the clouds read', (t) => {
  const value = 'https://rogue.example'
  const env = ['AZURE_AUTHORITY_HOST', resourceManagerVariable, 'AWS_ENDPOINT_URL', 'HTTPS_PROXY', 'NODE_OPTIONS'].map(
    (name) => ({ name, value }),
  )
  for (const references of [undefined, { variables: env.map(({ name }) => name) }]) {
    const container = { name: 'ledger', env, envFrom: [{ secretRef: { name: 'all' } }] }
    const taken = takeOverEnvironment(container, references, 'RELEASE_0_')
    t.strictSame(
      taken.env.map(({ name }) => name),
      env.map(({ name }) => `RELEASE_0_${name}`),
    )
    t.ok(taken.envFrom.every(({ prefix }) => prefix === 'RELEASE_0_'))
  }
  t.end()
})
