import t from 'tap'
import type { Intervention } from '../../../../operation/record.ts'
import { watchInterventions } from '../../../../plugin/operations/watch-interventions.ts'
import { ObjectStore } from '../kubernetes/object-store.ts'

const fired: Intervention = {
  at: '2026-11-21T09:00:06Z',
  pause: 1,
  why: 'the worker was not heard for 5 s',
  unpaused: ['10.0.0.7:50053'],
  stillPaused: ['10.0.0.8:50053'],
}

/** A record as the worker left it, with what its guard reported beside it. */
function report(store: ObjectStore, state: 'running' | 'failed', ...interventions: Intervention[]): void {
  store.record({ operation: 'pause-p', kind: 'pause', state })
  const stored = store.objects.get('configmaps/scalardl-pause-p.record')
  const data = stored?.['data'] as Record<string, string>
  data['guard.json'] = JSON.stringify({ pod: 'guard', node: 'n', interventions })
}

async function until(met: () => boolean): Promise<void> {
  for (let look = 0; look < 200 && !met(); look += 1) await new Promise((resolve) => setTimeout(resolve, 50))
}

t.test('what the guard did is told while the worker is out of reach, once, and what it added', async (t) => {
  const store = new ObjectStore()
  report(store, 'running')
  const session = await store.session(t)
  const told: string[] = []
  const stop = new AbortController()
  const watching = watchInterventions(session, 'pause-p', (text) => told.push(text), stop.signal)
  report(store, 'running', fired)
  await until(() => told.length > 0)
  t.match(told[0], /the guard unpaused 1 server .*; not 10\.0\.0\.8:50053: the worker was not heard/)

  store.fault = 503
  await new Promise((resolve) => setTimeout(resolve, 1500))
  store.fault = undefined
  report(store, 'running', { ...fired, unpaused: ['10.0.0.7:50053', '10.0.0.8:50053'], stillPaused: [] })
  await until(() => told.length > 1)
  report(store, 'failed', fired)
  await watching
  t.equal(told.length, 2)
  t.match(told[1], /the guard unpaused 2 servers/)
})
