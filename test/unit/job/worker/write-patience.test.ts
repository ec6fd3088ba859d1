import t from 'tap'
import { writePatience } from '../../../../job/worker/write-patience.ts'
import { newRecord, type OperationRecord } from '../../../../operation/record.ts'

const stopping = new AbortController().signal
const fresh = newRecord({
  operation: 'backup-x',
  kind: 'backup',
  namespace: 'ns',
  releases: ['my-ledger'],
  createdAt: '2026-11-21T00:00:00Z',
  plugin: '1',
})
const window = (verdict: 'open' | 'valid' | 'void') => ({
  endpoints: [],
  pauseSentAt: fresh.createdAt,
  verdict,
  reasons: [],
})

t.test('what can be had once only is written with patience, and nobody is kept paused by that', async (t) => {
  const cases: Record<string, { changes: Partial<OperationRecord>; patient: boolean }> = {
    'before the first pause': { changes: {}, patient: false },
    'a backup that has no point yet': {
      changes: { backup: { name: 'x', state: 'incomplete', databases: [] } },
      patient: false,
    },
    'from before the first Pause until all are unpaused': { changes: { windows: [window('open')] }, patient: false },
    'the proof of a pause, and what follows it': { changes: { windows: [window('valid')] }, patient: true },
    'another pause after a void one': { changes: { windows: [window('void'), window('open')] }, patient: false },
    'a point that was taken without a pause': {
      changes: { backup: { name: 'x', state: 'recorded', restorePoint: fresh.createdAt, databases: [] } },
      patient: true,
    },
  }
  for (const [title, { changes, patient }] of Object.entries(cases)) {
    const patience = writePatience({ ...fresh, ...changes }, stopping)
    t.equal((patience?.ms ?? 0) >= 150_000, patient, title)
  }
  t.equal(
    writePatience({ ...fresh, windows: [window('valid')] }, stopping)?.stopping,
    stopping,
    'a worker that has to end does not wait for as long',
  )
})
