import t, { type Test } from 'tap'
import { dynamodb } from '../../../../../../job/databases/dynamodb/dynamodb.ts'
import type { TrialContext } from '../../database-conformance.ts'
import type { StorageSettings } from '../../../../../../job/scalardb/storage-settings.ts'
import type { Finding } from '../../../../../../operation/finding.ts'
import { startAws } from '../../../../../stand-ins/aws/aws.ts'
import { failureOf } from '../../../failure-of.ts'
import { contextOf, createInstallation, settingsFor } from '../installation.ts'

const aws = await startAws({
  settings: { phases: { createTable: 5, deleteTable: 5, updateTable: 2_000 }, limits: { ratePerSecond: {} } },
})
t.teardown(() => aws.stop())
const { client, settings, close } = await createInstallation(aws, 'a-')
t.teardown(close)

/** What a backup would be refused for, of another way of asking. */
async function findings(
  overrides: { settings?: StorageSettings[]; context?: Partial<TrialContext> } = {},
): Promise<Finding[]> {
  const source = dynamodb.openBackup(overrides.settings ?? settings, contextOf('backup-p', overrides.context))
  try {
    await source.describe()
    return await source.preflight()
  } finally {
    await source.close()
  }
}

const errors = async (overrides?: Parameters<typeof findings>[0]) =>
  (await findings(overrides)).filter(({ outcome }) => outcome === 'error')

/** Nothing is changed by asking. */
async function changesNothing(t: Test, ask: () => Promise<void>): Promise<void> {
  const changing = () =>
    aws
      .calls()
      .filter(
        ({ operation, error }) =>
          error === undefined && /^(Create|Delete|Update|Put|Restore|Register|Tag)/.test(operation),
      ).length
  const before = changing()
  await ask()
  t.equal(changing(), before, 'asking changes nothing')
}

t.test('all is well', async (t) => {
  await changesNothing(t, async () => {
    const found = await findings({ context: { materialize: true } })
    t.strictSame(
      found.filter(({ outcome }) => outcome === 'error'),
      [],
    )
    t.strictSame(
      found.filter(({ outcome }) => outcome === 'ok').map(({ check }) => check),
      ['AWS', 'tables', 'point-in-time recovery', 'table settings', 'rights to materialize', 'room for tables'],
    )
    t.match(
      found.find(({ check }) => check === 'point-in-time recovery')?.message,
      /on for 5 tables, kept for 20 days; all can be brought back as far as \d{4}-/,
    )
  })
})

t.test('every table without point-in-time recovery is named, with the command', async (t) => {
  const off = ['a-coordinator.state', 'a-scalar.contract']
  const turn = (on: boolean) =>
    Promise.all(
      off.map((TableName) =>
        client.updateContinuousBackups({
          TableName,
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: on },
        }),
      ),
    )
  await turn(false)
  t.match(await errors(), [
    {
      check: 'point-in-time recovery',
      message: 'off for 2 of 5 tables: a-coordinator.state, a-scalar.contract',
      cure: /update-continuous-backups/,
    },
  ])
  await turn(true)
})

t.test('another region has no such tables', async (t) => {
  const at = (endpoint: string) => ({ 'dynamo.endpoint_override': endpoint })
  const elsewhere = [settingsFor(aws, 'a-', { contactPoints: 'us-west-2' }, at(`${aws.endpoint}/us-west-2`))]
  t.match(await failureOf(findings({ settings: elsewhere })), {
    why: /no table a-scalardb.metadata in region us-west-2.*no tables at all/,
    next: /region/,
  })
  const bound = [settingsFor(aws, 'a-', { contactPoints: 'us-west-2' })]
  t.match(await failureOf(findings({ settings: bound })), {
    why: /is not DynamoDB of us-west-2/,
    next: /endpoint_override/,
  })
})

t.test("Auto Scaling that cannot be reached, since its endpoint is not DynamoDB's", async (t) => {
  const name = 'AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING'
  process.env[name] = 'http://127.0.0.1:1'
  t.teardown(() => (process.env[name] = aws.autoscalingEndpoint))
  t.match(await errors(), [{ message: /Application Auto Scaling does not answer/, cure: new RegExp(name) }])
  process.env[name] = aws.endpoint
  const told = (await findings()).map(({ message }) => message).join()
  t.match(told, /autoscaling cannot be read.*not behind the endpoint of dynamodb/, 'nor is it behind that one')
})

