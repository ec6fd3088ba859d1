import t from 'tap'
import { openClients } from '../../../../../../job/databases/dynamodb/clients.ts'
import { ensureDeleted } from '../../../../../../job/databases/dynamodb/tables/delete-table.ts'
import { lookAtTable } from '../../../../../../job/databases/dynamodb/tables/look-at-table.ts'
import { createTable, openAws } from '../../../../stand-ins/aws/clients.ts'

const { aws, client } = await openAws(t)
const { dynamo, close } = openClients(
  {
    region: 'eu-west-1',
    endpoint: aws.endpoint,
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
  },
  { patienceMs: 30_000 },
)
t.teardown(close)
const never = new AbortController().signal

t.test(
  'whether a table may go is asked again before every attempt of a deletion that AWS does not take at once',
  async (t) => {
    await createTable(client, 'spared')
    const id = (await lookAtTable(dynamo, 'spared'))?.TableId
    aws.set({ faults: [{ operation: 'DeleteTable', times: 1, effect: 'unavailable' }] })
    let asked = 0
    await ensureDeleted(dynamo, 'spared', async () => (asked += 1) === 1, never)
    t.equal(asked, 2)
    t.match(await lookAtTable(dynamo, 'spared'), { TableId: id, TableStatus: 'ACTIVE' })
    await t.rejects(
      ensureDeleted(dynamo, 'spared', () => Promise.reject(new Error('a stranger')), never),
      { message: 'a stranger' },
    )
    t.equal(aws.calls().filter(({ operation }) => operation === 'DeleteTable').length, 1)
  },
)

t.test('a deletion whose answer was lost is done once', async (t) => {
  await createTable(client, 'lost')
  aws.forgetCalls()
  aws.set({ phases: { deleteTable: 'held' }, faults: [{ operation: 'DeleteTable', times: 1, effect: 'lost-answer' }] })
  await ensureDeleted(dynamo, 'lost', async () => true, never)
  t.equal((await lookAtTable(dynamo, 'lost'))?.TableStatus, 'DELETING')
  t.equal(aws.calls().filter(({ operation }) => operation === 'DeleteTable').length, 1)
  aws.set({ phases: { deleteTable: 0 } })
})
