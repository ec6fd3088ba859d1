import t from 'tap'
import { active, contents, createTable, errorName, gone, openAws, put, until } from './clients.ts'

const { aws, client } = await openAws(t)
t.beforeEach(() =>
  aws.set({
    phases: { createTable: 10, deleteTable: 10, updateTable: 10, createIndex: 10 },
    limits: { ratePerSecond: {} },
  }),
)

const status = async (TableName: string) => (await client.describeTable({ TableName })).Table?.TableStatus
const definition = (TableName: string) => ({
  TableName,
  AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' as const }],
  KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' as const }],
  BillingMode: 'PAY_PER_REQUEST' as const,
})

t.test('a table that is being created can be described, but not used, changed, backed up or deleted', async (t) => {
  aws.set({ phases: { createTable: 'held' } })
  await client.createTable(definition('coming'))
  t.equal(await status('coming'), 'CREATING')
  t.equal(await errorName(client.createTable(definition('coming'))), 'ResourceInUseException')
  t.equal(await errorName(put(client, 'coming', 'a', '1')), 'ResourceNotFoundException')
  t.equal(await errorName(client.scan({ TableName: 'coming' })), 'ResourceNotFoundException')
  t.equal(await errorName(client.deleteTable({ TableName: 'coming' })), 'ResourceInUseException')
  t.equal(
    await errorName(client.updateTable({ TableName: 'coming', DeletionProtectionEnabled: true })),
    'ResourceInUseException',
  )
  t.equal(await errorName(client.createBackup({ TableName: 'coming', BackupName: 'early' })), 'TableInUseException')
  aws.set({ phases: { createTable: 10 } })
  await active(client, 'coming')
  await put(client, 'coming', 'a', '1')
  t.strictSame(await contents(client, 'coming'), ['a=1'])
})

t.test('a new table may at first not be there for those who look', async (t) => {
  aws.set({ phases: { appearance: 'held' } })
  await client.createTable(definition('appearing'))
  t.equal(await errorName(client.describeTable({ TableName: 'appearing' })), 'ResourceNotFoundException')
  t.notOk((await client.listTables({})).TableNames?.includes('appearing'))
  t.equal(await errorName(client.createTable(definition('appearing'))), 'ResourceInUseException')
  aws.set({ phases: { appearance: 0 } })
  await until('it appears', async () => (await errorName(client.describeTable({ TableName: 'appearing' }))) === 'none')
  await active(client, 'appearing')
})

t.test(
  'a table that was told to go may at first be there as before for those who look, and for them alone',
  async (t) => {
    await createTable(client, 'lingering')
    const id = (await client.describeTable({ TableName: 'lingering' })).Table?.TableId
    aws.set({ phases: { disappearance: 'held' } })
    await client.deleteTable({ TableName: 'lingering' })
    await until(
      'its name is free',
      async () => (await errorName(client.createTable(definition('lingering')))) === 'none',
    )
    const { Table: seen } = await client.describeTable({ TableName: 'lingering' })
    t.match(seen, { TableId: id, TableStatus: 'ACTIVE' })
    aws.set({ phases: { disappearance: 0 } })
    await until(
      'its successor is seen',
      async () => (await client.describeTable({ TableName: 'lingering' })).Table?.TableId !== id,
    )
  },
)

t.test('a new backup may at first not be in lists', async (t) => {
  await createTable(client, 'listed')
  aws.set({ phases: { backupAppearance: 'held' } })
  const { BackupDetails: made } = await client.createBackup({ TableName: 'listed', BackupName: 'unseen' })
  t.equal(await errorName(client.describeBackup({ BackupArn: made?.BackupArn })), 'none')
  t.strictSame((await client.listBackups({ TableName: 'listed' })).BackupSummaries, [])
  aws.set({ phases: { backupAppearance: 0 } })
  await until(
    'it is listed',
    async () => (await client.listBackups({ TableName: 'listed' })).BackupSummaries?.length === 1,
  )
})

t.test('backups of a table that has just come cannot be spoken of yet', async (t) => {
  aws.set({ phases: { continuousBackups: 'held' } })
  await createTable(client, 'new')
  const turnOn = () =>
    errorName(
      client.updateContinuousBackups({
        TableName: 'new',
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      }),
    )
  t.equal(await turnOn(), 'ContinuousBackupsUnavailableException')
  t.equal(
    await errorName(client.createBackup({ TableName: 'new', BackupName: 'early' })),
    'ContinuousBackupsUnavailableException',
  )
  aws.set({ phases: { continuousBackups: 0 } })
  await until('recovery can be turned on', async () => (await turnOn()) === 'none')
})

