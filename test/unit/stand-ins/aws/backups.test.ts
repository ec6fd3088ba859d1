import t from 'tap'
import {
  active,
  available,
  contents,
  createRecoverable,
  createTable,
  errorName,
  gone,
  openAws,
  put,
} from './clients.ts'

const { aws, client } = await openAws(t, { backupSkewMs: 0 })
t.beforeEach(() =>
  aws.set({
    phases: { createTable: 10, deleteTable: 10, restore: 10, createBackup: 10 },
    limits: { ratePerSecond: {} },
    backupSkewMs: 0,
  }),
)

t.test('a backup is of its request, CREATING until it can be restored, and outlives its table', async (t) => {
  await createTable(client, 'kept')
  await put(client, 'kept', 'a', 'backed up')
  aws.set({ phases: { createBackup: 'held' } })
  const { BackupDetails } = await client.createBackup({ TableName: 'kept', BackupName: 'mine' })
  const BackupArn = BackupDetails?.BackupArn
  t.match(BackupArn, /^arn:aws:dynamodb:eu-west-1:123456789012:table\/kept\/backup\/\d{14}-[0-9a-f]{8}$/)
  t.equal(BackupDetails?.BackupStatus, 'CREATING')
  await put(client, 'kept', 'a', 'later')
  t.equal(
    await errorName(client.restoreTableFromBackup({ BackupArn, TargetTableName: 'early' })),
    'BackupInUseException',
  )
  t.equal(await errorName(client.deleteBackup({ BackupArn })), 'BackupInUseException')
  t.equal(
    await errorName(client.deleteTable({ TableName: 'kept' })),
    'ResourceInUseException',
    'a table of which a backup is being made stays',
  )
  aws.set({ phases: { createBackup: 10 } })
  await available(client, BackupArn)
  await client.deleteTable({ TableName: 'kept' })
  await gone(client, 'kept')
  t.match((await client.listBackups({ TableName: 'kept' })).BackupSummaries, [
    { BackupName: 'mine', BackupStatus: 'AVAILABLE', BackupType: 'USER' },
  ])
  aws.set({ phases: { restore: 'held' } })
  await client.restoreTableFromBackup({ BackupArn, TargetTableName: 'kept' })
  t.match((await client.describeTable({ TableName: 'kept' })).Table, {
    TableStatus: 'CREATING',
    RestoreSummary: { SourceBackupArn: BackupArn, RestoreInProgress: true },
  })
  t.equal(
    await errorName(client.restoreTableFromBackup({ BackupArn, TargetTableName: 'second' })),
    'BackupInUseException',
  )
  t.equal(await errorName(client.restoreTableFromBackup({ BackupArn, TargetTableName: 'kept' })), 'TableInUseException')
  t.equal(await errorName(client.deleteTable({ TableName: 'kept' })), 'ResourceInUseException')
  aws.set({ phases: { restore: 10 } })
  await active(client, 'kept')
  t.strictSame(await contents(client, 'kept'), ['a=backed up'])
  t.equal(
    await errorName(client.restoreTableFromBackup({ BackupArn, TargetTableName: 'kept' })),
    'TableAlreadyExistsException',
  )
  t.equal((await client.deleteBackup({ BackupArn })).BackupDescription?.BackupDetails?.BackupStatus, 'DELETED')
  t.equal(await errorName(client.describeBackup({ BackupArn })), 'BackupNotFoundException')
})

t.test('a backup of a table under writes is of no one moment', async (t) => {
  aws.set({ backupSkewMs: 60_000 })
  await createTable(client, 'written')
  await Promise.all(Array.from({ length: 40 }, (_, index) => put(client, 'written', `item-${index}`, 'just now')))
  const { BackupDetails } = await client.createBackup({ TableName: 'written', BackupName: 'torn' })
  await available(client, BackupDetails?.BackupArn)
  await client.restoreTableFromBackup({ BackupArn: BackupDetails?.BackupArn, TargetTableName: 'torn' })
  await active(client, 'torn')
  const { length } = await contents(client, 'torn')
  t.ok(length > 0 && length < 40, `some of them: ${length} of 40`)
})

t.test(
  'deleting a table that can be recovered leaves a system backup of its last moment, and ends its window',
  async (t) => {
    await createRecoverable(client, 'recoverable')
    await put(client, 'recoverable', 'a', 'last')
    await client.deleteTable({ TableName: 'recoverable' })
    await gone(client, 'recoverable')
    t.equal(
      (await client.listBackups({ TableName: 'recoverable' })).BackupSummaries?.length,
      0,
      'on-demand ones are listed unless others are asked for',
    )
    const { BackupSummaries = [] } = await client.listBackups({ TableName: 'recoverable', BackupType: 'SYSTEM' })
    t.match(BackupSummaries, [
      { BackupName: 'recoverable$DeletedTableBackup', BackupStatus: 'AVAILABLE', BackupType: 'SYSTEM' },
    ])
    const [backup] = BackupSummaries
    t.equal(
      Math.round(
        ((backup?.BackupExpiryDateTime?.getTime() ?? 0) - (backup?.BackupCreationDateTime?.getTime() ?? 0)) /
          86_400_000,
      ),
      35,
    )
    t.equal(
      await errorName(
        client.restoreTableToPointInTime({
          SourceTableName: 'recoverable',
          TargetTableName: 'lost',
          UseLatestRestorableTime: true,
        }),
      ),
      'TableNotFoundException',
    )
    await client.restoreTableFromBackup({ BackupArn: backup?.BackupArn, TargetTableName: 'recoverable' })
    await active(client, 'recoverable')
    t.strictSame(await contents(client, 'recoverable'), ['a=last'])
  },
)

t.test('backups are listed by pages and by time', async (t) => {
  await createTable(client, 'listed')
  for (const name of ['one', 'two', 'three']) await client.createBackup({ TableName: 'listed', BackupName: name })
  const first = await client.listBackups({ TableName: 'listed', Limit: 2 })
  const second = await client.listBackups({
    TableName: 'listed',
    Limit: 2,
    ExclusiveStartBackupArn: first.LastEvaluatedBackupArn,
  })
  t.strictSame(
    [...(first.BackupSummaries ?? []), ...(second.BackupSummaries ?? [])].map((each) => each.BackupName),
    ['one', 'two', 'three'],
  )
  t.equal(second.LastEvaluatedBackupArn, undefined)
  t.equal(
    (await client.listBackups({ TableName: 'listed', TimeRangeLowerBound: new Date(aws.now() + 1_000) }))
      .BackupSummaries?.length,
    0,
  )
})