t.test('another prefix is told what there is', async (t) => {
  t.match(await failureOf(findings({ settings: [settingsFor(aws, 'b-')] })), {
    why: /b-scalardb.metadata.*there is a-scalardb.metadata/,
    next: /namespace.prefix/,
  })
})

t.test('credentials that AWS does not know, or that have expired', async (t) => {
  aws.set({ keys: { AKIDOTHER: { account: '123456789012' } } })
  t.match(await failureOf(findings()), {
    why: /does not accept the credentials of the release's own username and password/,
    next: /access key/,
  })
  aws.set({ keys: { AKIDOFTHERELEASE: { account: '123456789012', expiresAtMs: 1 } } })
  t.match(await failureOf(findings()), { why: /have expired/, next: /ServiceAccount/ })
  aws.set({ keys: undefined })
})

t.test('an endpoint where nothing answers is not waited for long', async (t) => {
  t.match(await failureOf(findings({ settings: [settingsFor({ endpoint: 'http://127.0.0.1:9' }, 'a-')] })), {
    why: /nothing answers at http:\/\/127.0.0.1:9/,
    next: /endpoint_override/,
  })
})

t.test('each right that is missing is named with what it is needed on', async (t) => {
  const denied = async (action: string, table = '*', context: Partial<TrialContext> = {}) => {
    aws.set({ denied: [{ action, table }] })
    try {
      return await errors({ context }).catch((error: unknown) => [error])
    } finally {
      aws.set({ denied: [] })
    }
  }
  t.match(await denied('dynamodb:Scan'), [
    {
      why: /dynamodb:Scan on resource: arn:aws:dynamodb:eu-west-1:123456789012:table\/a-scalardb.metadata/,
      next: /IAM/,
    },
  ])
  t.match(await denied('dynamodb:DescribeTable', 'a-scalardb.*'), [{ why: /dynamodb:DescribeTable on resource/ }])
  t.match(await denied('dynamodb:DescribeContinuousBackups', 'a-scalar.asset'), [
    { message: /dynamodb:DescribeContinuousBackups on resource: .*a-scalar.asset/, cure: /IAM/ },
  ])
  t.match(await denied('dynamodb:ListTagsOfResource'), [
    { check: 'table settings', message: /tags cannot be read/, cure: /dynamodb:ListTagsOfResource/ },
  ])
  t.match(await denied('application-autoscaling:*'), [
    { check: 'table settings', message: /autoscaling/, cure: /application-autoscaling:DescribeScalableTargets/ },
  ])
  t.match(await denied('kms:CreateGrant', 'a-scalar.asset', { materialize: true }), [
    { check: 'rights to materialize', cure: /allow kms:CreateGrant/ },
  ])
  for (const action of ['RestoreTableToPointInTime', 'CreateBackup', 'ListBackups', 'DeleteTable']) {
    t.match(
      await denied(`dynamodb:${action}`, '*', { materialize: true }),
      [{ check: 'rights to materialize', cure: new RegExp(action) }],
      action,
    )
    t.strictSame(await denied(`dynamodb:${action}`), [], `${action} is not needed where nothing is materialized`)
  }
})

t.test('a table of the metadata that does not exist, and one that is not at rest', async (t) => {
  await client.putItem({ TableName: 'a-scalardb.metadata', Item: { table: { S: 'a-scalar.dropped' } } })
  t.match(await errors(), [
    { check: 'tables', message: /a-scalar.dropped, which does not exist/, cure: /schema loader/ },
  ])
  await client.deleteItem({ TableName: 'a-scalardb.metadata', Key: { table: { S: 'a-scalar.dropped' } } })
  t.match(await errors({ context: { tables: ['a-scalar.asset', 'a-scalar.wrong'] } }), [
    { message: /a-scalar.wrong/, cure: /--table/ },
  ])
  await client.updateTable({
    TableName: 'a-scalar.asset',
    ProvisionedThroughput: { ReadCapacityUnits: 9, WriteCapacityUnits: 9 },
  })
  t.match(await errors(), [{ check: 'tables', message: 'not ACTIVE: a-scalar.asset (UPDATING)', cure: /wait/ }])
})
