import t from 'tap'
import { awsForRestores } from '../restore-aws.ts'
import { restoreRequest, restoreStages } from '../restore-stage.ts'

const aws = await awsForRestores(t)

const policy = '{"Version":"2012-10-17","Statement":[]}'
const stream = 'arn:aws:kinesis:eu-west-1:123456789012:stream/changes'
const scaled = (table: string) => ({
  ServiceNamespace: 'dynamodb' as const,
  ResourceId: `table/${table}`,
  ScalableDimension: 'dynamodb:table:ReadCapacityUnits' as const,
})

const [stage] = await restoreStages(t, aws, ['prod-'], async ({ client, autoscaling }) => {
  const table = 'prod-scalar.asset'
  const { Table: found } = await client.describeTable({ TableName: table })
  await client.putResourcePolicy({ ResourceArn: found?.TableArn, Policy: policy })
  await client.updateContributorInsights({ TableName: table, ContributorInsightsAction: 'ENABLE' })
  await client.enableKinesisStreamingDestination({ TableName: table, StreamArn: stream })
  const action = { ScheduledActionName: 'nights', Schedule: 'cron(0 1 * * ? *)' }
  await autoscaling.putScheduledAction({ ...scaled(table), ...action, ScalableTargetAction: { MinCapacity: 9 } })
})

/** Asked of AWS's own clients, not of what reads and compares settings in a restore. */
async function settingsOf(table: string): Promise<Record<string, unknown>> {
  const { client, autoscaling } = stage.installation
  const { Table: found } = await client.describeTable({ TableName: table })
  const none = (error: Error) => error.name
  const { ServiceNamespace, ResourceId } = scaled(table)
  const streams = await client.describeKinesisStreamingDestination({ TableName: table })
  const actions = await autoscaling.describeScheduledActions({ ServiceNamespace, ResourceId })
  return {
    policy: await client.getResourcePolicy({ ResourceArn: found?.TableArn }).then(({ Policy }) => Policy, none),
    insights: (await client.describeContributorInsights({ TableName: table })).ContributorInsightsStatus,
    streams: streams.KinesisDataStreamDestinations?.map(({ StreamArn }) => StreamArn),
    actions: actions.ScheduledActions?.map(({ ScheduledActionName: name, Schedule }) => [name, Schedule]),
  }
}

t.test('the settings that AWS forgets are those of the table that was backed up', async (t) => {
  const former = await settingsOf('prod-scalar.asset')
  t.strictSame(former['actions'], [['nights', 'cron(0 1 * * ? *)']], 'they were set')
  t.strictSame([former['policy'], former['streams']], [policy, [stream]], 'they were set')
  t.equal((await stage.worker(restoreRequest('a', { prefix: 'new-' }))).code, 0)
  t.strictSame(await settingsOf('new-scalar.asset'), former)
})

t.test('all tables are restored at once', async (t) => {
  aws.forgetCalls()
  aws.set({ phases: { restore: 'held' } })
  const restoring = stage.worker(restoreRequest('b', { prefix: 'newer-' }))
  const begun = () =>
    aws.calls().filter(({ operation, status }) => operation.startsWith('RestoreTable') && status === 200)
  const endMs = Date.now() + 60_000
  while (begun().length < 3 && Date.now() < endMs) await new Promise((done) => setTimeout(done, 50))
  t.ok(begun().length >= 3, `${begun().length} are being restored while none is done`)
  aws.set({ phases: { restore: 50 } })
  t.equal((await restoring).code, 0)
})
