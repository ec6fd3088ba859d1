import t from 'tap'
import { closeIfOver } from '../../../../job/guard/process/close-record.ts'
import { inMemoryCluster } from '../in-memory-cluster.ts'
import { firstRecord, pauseRequest } from '../pausing-context.ts'

const request = pauseRequest()

async function cluster(state: 'pending' | 'running') {
  const made = inMemoryCluster([])
  await made.writeRecord({ ...firstRecord(request), state })
  made.job = { phase: 'gone' }
  return made
}

t.test(
  'the Job is made right after the guard: its record is left alone, and after a minute so is all else',
  async (t) => {
    const young = await cluster('pending')
    t.equal(await closeIfOver(young, request.operation, 1000), false)
    t.equal(await closeIfOver(young, request.operation, 61_000), true)
    t.match(await young.findRecord(request.operation), { state: 'pending' })
  },
)

t.test('one that began and lost its Job is closed at once', async (t) => {
  const begun = await cluster('running')
  t.equal(await closeIfOver(begun, request.operation, 1000), true)
  t.match(await begun.findRecord(request.operation), { state: 'failed', failure: { why: /deleted while it ran/ } })
})
