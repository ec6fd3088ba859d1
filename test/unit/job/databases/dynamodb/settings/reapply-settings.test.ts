import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { readTableSettings } from '../../../../../../job/databases/dynamodb/settings/read-settings.ts'
import { reapplySettings } from '../../../../../../job/databases/dynamodb/settings/reapply-settings.ts'
import { createTable, openAws } from '../../../../stand-ins/aws/clients.ts'

const { aws, client, autoscaling } = await openAws(t)

t.test(
  'where another table fails nothing is still being set when this is known: it could meet the original under that name',
  async (t) => {
    await createTable(client, 'orders')
    const clients = { dynamo: client, autoscaling, close: () => undefined }
    const { Table: table } = await client.describeTable({ TableName: 'orders' })
    if (table?.TableArn === undefined) throw new Error('it was made')
    const found = await readTableSettings(clients, table, { unread: 'of no use here' })
    const expected = { ...found, timeToLive: 'expiry', tags: [{ key: 'team', value: 'ledger' }] }
    aws.set({
      faults: [
        { operation: 'TagResource', effect: 'error', error: { code: 'ResourceInUseException' } },
        { operation: 'UpdateTimeToLive', effect: 'delay', delayMs: 1000 },
      ],
    })
    const other = new AbortController()
    const set = reapplySettings({
      clients,
      table: 'orders',
      arn: table.TableArn,
      expected,
      found,
      signal: other.signal,
    })
    await sleep(100)
    other.abort(new Error('another table failed'))
    await t.rejects(set, { message: 'another table failed' })
    t.ok(
      aws.calls().some(({ operation }) => operation === 'UpdateTimeToLive'),
      'its call was answered before',
    )
  },
)
