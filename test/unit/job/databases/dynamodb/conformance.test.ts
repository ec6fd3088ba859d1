import t from 'tap'
import { dynamodb } from '../../../../../job/databases/dynamodb/dynamodb.ts'
import { scaleRates } from '../../../../../job/aws/rate-limits.ts'
import { startAws } from '../../../../stand-ins/aws/aws.ts'
import { databaseConformance } from '../database-conformance.ts'
import { createInstallation } from './installation.ts'

const phases = {
  createTable: 1,
  deleteTable: 1,
  updateTable: 1,
  createIndex: 1,
  restore: 10,
  createBackup: 10,
  timeToLive: 0,
  contributorInsights: 0,
}
const aws = await startAws({ settings: { restorableLagMs: 1_300, phases, limits: { ratePerSecond: {} } } })
scaleRates(20)
t.teardown(async () => {
  scaleRates(1)
  await aws.stop()
})

let number = 0

// The strategy that ends under the names in service, as every other database's restore does; it is the one that
// deletes.
await t.test('DynamoDB is a database', (t) =>
  databaseConformance(t, dynamodb, async (t) => {
    number += 1
    const prefix = `n${number}-`
    const installation = await createInstallation(aws, prefix)
    t.teardown(() => installation.close())
    const { client, settings, write, tables } = installation
    const table = `${prefix}scalar.contract`
    await client.updateTable({ TableName: table, DeletionProtectionEnabled: false })
    const protect = (on: boolean) => client.updateTable({ TableName: table, DeletionProtectionEnabled: on })
    const here = (names: readonly (string | undefined)[]) =>
      names.flatMap((name) => (name?.includes(prefix) ? [name] : []))
    return {
      settings,
      context: { tables: [table], choice: { strategy: 'replace' } },
      write,
      async content() {
        const { Items: items = [] } = await client.scan({ TableName: table, ConsistentRead: true })
        return items.map((item) => JSON.stringify(item)).sort()
      },
      async beside() {
        const { TableNames: listed = [] } = await client.listTables({})
        const described = await Promise.allSettled(listed.map((TableName) => client.describeTable({ TableName })))
        const all = described.flatMap((one) =>
          one.status === 'fulfilled' && one.value.Table?.TableStatus !== 'DELETING' ? [one.value.Table?.TableName] : [],
        )
        const { BackupSummaries: backups = [] } = await client.listBackups({ BackupType: 'USER' })
        return [
          ...here(all).filter((name) => !tables.includes(name)),
          ...here(backups.map(({ BackupName }) => BackupName)),
        ]
      },
      delay() {
        aws.set({ phases: { restore: 'held' } })
        return () => aws.set({ phases })
      },
      async obstruct() {
        await protect(true)
        return async () => void (await protect(false))
      },
    }
  }),
)
