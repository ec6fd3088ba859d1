import t from 'tap'
import { figuresOf } from '../../../bench/figures/figures.ts'

t.test('figures are named by the keys and titles that lead to them, with the median of several values', async (t) => {
  const figures = figuresOf({
    measuredAt: '2026-11-21T12:00:00Z',
    unit: 'ms',
    scale: 100,
    sizes: [{ title: '10 MB', backup: { pause: { median: 103, min: 99, max: 120, values: [103, 99, 120] } } }],
    commands: { version: [3, 1, 2] },
    results: [{ tables: 8, together: 5 }],
    counts: [{ endpoints: 100, memory: 90 }],
  })
  t.strictSame(Object.fromEntries(figures), {
    'sizes 10 MB backup pause': 103,
    'commands version': 2,
    'results 8 together': 5,
    'counts 100 memory': 90,
  })
})
