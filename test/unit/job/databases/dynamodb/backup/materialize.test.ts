import t, { type Test } from 'tap'
import { dynamodb } from '../../../../../../job/databases/dynamodb/dynamodb.ts'
import { readDetails } from '../../../../../../job/databases/dynamodb/details.ts'
import type { DatabaseBackup } from '../../../../../../operation/record.ts'
import type { JournalDocument } from '../../../../../../operation/journal.ts'
import { startAws } from '../../../../../stand-ins/aws/aws.ts'
import { failureOf } from '../../../failure-of.ts'
import { killed, memoryJournal } from '../../database-conformance.ts'
import { contextOf, createInstallation, type Installation } from '../installation.ts'

const phases = {
  createTable: 5,
  deleteTable: 5,
  updateTable: 5,
  createIndex: 5,
  restore: { fromMs: 50, toMs: 200 },
  createBackup: { fromMs: 20, toMs: 80 },
}
const aws = await startAws({ settings: { restorableLagMs: 200, phases, limits: { ratePerSecond: {} } } })
t.teardown(() => aws.stop())

/** A restore point of an installation, after which its items went on changing. */
async function backedUp(
  t: Test,
  prefix: string,
  chosen: string[] = [],
): Promise<Installation & { entry: DatabaseBackup; again(): ReturnType<typeof dynamodb.openBackup> }> {
  const installation = await createInstallation(aws, prefix)
  t.teardown(() => installation.close())
  const again = () => {
    const source = dynamodb.openBackup(
      installation.settings,
      contextOf('backup-m', { materialize: true, tables: chosen }),
    )
    t.teardown(() => source.close())
    return source
  }
  const source = again()
  await source.snapshot()
  await installation.write()
  const entry = await source.complete('m/dynamodb-1')
  return { ...installation, entry, again }
}

async function tablesOf({ client, prefix }: Installation): Promise<string[]> {
  return ((await client.listTables({})).TableNames ?? []).filter((name) => name.includes(prefix)).sort()
}

async function backupsOf({ client, prefix }: Installation): Promise<string[]> {
  return ((await client.listBackups({ BackupType: 'USER' })).BackupSummaries ?? [])
    .flatMap(({ BackupName, BackupArn }) => (BackupName?.includes(prefix) ? (BackupArn ?? []) : []))
    .sort()
}

const arnsOf = (entry: DatabaseBackup) =>
  readDetails(entry)
    .tables.map(({ materialized }) => materialized?.backupArn ?? 'none')
    .sort()

t.test('a restore point becomes backups of its very items, with all indexes, and nothing else is left', async (t) => {
  const installation = await backedUp(t, 'whole-')
  const { client, entry, again, tables, settings } = installation
  const materialized = await again().materialize?.(entry, await memoryJournal())
  if (materialized === undefined) throw new Error('nothing was materialized')
  t.equal(materialized.serviceBackups, 5)
  t.strictSame(arnsOf(materialized), await backupsOf(installation))
  t.strictSame(await tablesOf(installation), tables)

  const asset = readDetails(materialized).tables.find(({ name }) => name === 'whole-scalar.asset')
  await client.restoreTableFromBackup({
    BackupArn: asset?.materialized?.backupArn,
    TargetTableName: 'whole-brought-back',
  })
  while ((await client.describeTable({ TableName: 'whole-brought-back' })).Table?.TableStatus !== 'ACTIVE');
  const { Items: items } = await client.scan({ TableName: 'whole-brought-back' })
  t.match(items, [{ value: { N: '1' } }], 'the item of the point, and none that was written after it')
  const { Table: table } = await client.describeTable({ TableName: 'whole-brought-back' })
  t.match(table?.GlobalSecondaryIndexes, [{ IndexName: 'whole-scalar.asset.global_index.owner' }])
  t.equal(table?.SSEDescription?.KMSMasterKeyArn, 'arn:aws:kms:eu-west-1:123456789012:key/of-the-ledger')
  await client.deleteTable({ TableName: 'whole-brought-back' })

  await dynamodb.remove?.(settings, materialized, contextOf('delete-m'))
  t.strictSame(await backupsOf(installation), [], 'deleting the backup deletes them')
  await dynamodb.remove?.(settings, materialized, contextOf('delete-m'))
})

t.test('killed at any write of the journal and started again, it ends the same', async (t) => {
  const installation = await backedUp(t, 'killed-', ['killed-scalar.asset'])
  const { entry, again, tables } = installation
  for (let dies = 1; ; dies += 1) {
    const store: { document?: JournalDocument } = {}
    aws.forgetCalls()
    const survived = await again()
      .materialize?.(entry, await memoryJournal(store, dies))
      .then(
        () => true,
        (error: unknown) => {
          if (error === killed) return false
          throw error
        },
      )
    const materialized = await again().materialize?.(entry, await memoryJournal(store))
    if (materialized === undefined) throw new Error('nothing was materialized')
    t.strictSame(arnsOf(materialized), await backupsOf(installation), `killed at write ${dies}`)
    t.equal(
      aws.calls().filter(({ operation, error }) => operation === 'RestoreTableToPointInTime' && error === undefined)
        .length,
      1,
      `restored once, killed at write ${dies}`,
    )
    t.strictSame(await tablesOf(installation), tables, `nothing is left, killed at write ${dies}`)
    await dynamodb.remove?.(installation.settings, materialized, contextOf('delete-m'))
    if (survived === true) break
  }
})

t.test('lost answers, throttles, failing servers and expired credentials in between', async (t) => {
  const installation = await backedUp(t, 'faulty-')
  const { entry, again, tables } = installation
  const once = (
    operation: string,
    effect: 'lost-answer' | 'lost-answer-500' | 'throttle' | 'internal' | 'expired' | 'reset',
  ) => ({ operation, effect, times: 2 })
  aws.set({
    faults: [
      once('RestoreTableToPointInTime', 'lost-answer'),
      once('CreateBackup', 'lost-answer-500'),
      once('DeleteTable', 'lost-answer'),
      once('ListBackups', 'throttle'),
      once('DescribeTable', 'expired'),
      once('DescribeTable', 'reset'),
      once('CreateBackup', 'internal'),
    ],
  })
  const materialized = await again().materialize?.(entry, await memoryJournal())
  aws.set({ faults: [] })
  if (materialized === undefined) throw new Error('nothing was materialized')
  t.strictSame(arnsOf(materialized), await backupsOf(installation), 'one backup a table')
  t.strictSame(await tablesOf(installation), tables)
})

t.test('one that fails is tidied up', async (t) => {
  const installation = await backedUp(t, 'tidied-')
  const { entry, again, tables } = installation
  aws.set({
    faults: [
      {
        operation: 'CreateBackup',
        table: '*asset*',
        effect: 'error',
        error: { code: 'AccessDeniedException', message: 'not authorized to perform: dynamodb:CreateBackup' },
      },
    ],
  })
  const source = again()
  t.match(await failureOf(source.materialize?.(entry, await memoryJournal()) ?? Promise.resolve()), {
    why: /dynamodb:CreateBackup/,
  })
  aws.set({ faults: [] })
  await source.discardMaterials?.(entry)
  t.strictSame(await tablesOf(installation), tables)
  t.strictSame(await backupsOf(installation), [])
})
