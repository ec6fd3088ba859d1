import t from 'tap'
import { DynamoDB } from '@aws-sdk/client-dynamodb'
import { active, contents, createRecoverable, createTable, dynamodbClient, errorName, openAws, put } from './clients.ts'

const quick = { createTable: 5, deleteTable: 5, updateTable: 5, restore: 5, createBackup: 5 }
const { aws, client } = await openAws(t, { phases: quick })
t.beforeEach(() =>
  aws.set({
    phases: quick,
    limits: {
      ratePerSecond: {},
      concurrentRestores: 50,
      concurrentTableOperations: 500,
      concurrentTableOperationsWithIndexes: 250,
      tables: 2500,
    },
    faults: [],
    denied: [],
  }),
)

const names = (errors: readonly string[]) =>
  Object.fromEntries(
    Map.groupBy(errors, (each) => each)
      .entries()
      .map(([name, all]) => [name, all.length]),
  )

t.test('no more restores at once than the account may', async (t) => {
  const elsewhere = dynamodbClient(aws, 'ap-south-1')
  await createRecoverable(elsewhere, 'source')
  aws.set({ phases: { restore: 'held' } })
  const restores = Array.from({ length: 52 }, (_, index) =>
    errorName(
      elsewhere.restoreTableToPointInTime({
        SourceTableName: 'source',
        TargetTableName: `restore.${index}`,
        UseLatestRestorableTime: true,
      }),
    ),
  )
  t.strictSame(names(await Promise.all(restores)), { none: 50, LimitExceededException: 2 })
  elsewhere.destroy()
})

t.test('no more tables coming and going at once, fewer with indexes, and no more tables at all', async (t) => {
  aws.set({
    phases: { createTable: 'held' },
    limits: { concurrentTableOperations: 500, concurrentTableOperationsWithIndexes: 2, tables: 2500 },
  })
  const elsewhere = dynamodbClient(aws, 'us-west-2')
  const create = (TableName: string, more = {}) =>
    errorName(
      elsewhere.createTable({
        TableName,
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        BillingMode: 'PAY_PER_REQUEST',
        ...more,
      }),
    )
  const indexed = {
    GlobalSecondaryIndexes: [
      {
        IndexName: 'index',
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        Projection: { ProjectionType: 'ALL' },
      },
    ],
  }
  t.strictSame(names(await Promise.all(['i-1', 'i-2', 'i-3'].map((name) => create(name, indexed)))), {
    none: 2,
    LimitExceededException: 1,
  })
  aws.set({ limits: { concurrentTableOperations: 3 } })
  t.strictSame(names(await Promise.all(['p-1', 'p-2'].map((name) => create(name)))), {
    none: 1,
    LimitExceededException: 1,
  })
  aws.set({ limits: { concurrentTableOperations: 500, tables: 3 } })
  t.equal(await create('p-3'), 'LimitExceededException')
  elsewhere.destroy()
})

t.test('calls of one operation come no faster than its rate', async (t) => {
  await createTable(client, 'rates')
  aws.set({ limits: { ratePerSecond: { DescribeContinuousBackups: 10 } } })
  const ask = () =>
    Promise.all(Array.from({ length: 200 }, () => errorName(client.describeContinuousBackups({ TableName: 'rates' }))))
  const { none = 0, ThrottlingException: throttled = 0 } = names(await ask())
  t.ok(none >= 10 && throttled > 0, `${none} were let through, ${throttled} were not`)
  t.strictSame(
    names(await Promise.all(Array.from({ length: 12 }, () => errorName(client.describeTable({ TableName: 'rates' }))))),
    { none: 12 },
  )
})