t.test('a table that is being deleted keeps its name until it is gone', async (t) => {
  await createTable(client, 'going')
  aws.set({ phases: { deleteTable: 'held' } })
  await client.deleteTable({ TableName: 'going' })
  t.equal(await status('going'), 'DELETING')
  t.equal(await errorName(client.deleteTable({ TableName: 'going' })), 'none', 'deleting it again is no error')
  t.equal(await errorName(client.createTable(definition('going'))), 'ResourceInUseException')
  aws.set({ phases: { deleteTable: 10 } })
  await gone(client, 'going')
  await createTable(client, 'going')
  t.strictSame(await contents(client, 'going'), [])
})

t.test('deletion protection keeps a table until it is turned off', async (t) => {
  await createTable(client, 'protected', { DeletionProtectionEnabled: true })
  t.equal(await errorName(client.deleteTable({ TableName: 'protected' })), 'ValidationException')
  await client.updateTable({ TableName: 'protected', DeletionProtectionEnabled: false })
  await active(client, 'protected')
  t.equal(await errorName(client.deleteTable({ TableName: 'protected' })), 'none')
})

t.test(
  'a changed table is UPDATING for a while, an index CREATING for longer, and only one index comes at a time',
  async (t) => {
    await createTable(client, 'changing')
    await put(client, 'changing', 'a', '1')
    aws.set({ phases: { updateTable: 'held', createIndex: 'held' } })
    const add = (name: string) =>
      client.updateTable({
        TableName: 'changing',
        AttributeDefinitions: [{ AttributeName: 'value', AttributeType: 'S' }],
        GlobalSecondaryIndexUpdates: [
          {
            Create: {
              IndexName: name,
              KeySchema: [{ AttributeName: 'value', KeyType: 'HASH' }],
              Projection: { ProjectionType: 'ALL' },
            },
          },
        ],
      })
    await add('by-value')
    t.equal(await status('changing'), 'UPDATING')
    t.equal(await errorName(add('another')), 'ResourceInUseException')
    await put(client, 'changing', 'b', '1')
    aws.set({ phases: { updateTable: 10 } })
    await active(client, 'changing')
    const indexes = async () =>
      (await client.describeTable({ TableName: 'changing' })).Table?.GlobalSecondaryIndexes ?? []
    t.match(await indexes(), [{ IndexName: 'by-value', IndexStatus: 'CREATING', Backfilling: true }])
    t.equal(await errorName(add('another')), 'LimitExceededException')
    const query = () =>
      client.query({
        TableName: 'changing',
        IndexName: 'by-value',
        KeyConditionExpression: '#v = :v',
        ExpressionAttributeNames: { '#v': 'value' },
        ExpressionAttributeValues: { ':v': { S: '1' } },
      })
    t.equal(await errorName(query()), 'ValidationException')
    aws.set({ phases: { createIndex: 10 } })
    await until('the index is ACTIVE', async () => (await indexes())[0]?.IndexStatus === 'ACTIVE')
    t.equal((await query()).Count, 2)
    await client.updateTable({
      TableName: 'changing',
      GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: 'by-value' } }],
    })
    await until('the index is gone', async () => (await indexes()).length === 0)
    t.strictSame((await client.describeTable({ TableName: 'changing' })).Table?.AttributeDefinitions, [
      { AttributeName: 'id', AttributeType: 'S' },
    ])
  },
)

t.test('phases may be drawn from a range, and 200 tables come and go at once', async (t) => {
  aws.set({ phases: { createTable: { fromMs: 10, toMs: 400 }, deleteTable: { fromMs: 10, toMs: 100 } } })
  const names = Array.from({ length: 200 }, (_, index) => `many.${String(index).padStart(3, '0')}`)
  await Promise.all(names.map((name) => createTable(client, name)))
  const listed: string[] = []
  let after: string | undefined
  do {
    const page = await client.listTables({ ...(after !== undefined && { ExclusiveStartTableName: after }) })
    listed.push(...(page.TableNames ?? []))
    after = page.LastEvaluatedTableName
  } while (after !== undefined)
  t.strictSame(
    listed.filter((name) => name.startsWith('many.')),
    names,
  )
  await Promise.all(names.map((TableName) => client.deleteTable({ TableName })))
  await Promise.all(names.map((name) => gone(client, name)))
})
