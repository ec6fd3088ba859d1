import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { scaleRates } from '../../../../../../job/aws/rate-limits.ts'
import { readTableSettings } from '../../../../../../job/databases/dynamodb/settings/read-settings.ts'
import { ensureRestoreBegun, untilRestored } from '../../../../../../job/databases/dynamodb/restore/restore-table.ts'
import { createRecoverable, openAws } from '../../../../stand-ins/aws/clients.ts'

const { aws, client: dynamo, autoscaling } = await openAws(t, { restorableLagMs: 0 })
scaleRates(20)

t.test(
  'a restored table that is not there at first for those who look is waited for; one that goes again is not',
  async (t) => {
    await createRecoverable(dynamo, 'orders')
    const { Table: source } = await dynamo.describeTable({ TableName: 'orders' })
    if (source?.TableArn === undefined) throw new Error('it was made')
    const { ContinuousBackupsDescription: backups } = await dynamo.describeContinuousBackups({ TableName: 'orders' })
    const at = backups?.PointInTimeRecoveryDescription?.LatestRestorableDateTime ?? new Date()
    const expected = await readTableSettings({ dynamo, autoscaling, close: () => undefined }, source, {
      unread: 'of no use here',
    })
    const surroundings = { dynamo, source: dynamo, signal: new AbortController().signal }
    const restore = { name: 'new-orders', from: { tableArn: source.TableArn, at }, expected }
    aws.set({ phases: { appearance: 'held', restore: 10 } })
    const looked = async (status: number) => {
      aws.forgetCalls()
      while (!aws.calls().some((call) => call.operation === 'DescribeTable' && call.status === status)) await sleep(10)
    }
    await ensureRestoreBegun(surroundings, restore)
    const restored = untilRestored(surroundings, restore)
    await looked(400)
    aws.set({ phases: { appearance: 0 } })
    t.equal((await restored).TableStatus, 'ACTIVE')

    aws.set({ phases: { appearance: 0, restore: 'held', deleteTable: 10 } })
    const doomed = { ...restore, name: 'gone-orders' }
    await ensureRestoreBegun(surroundings, doomed)
    const waiting = untilRestored(surroundings, doomed)
    await looked(200)
    aws.set({
      faults: [
        {
          operation: 'DescribeTable',
          table: 'gone-orders',
          effect: 'error',
          error: { code: 'ResourceNotFoundException' },
        },
      ],
    })
    t.match(await waiting.catch((error: unknown) => error), { what: 'gone-orders was not restored' })
  },
)