t.test('faults strike the calls that they name, so often and no more', async (t) => {
  await createTable(client, 'faulty')
  await createTable(client, 'sound')
  const ask = (TableName: string) => errorName(client.describeTable({ TableName }))
  aws.set({ faults: [{ operation: 'Describe*', table: 'fau*', skip: 1, times: 2, effect: 'throttle' }] })
  t.strictSame(
    [await ask('faulty'), await ask('sound'), await ask('faulty'), await ask('faulty'), await ask('faulty')],
    ['none', 'none', 'ThrottlingException', 'ThrottlingException', 'none'],
  )
  for (const [effect, name] of [
    ['throughput', 'ProvisionedThroughputExceededException'],
    ['internal', 'InternalServerError'],
    ['unavailable', 'ServiceUnavailable'],
    ['expired', 'ExpiredTokenException'],
  ] as const) {
    aws.set({ faults: [{ effect }] })
    t.equal(await ask('sound'), name)
  }
  aws.set({ faults: [{ effect: 'error', error: { code: 'LimitExceededException' } }] })
  t.equal(await ask('sound'), 'LimitExceededException')
  const began = performance.now()
  aws.set({ faults: [{ effect: 'delay', delayMs: 300 }] })
  t.equal(await ask('sound'), 'none')
  t.ok(performance.now() - began >= 290)
})

t.test('an answer may be lost after or before the effect, and the calls tell which', async (t) => {
  await createTable(client, 'lossy')
  aws.forgetCalls()
  aws.set({ faults: [{ operation: 'PutItem', times: 1, effect: 'lost-answer' }] })
  t.not(await errorName(put(client, 'lossy', 'after', '1')), 'none')
  aws.set({ faults: [{ operation: 'PutItem', times: 1, effect: 'reset' }] })
  t.not(await errorName(put(client, 'lossy', 'before', '1')), 'none')
  aws.set({ faults: [{ operation: 'PutItem', times: 1, effect: 'lost-answer-500' }] })
  t.equal(await errorName(put(client, 'lossy', 'failed', '1')), 'InternalServerError')
  t.strictSame(await contents(client, 'lossy'), ['after=1', 'failed=1'])
  t.match(aws.calls(), [
    { operation: 'PutItem', tables: ['lossy'], status: undefined, fault: 'lost-answer', region: 'eu-west-1' },
    { operation: 'PutItem', status: undefined, fault: 'reset' },
    { operation: 'PutItem', status: 500, error: 'InternalServerError' },
    { operation: 'Scan', status: 200 },
  ])
})

t.test(
  'what is denied is denied before anything else is looked at, a restore also for what it does to its target',
  async (t) => {
    await createRecoverable(client, 'secret')
    aws.set({ denied: [{ action: 'dynamodb:DeleteTable' }, { action: 'dynamodb:BatchWriteItem', table: 'new-*' }] })
    t.equal(await errorName(client.deleteTable({ TableName: 'absent' })), 'AccessDeniedException')
    const restore = (TargetTableName: string) =>
      errorName(
        client.restoreTableToPointInTime({ SourceTableName: 'secret', TargetTableName, UseLatestRestorableTime: true }),
      )
    t.equal(await restore('new-secret'), 'AccessDeniedException')
    t.equal(await restore('secret'), 'TableAlreadyExistsException', 'a dry call tells what is allowed')
    t.equal(await restore('other'), 'none')
    await active(client, 'other')
  },
)

t.test('a key with policies may do what one of them allows, on what it names, and nothing else', async (t) => {
  await createRecoverable(client, 'mine')
  const allow = (Action: string[], Resource: string) => ({ Sid: 'A', Effect: 'Allow' as const, Action, Resource })
  const table = 'arn:aws:dynamodb:eu-west-1:123456789012:table'
  const { accessKeyId } = await client.config.credentials()
  const policies = [
    {
      Version: '2012-10-17' as const,
      Statement: [
        allow(['dynamodb:DescribeTable', 'dynamodb:ListTables'], `${table}/mi*`),
        allow(['dynamodb:ListBackups'], '*'),
      ],
    },
  ]
  aws.set({ denied: [], keys: { [accessKeyId]: { policies } } })
  aws.forgetCalls()
  t.equal(await errorName(client.describeTable({ TableName: 'mine' })), 'none')
  t.equal(await errorName(client.describeTable({ TableName: 'other' })), 'AccessDeniedException')
  t.equal(await errorName(client.describeTimeToLive({ TableName: 'mine' })), 'AccessDeniedException')
  t.equal(await errorName(client.listTables()), 'AccessDeniedException', 'it is of no single table')
  t.equal(await errorName(client.listBackups()), 'none')
  t.strictSame(
    aws.calls().map(({ rights }) => rights),
    ['DescribeTable', 'DescribeTable', 'DescribeTimeToLive', 'ListTables', 'ListBackups'].map((one) => [
      `dynamodb:${one}`,
    ]),
  )
  aws.set({ keys: undefined })
})

