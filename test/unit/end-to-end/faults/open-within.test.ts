import t from 'tap'
import { openWithin } from '../../../end-to-end/faults/open-within.ts'

const window = { fromMs: 50_000, untilMs: 60_000 }
const gate = (closed: { from: number; until?: number }[], startedAt = 0, atMs = 100_000) => ({
  ip: '10.0.0.1',
  atMs,
  startedAt,
  done: 1,
  closed,
})

t.test('a gate that was closed before the window and until after it was not open within', async (t) => {
  t.strictSame(openWithin(window, [gate([{ from: 49_000, until: 61_000 }]), gate([{ from: 50_000 }])]), [])
})

t.test('closed too late, opened too soon, opened for a moment, or never closed: open within', async (t) => {
  for (const closed of [
    [{ from: 50_001, until: 61_000 }],
    [{ from: 49_000, until: 59_999 }],
    [
      { from: 49_000, until: 55_000 },
      { from: 55_001, until: 61_000 },
    ],
    [],
  ])
    t.strictSame(openWithin(window, [gate(closed)]), ['10.0.0.1'], JSON.stringify(closed))
})

t.test('a process that began within counts, one that had ended before or began after does not', async (t) => {
  t.strictSame(openWithin(window, [gate([{ from: 55_500 }], 55_000)]), ['10.0.0.1'], 'open until its first pause')
  t.strictSame(openWithin(window, [gate([], 0, 49_000), gate([], 61_000)]), [])
  t.strictSame(openWithin(window, [gate([{ from: 49_000 }], 0, 55_000)]), [], 'closed as long as it lived')
})
