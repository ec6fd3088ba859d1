import t from 'tap'
import { openAwsStage } from './aws-stage.ts'
import { stopWriters } from './writers.ts'

const { stage, deployment, aws } = await openAwsStage('aws-stage', {
  prefix: 'blue-',
  replicas: 2,
  settings: { restorableLagMs: 500 },
})
t.teardown(async () => {
  aws.close()
  await stage.close()
})

t.test('a release writes to the DynamoDB of its namespace, consistently once it does not write', async (t) => {
  const { TableNames = [] } = await aws.client.listTables({})
  t.ok(TableNames.includes('blue-scalar.asset'))
  t.equal((await stage.check(deployment)).holds, false, 'not while it writes')
  await stopWriters(stage, deployment)
  const verdict = await stage.check(deployment)
  t.strictSame(verdict.problems, [])
  t.ok(verdict.details.transfersChecking > 0)
  const calls = await aws.calls()
  t.ok(calls.some((call) => call.operation === 'TransactWriteItems' && call.accessKey === 'AKIDRELEASE'))
})

t.test('what goes wrong in it can be set from outside', async (t) => {
  await aws.set({ denied: [{ action: 'dynamodb:DescribeTable' }] })
  await t.rejects(aws.client.describeTable({ TableName: 'blue-scalar.asset' }), { name: 'AccessDeniedException' })
  await aws.set({ denied: [] })
  t.equal((await aws.client.describeTable({ TableName: 'blue-scalar.asset' })).Table?.TableStatus, 'ACTIVE')
})