t.test('keys that are unknown, wrong or expired, and regions that do not exist', async (t) => {
  aws.set({
    regions: ['eu-west-1'],
    keys: {
      GOOD: { secret: 'right', account: '111122223333' },
      TEMPORARY: { secret: 'right', sessionToken: 'token', expiresAtMs: aws.now() + 3_600_000 },
    },
  })
  const ask = async (
    accessKeyId: string,
    secretAccessKey: string,
    more: { region?: string; sessionToken?: string; at?: string } = {},
  ) => {
    const { region = 'eu-west-1', sessionToken, at = '' } = more
    const client = new DynamoDB({
      endpoint: `${aws.endpoint}${at}`,
      region,
      maxAttempts: 1,
      credentials: { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) },
    })
    try {
      return await errorName(client.listTables({}))
    } finally {
      client.destroy()
    }
  }
  t.equal(await ask('GOOD', 'right'), 'none')
  t.equal(await ask('GOOD', 'wrong'), 'InvalidSignatureException')
  t.equal(await ask('OTHER', 'right'), 'UnrecognizedClientException')
  t.equal(await ask('GOOD', 'right', { region: 'eu-north-7', at: '/eu-north-7' }), 'UnrecognizedClientException')
  t.equal(await ask('GOOD', 'right', { region: 'us-east-1' }), 'InvalidSignatureException', 'each region has its own')
  t.equal(await ask('GOOD', 'right', { at: '/application-autoscaling' }), 'UnknownOperationException')
  t.equal(await ask('TEMPORARY', 'right', { sessionToken: 'token' }), 'none')
  t.equal(await ask('TEMPORARY', 'right', { sessionToken: 'another' }), 'UnrecognizedClientException')
  aws.set({ keys: { TEMPORARY: { secret: 'right', sessionToken: 'token', expiresAtMs: aws.now() - 1 } } })
  t.equal(await ask('TEMPORARY', 'right', { sessionToken: 'token' }), 'ExpiredTokenException')
  aws.set({ keys: undefined, regions: undefined })
})

t.test('the Date of every answer is the clock of the service', async (t) => {
  aws.set({ clockOffsetMs: -3_600_000 })
  const response = await fetch(aws.endpoint, {
    method: 'POST',
    body: '{}',
    headers: { 'x-amz-target': 'DynamoDB_20120810.ListTables' },
  })
  t.ok(Math.abs(Date.parse(response.headers.get('date') ?? '') - (Date.now() - 3_600_000)) < 5_000)
  t.match(await response.json(), { __type: /MissingAuthenticationTokenException$/ })
  aws.set({ clockOffsetMs: 0 })
})

t.test('settings can be changed over HTTP, and a change that is none is refused', async (t) => {
  const set = (body: object) => fetch(`${aws.endpoint}/_control`, { method: 'POST', body: JSON.stringify(body) })
  t.equal((await set({ phases: { restore: 1234 } })).status, 200)
  t.equal(aws.settings.phases.restore, 1234)
  t.equal(aws.settings.phases.createTable, 5, 'the others stay')
  t.equal((await set({ phases: { restor: 1 } })).status, 400)
  t.equal(((await (await fetch(`${aws.endpoint}/_control/calls`)).json()) as unknown[]).length, aws.calls().length)
})
