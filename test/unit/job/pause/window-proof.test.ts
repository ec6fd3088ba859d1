import t from 'tap'
import { holdPause } from '../../../../job/pause/hold-pause.ts'
import type { ReleaseChange } from '../../../../job/kubernetes/cluster.ts'
import { three } from './three-ledgers.ts'

t.test('a window ends before the first server serves again', async (t) => {
  const { ledgers, context } = await three(t)
  // two of them are open long before the last has answered
  ledgers[1].faults.set({ delayMs: { Unpause: 1000 } })
  let openedMs = Infinity
  const looking = setInterval(() => {
    const closed = ledgers.every(({ gate }) => !gate.isOpen)
    if (closed) openedMs = Infinity
    else if (openedMs === Infinity) openedMs = Date.now()
  }, 2)
  t.teardown(() => clearInterval(looking))
  const { window } = await holdPause(context, async () => undefined)
  t.ok(Date.parse(window.unpauseSentAt ?? '') <= openedMs, `${window.unpauseSentAt}, open by ${openedMs}`)
})

t.test('what the watch tells only when it is asked for everything up to now voids the window', async (t) => {
  const { ledgers, cluster, context } = await three(t)
  const { pod } = ledgers[1]
  const change: ReleaseChange = { of: 'pod', name: pod.name, before: pod, now: { ...pod, restarts: pod.restarts + 1 } }
  cluster.watchReleases = async (_releases, changed) => ({ catchUp: async () => changed(change) })
  const { window } = await holdPause(context, async () => undefined)
  t.equal(window.verdict, 'void')
  t.match(window.reasons.join('; '), /restarted/)
})
