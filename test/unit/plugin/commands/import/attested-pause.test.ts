import t from 'tap'
import { recordSchema } from '../../../../../operation/record.ts'
import { attestedPause } from '../../../../../plugin/commands/import/attested-pause.ts'
import { refused } from '../../refused.ts'

const given = { releases: ['my-ledger'], name: undefined, namespace: 'ns', by: 'ann' }

t.test('a pause of another tool is a record whose window a person attests', async (t) => {
  const record = attestedPause({ ...given, window: '1763717400.123/2025-11-21T18:30:10.456+09:00' })
  t.match(record, {
    operation: 'pause-my-ledger-20251121-093000',
    kind: 'pause',
    state: 'succeeded',
    releases: ['my-ledger'],
    windows: [
      {
        verdict: 'valid',
        attestedBy: 'ann',
        allPausedAt: '2025-11-21T09:30:00.123Z',
        unpauseSentAt: '2025-11-21T09:30:10.456Z',
        restorePoint: '2025-11-21T09:30:05.000Z',
      },
    ],
  })
  t.strictSame(recordSchema.parse(record), record)
  t.equal(attestedPause({ ...given, name: 'x', window: '1763717400/1763717410' }).operation, 'pause-x')
})

t.test('what is no window of the past is refused', async (t) => {
  for (const [window, why] of [
    ['1763717400', /START\/END/],
    ['1763717400/1763717410/1', /START\/END/],
    ['1763717410/1763717400', /ends before/],
    ['1763717400/33000000000', /not ended/],
    ['1763717400123/1763717410456', /milliseconds/],
  ] as const)
    t.match(
      refused(() => attestedPause({ ...given, window })),
      { exitCode: 2, why },
    )
})
