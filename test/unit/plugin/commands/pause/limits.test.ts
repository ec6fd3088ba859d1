import t from 'tap'
import { readPauseLength } from '../../../../../plugin/commands/pause/limits.ts'
import { readHold } from '../../../../../plugin/operations/pause-limits.ts'
import { refused } from '../../refused.ts'

const flags = { duration: undefined, maxPause: undefined, maxPauseWait: '30s', guard: true }

t.test('a pause without a duration is held for five minutes at the most', async (t) => {
  t.strictSame(readPauseLength(flags), { pause: { drainMs: 30_000, maxPauseMs: 300_000, guard: true } })
})

t.test('the limit follows a long duration', async (t) => {
  t.strictSame(readPauseLength({ ...flags, duration: '10m' }), {
    pause: { drainMs: 30_000, maxPauseMs: 660_000, guard: true },
    durationMs: 600_000,
  })
})

t.test('a limit that would cut the duration or the drain short is refused', async (t) => {
  t.match(
    refused(() => readPauseLength({ ...flags, duration: '2m', maxPause: '1m' })),
    { exitCode: 2 },
  )
  t.match(
    refused(() => readPauseLength({ ...flags, maxPause: '10s' })),
    { exitCode: 2, why: /--max-pause-wait/ },
  )
  t.match(
    refused(() => readPauseLength({ ...flags, duration: '0s' })),
    { exitCode: 2 },
  )
})

t.test('a backup is held as long as its limit allows', async (t) => {
  const limits = { maxPause: '60s', maxPauseWait: '30s', guard: true }
  t.equal(readHold('10s', limits), 10_000)
  t.match(
    refused(() => readHold('30s', limits)),
    { exitCode: 2, what: /--hold 30s/, why: /--max-pause 60s/ },
  )
  t.match(
    refused(() => readHold('0s', limits)),
    { exitCode: 2 },
  )
})

t.test('how long the guard may take is said only where it is given', async (t) => {
  t.match(readPauseLength({ ...flags, guardTimeout: '10m' }), { pause: { guardWaitMs: 600_000 } })
  t.match(
    refused(() => readPauseLength({ ...flags, guardTimeout: '0s' })),
    { exitCode: 2, what: /--guard-timeout/ },
  )
})
