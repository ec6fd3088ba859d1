import t from 'tap'
import { setTimeout as sleep } from 'node:timers/promises'
import { active, contents, createRecoverable, createTable, errorName, openAws, put, until } from './clients.ts'

const { aws, client } = await openAws(t, {
  restorableLagMs: 1_000,
  phases: { createTable: 10, deleteTable: 10, restore: 10 },
})

/** The next whole second, and not before it has begun. */
async function nextSecond(): Promise<number> {
  const second = Math.ceil((aws.now() + 1) / 1000) * 1000
  await sleep(second - aws.now() + 20)
  return second
}

const restorable = (TableName: string, ms: number) =>
  until(`${TableName} is restorable`, async () => {
    const { PointInTimeRecoveryDescription: recovery } =
      (await client.describeContinuousBackups({ TableName })).ContinuousBackupsDescription ?? {}
    return (recovery?.LatestRestorableDateTime?.getTime() ?? 0) >= ms
  })

t.test('a restore has every item as it was in the second asked for, by whatever call it was written', async (t) => {
  aws.set({ limits: { ratePerSecond: {} } })
  await createRecoverable(client, 'travel')
  await put(client, 'travel', 'put', 'old')
  await put(client, 'travel', 'deleted', 'old')
  await put(client, 'travel', 'updated', 'old')
  await client.batchWriteItem({
    RequestItems: { travel: [{ PutRequest: { Item: { id: { S: 'batch' }, value: { S: 'old' } } } }] },
  })
  await client.transactWriteItems({
    TransactItems: [{ Put: { TableName: 'travel', Item: { id: { S: 'transaction' }, value: { S: 'old' } } } }],
  })
  await nextSecond()
  const second = await nextSecond()
  await nextSecond()
  await put(client, 'travel', 'put', 'new')
  await client.deleteItem({ TableName: 'travel', Key: { id: { S: 'deleted' } } })
  await client.updateItem({
    TableName: 'travel',
    Key: { id: { S: 'updated' } },
    UpdateExpression: 'SET #v = :v',
    ExpressionAttributeNames: { '#v': 'value' },
    ExpressionAttributeValues: { ':v': { S: 'new' } },
  })
  await client.batchWriteItem({
    RequestItems: {
      travel: [
        { DeleteRequest: { Key: { id: { S: 'batch' } } } },
        { PutRequest: { Item: { id: { S: 'added' }, value: { S: 'new' } } } },
      ],
    },
  })
  await client.transactWriteItems({
    TransactItems: [
      {
        Update: {
          TableName: 'travel',
          Key: { id: { S: 'transaction' } },
          UpdateExpression: 'SET #v = :v',
          ExpressionAttributeNames: { '#v': 'value' },
          ExpressionAttributeValues: { ':v': { S: 'new' } },
        },
      },
    ],
  })
  await restorable('travel', second)
  await client.restoreTableToPointInTime({
    SourceTableName: 'travel',
    TargetTableName: 'then',
    RestoreDateTime: new Date(second),
  })
  await active(client, 'then')
  t.strictSame(await contents(client, 'then'), [
    'batch=old',
    'deleted=old',
    'put=old',
    'transaction=old',
    'updated=old',
  ])

  const after = aws.now()
  await restorable('travel', after)
  await client.restoreTableToPointInTime({
    SourceTableName: 'travel',
    TargetTableName: 'now',
    UseLatestRestorableTime: true,
  })
  await active(client, 'now')
  t.strictSame(await contents(client, 'now'), ['added=new', 'put=new', 'transaction=new', 'updated=new'])
  t.strictSame(
    await contents(client, 'travel'),
    ['added=new', 'put=new', 'transaction=new', 'updated=new'],
    'the source is as it was',
  )

  await put(client, 'then', 'put', 'of the restored table')
  t.match(await contents(client, 'travel'), ['added=new', 'put=new'], 'a restored table is another one')
  t.strictSame((await client.describeTable({ TableName: 'then' })).Table?.RestoreSummary, {
    SourceTableArn: 'arn:aws:dynamodb:eu-west-1:123456789012:table/travel',
    RestoreDateTime: new Date(second),
    RestoreInProgress: false,
  })
})

t.test('a second that is written in may be restored as of any of its moments', async (t) => {
  await createRecoverable(client, 'within')
  let second: number
  for (;;) {
    second = await nextSecond()
    await put(client, 'within', 'early', '1')
    await sleep(second + 500 - aws.now())
    await put(client, 'within', 'late', '1')
    if (aws.now() < second + 1000) break
    // A busy machine did not get both into one second.
    for (const id of ['early', 'late']) await client.deleteItem({ TableName: 'within', Key: { id: { S: id } } })
  }
  await restorable('within', second)
  const restored = async (restoreMoment: 'start' | 'end') => {
    aws.set({ restoreMoment })
    await client.restoreTableToPointInTime({
      SourceTableName: 'within',
      TargetTableName: `within.${restoreMoment}`,
      RestoreDateTime: new Date(second),
    })
    await active(client, `within.${restoreMoment}`)
    return contents(client, `within.${restoreMoment}`)
  }
  t.strictSame(await restored('start'), [])
  t.strictSame(await restored('end'), ['early=1', 'late=1'])
})

t.test('a time outside the window, a table without recovery, a name that is taken: each its own error', async (t) => {
  await createRecoverable(client, 'window')
  await createTable(client, 'plain')
  const restore = (more: object) =>
    errorName(client.restoreTableToPointInTime({ SourceTableName: 'window', TargetTableName: 'window.new', ...more }))
  t.equal(await restore({ RestoreDateTime: new Date(aws.now() + 60_000) }), 'InvalidRestoreTimeException')
  t.equal(await restore({ RestoreDateTime: new Date(aws.now() - 60_000) }), 'InvalidRestoreTimeException')
  t.equal(
    await restore({ SourceTableName: 'plain', UseLatestRestorableTime: true }),
    'PointInTimeRecoveryUnavailableException',
  )
  t.equal(await restore({ SourceTableName: 'absent', UseLatestRestorableTime: true }), 'TableNotFoundException')
  t.equal(await restore({ TargetTableName: 'plain', UseLatestRestorableTime: true }), 'TableAlreadyExistsException')
  t.equal(await restore({}), 'ValidationException')
})

t.test('the window begins when recovery is turned on, anew each time, and is as long as its period', async (t) => {
  await createTable(client, 'period')
  const turn = (PointInTimeRecoveryEnabled: boolean, days?: number) =>
    client.updateContinuousBackups({
      TableName: 'period',
      PointInTimeRecoverySpecification: {
        PointInTimeRecoveryEnabled,
        ...(days !== undefined && { RecoveryPeriodInDays: days }),
      },
    })
  const earliest = async () =>
    (
      await client.describeContinuousBackups({ TableName: 'period' })
    ).ContinuousBackupsDescription?.PointInTimeRecoveryDescription?.EarliestRestorableDateTime?.getTime() ?? 0
  const began = aws.now()
  await turn(true, 3)
  const first = await earliest()
  t.ok(first >= began && first <= aws.now() + 1_000)
  aws.set({ clockOffsetMs: 4 * 86_400_000 })
  t.ok(Math.abs((await earliest()) - (aws.now() - 3 * 86_400_000)) < 2_000, 'no further back than its period')
  aws.set({ clockOffsetMs: 0 })
  await turn(false)
  await nextSecond()
  await nextSecond()
  await turn(true)
  t.ok((await earliest()) > first)
})
