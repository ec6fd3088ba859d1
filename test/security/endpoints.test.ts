import t from 'tap'
import { accessOf } from '../../job/databases/dynamodb/access.ts'
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
