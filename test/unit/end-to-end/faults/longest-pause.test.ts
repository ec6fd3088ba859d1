import t from 'tap'
import { longestPauseAfter } from '../../../end-to-end/faults/longest-pause.ts'

const gate = (closed: { from: number; until?: number }[], atMs = 100_000) => ({
  ip: '10.0.0.1',
  atMs,
  startedAt: 0,
  done: 1,
  closed,
})

t.test('of a pause in which the fault came, only what came after it counts', (t) => {
  t.equal(longestPauseAfter(50_000, [gate([{ from: 45_000, until: 53_000 }])]), 3000)
  t.end()
})

t.test('the longest of all pods and of all their pauses is told', (t) => {
  t.equal(
    longestPauseAfter(50_000, [
      gate([
        { from: 40_000, until: 41_000 },
        { from: 60_000, until: 61_000 },
      ]),
      gate([{ from: 60_000, until: 64_000 }]),
    ]),
    4000,
  )
  t.end()
})

t.test('a pause that still lasts is counted until now, one of a process that ended until it was last seen', (t) => {
  t.equal(longestPauseAfter(50_000, [gate([{ from: 49_000 }], 71_000)]), 21_000)
  t.equal(longestPauseAfter(50_000, [gate([{ from: 40_000 }], 49_000)]), 0)
  t.end()
})

t.test('pauses that were over before the fault, or none, are no pause', (t) => {
  t.equal(longestPauseAfter(50_000, [gate([{ from: 40_000, until: 49_000 }]), gate([])]), 0)
  t.end()
})
