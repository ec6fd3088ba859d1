import t from 'tap'
import type { StorageSettings } from '../../../../../job/scalardb/storage-settings.ts'
import { dynamodb } from '../../../../../job/databases/dynamodb/dynamodb.ts'
import { readDetails } from '../../../../../job/databases/dynamodb/details.ts'
import { startAws } from '../../../../stand-ins/aws/aws.ts'
import { failureOf } from '../../failure-of.ts'
import { accessKey, contextOf, createInstallation, secretKey, settingsFor } from './installation.ts'

const phases = { createTable: 5, deleteTable: 5, updateTable: 5, createIndex: 5 }
const second = { username: 'AKIDOFTHEAUDITOR', password: 'secret-of-the-auditor' }
const stranger = { username: 'AKIDOFACCOUNTB', password: 'secret-of-account-b' }
const aws = await startAws({
  settings: {
    phases,
    restorableLagMs: 100,
    limits: { ratePerSecond: {} },
    keys: {
      [accessKey]: { account: '111111111111', secret: secretKey },
      [second.username]: { account: '111111111111', secret: second.password },
      [stranger.username]: { account: '222222222222', secret: stranger.password },
    },
  },
})
t.teardown(() => aws.stop())
const [here, there] = [await createInstallation(aws, 'p-'), await createInstallation(aws, 'p-', stranger)]
t.teardown(() => [here, there].forEach((one) => one.close()))

const { signal } = new AbortController()
const storagesOf = async (settings: StorageSettings[]) =>
  (await dynamodb.locate(settings, signal)).map((place) => place.settings.map(({ storage }) => storage))
const ledger = settingsFor(aws, 'p-')
const auditor = (more: Partial<StorageSettings>, properties: Record<string, string> = {}, prefix = 'p-') =>
  settingsFor(aws, prefix, { storage: 'auditor/default', ...more }, properties)

t.test('storages whose tables are listed in one place are one database, whoever reads them', async (t) => {
  t.strictSame(await storagesOf([ledger, auditor(second)]), [['ledger/default', 'auditor/default']])
  t.strictSame(
    await storagesOf([
      ledger,
      auditor(second, { 'dynamo.endpoint_override': aws.endpoint.replace('127.0.0.1', 'localhost') }),
    ]),
    [['ledger/default', 'auditor/default']],
    'by whatever endpoint they reach it',
  )
})

t.test('another account, region, prefix or metadata namespace is another database', async (t) => {
  const apart = [['ledger/default'], ['auditor/default']]
  t.strictSame(await storagesOf([ledger, auditor(stranger)]), apart)
  t.strictSame(
    await storagesOf([
      ledger,
      auditor({ contactPoints: 'us-east-1' }, { 'dynamo.endpoint_override': `${aws.endpoint}/us-east-1` }),
    ]),
    apart,
  )
  t.strictSame(await storagesOf([ledger, auditor({}, {}, 'other-')]), apart)
  t.strictSame(await storagesOf([ledger, auditor({}, { 'dynamo.table_metadata.namespace': 'of_the_auditor' })]), apart)
})

t.test(
  'a Ledger and an Auditor in two accounts are two databases of one backup, each with its own tables',
  async (t) => {
    await there.client.putItem({ TableName: 'p-scalardb.metadata', Item: { table: { S: 'p-auditor.asset' } } })
    const places = await dynamodb.locate([ledger, auditor(stranger)], signal)
    const tables = await Promise.all(
      places.map(async ({ settings }) => {
        const source = dynamodb.openBackup(settings, contextOf('backup-a'))
        try {
          return (await source.describe()).tables.map(({ schema, name }) => `${schema}.${name}`)
        } finally {
          await source.close()
        }
      }),
    )
    t.equal(places.length, 2)
    t.notOk(tables[0]?.includes('auditor.asset'))
    t.ok(tables[1]?.includes('auditor.asset'))
  },
)

t.test('the account of each is recorded', async (t) => {
  const source = dynamodb.openBackup([auditor(stranger)], contextOf('backup-b', { tables: ['p-scalar.asset'] }))
  await source.prepare()
  await source.snapshot()
  t.equal(readDetails(await source.complete('')).account, '222222222222')
  await source.close()
})

t.test('AWS that cannot be asked is told before anything is begun', async (t) => {
  const unknown = await failureOf(dynamodb.locate([auditor({ username: 'AKIDNOBODY' })], signal))
  t.match(unknown, { what: /storage "auditor\/default"/, why: /does not accept the credentials/ })
})

t.test("credentials of another account than the release's own are refused", async (t) => {
  const findings = async (settings: StorageSettings[]) => {
    const source = dynamodb.openBackup(settings, contextOf('backup-c'))
    try {
      return (await source.preflight()).filter(({ check }) => check === 'account')
    } finally {
      await source.close()
    }
  }
  const own = { username: accessKey, password: secretKey }
  t.strictSame(await findings([settingsFor(aws, 'p-')]), [])
  t.strictSame(await findings([auditor({ ...second, fromSecret: true }, own)]), [], 'another user of the same account')
  t.match(await findings([auditor({ ...stranger, fromSecret: true }, own)]), [
    { outcome: 'error', message: /database secret is of account 222222222222.*auditor\/default of 111111111111/ },
  ])

  Object.assign(process.env, {
    AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1:1/none',
    AWS_ACCESS_KEY_ID: stranger.username,
    AWS_SECRET_ACCESS_KEY: stranger.password,
  })
  t.teardown(() => {
    for (const name of ['AWS_CONTAINER_CREDENTIALS_FULL_URI', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'])
      delete process.env[name]
  })
  t.match(await findings([settingsFor(aws, 'p-')]), [
    { outcome: 'error', message: /Pod Identity.* of account 222222222222.*ledger\/default of 111111111111/ },
  ])
})
