import t from 'tap'
import { pausesSince } from '../../../end-to-end/faults/pauses-since.ts'

const gate = (closed: { from: number; until?: number }[]) => ({
  ip: '10.0.0.1',
  atMs: 100_000,
  startedAt: 0,
  done: 1,
  closed,
})

t.test('a pause of several gates is one, and one after another are several', async (t) => {
  const together = [gate([{ from: 50_000, until: 53_000 }]), gate([{ from: 50_010, until: 53_020 }])]
  t.equal(pausesSince(40_000, together), 1)
  t.equal(pausesSince(40_000, [...together, gate([{ from: 53_021, until: 54_000 }])]), 2)
  t.equal(pausesSince(40_000, [gate([{ from: 50_000, until: 51_000 }, { from: 52_000 }])]), 2)
})

t.test('a short pause within a long one is none of its own', async (t) => {
  const long = gate([{ from: 50_000, until: 60_000 }])
  t.equal(pausesSince(0, [long, gate([{ from: 51_000, until: 52_000 }]), gate([{ from: 55_000, until: 56_000 }])]), 1)
})

t.test('what began before does not count, nor do gates that were never closed', async (t) => {
  t.equal(pausesSince(50_001, [gate([{ from: 50_000, until: 60_000 }]), gate([])]), 0)
})
