import t from 'tap'
import { parseDuration } from '../../../operation/duration.ts'
import { timeLimit } from '../../../plugin/kubernetes/api/time-limit.ts'
import { readPauseLimits } from '../../../plugin/operations/pause-limits.ts'
import { refused } from '../plugin/refused.ts'

t.test('a duration is a number with a unit, in whole ms', async (t) => {
  t.equal(parseDuration('1m30s'), 90_000)
  t.equal(parseDuration('1.005s'), 1005)
  for (const text of ['', '10', '-1s', 's', '1e3s', 'NaNs', '1s ', '1s,2s'])
    t.match(
      refused(() => parseDuration(text)),
      { exitCode: 2, what: `"${text}" is not a duration` },
      text,
    )
})

t.test('a --timeout longer than a timer can wait does not end at once', async (t) => {
  const signal = timeLimit('30d', new AbortController().signal)
  await new Promise((resolve) => setTimeout(resolve, 50))
  t.equal(signal.aborted, false)
})

t.test('a pause longer than a timer can wait is refused', async (t) => {
  const flags = { maxPause: '60s', maxPauseWait: '30s', guard: true }
  for (const wrong of [{ maxPause: '30d' }, { maxPauseWait: '0s' }, { guardTimeout: '25d' }])
    t.match(
      refused(() => readPauseLimits({ ...flags, ...wrong })),
      { exitCode: 2, what: /cannot be/ },
    )
  t.equal(readPauseLimits({ ...flags, maxPause: '24d' }).maxPauseMs, 24 * 86_400_000)
})
