import t from 'tap'
import { holdsSecond, middleOf, wholeSecondOf } from '../../../../operation/outcome/pause-window.ts'
import type { PauseWindowRecord } from '../../../../operation/record.ts'

function window(from: string, until: string): PauseWindowRecord {
  const [allPausedAt, unpauseSentAt] = [`2026-11-21T09:30:${from}Z`, `2026-11-21T09:30:${until}Z`]
  return { endpoints: [], pauseSentAt: allPausedAt, allPausedAt, unpauseSentAt, verdict: 'valid', reasons: [] }
}

t.test('the restore point is the middle, as a whole second where all stood still throughout it', async (t) => {
  t.equal(middleOf(window('00.000', '05.000')), '2026-11-21T09:30:02.500Z')
  t.equal(wholeSecondOf(window('00.000', '05.000')), '2026-11-21T09:30:02.000Z')
  t.equal(wholeSecondOf(window('01.600', '02.800')), '2026-11-21T09:30:02.200Z', 'none fits')
})

t.test('a second lies in a window only as a whole', async (t) => {
  const held = window('01.500', '04.000')
  const at = (second: string) => holdsSecond(held, `2026-11-21T09:30:${second}Z`)
  t.strictSame(['01', '02', '03', '04'].map(at), [false, true, true, false])
  t.equal(holdsSecond({ ...held, unpauseSentAt: undefined } as never, '2026-11-21T09:30:02Z'), false)
})
