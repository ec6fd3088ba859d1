import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { ReleaseChange } from '../../../../job/kubernetes/cluster.ts'
import { watchReleases } from '../../../../job/kubernetes/watch-releases.ts'
import { harmOf } from '../../../../job/pause/proof/diff-state.ts'
import { watchedApi } from './watched-api.ts'

async function scene(t: Test) {
  const server = await watchedApi((close) => t.teardown(close))
  server.happen('ADDED', 'a')
  const stop = new AbortController()
  t.teardown(() => stop.abort())
  const changes: ReleaseChange[] = []
  const watch = await watchReleases(server.api, 'ns', ['my'], (change) => changes.push(change), stop.signal)
  const harms = () => changes.map(harmOf).filter((harm) => harm !== undefined)
  return { server, watch, harms }
}

async function becomes(what: () => boolean): Promise<boolean> {
  for (let tries = 0; tries < 1500 && !what(); tries += 1) await sleep(20)
  return what()
}

t.test('what came and went while the connection was broken is told all the same, and once', async (t) => {
  const { server, watch, harms } = await scene(t)
  server.cut()
  server.happen('ADDED', 'brief')
  server.happen('DELETED', 'brief')
  await watch.catchUp(5000)
  t.ok(await becomes(() => server.begun >= 3))
  await sleep(100)
  t.strictSame(harms(), ['pod brief appeared', 'pod brief vanished'])
})

t.test('to be told everything up to now does not need the connection that seems to stand', async (t) => {
  const { server, watch, harms } = await scene(t)
  await watch.catchUp(5000)
  t.equal(server.begun, 2, 'another watch was begun')
  t.strictSame(harms(), [])
})

t.test('where the API server has forgotten what happened, that is said, and what there is now is seen', async (t) => {
  const { server, watch, harms } = await scene(t)
  server.away = true
  server.cut()
  server.happen('ADDED', 'b')
  server.happen('ADDED', 'brief')
  server.happen('DELETED', 'brief')
  server.forget()
  server.away = false
  await watch.catchUp(5000)
  t.ok(
    harms().some((harm) => /what happened meanwhile is not known/.test(harm)),
    harms().join('; '),
  )
  t.ok(harms().includes('pod b appeared'))
  server.happen('MODIFIED', 'b', { podIP: '10.0.0.9' })
  t.ok(await becomes(() => harms().some((harm) => /pod b changed its address/.test(harm))), 'the watch goes on')
})

t.test('an API server that comes back soon loses nothing; one that stays away is a reason', async (t) => {
  const { server, watch, harms } = await scene(t)
  server.away = true
  server.cut()
  setTimeout(() => (server.away = false), 1000)
  await watch.catchUp(10_000)
  t.strictSame(harms(), [])
  server.away = true
  await watch.catchUp(500)
  t.equal(harms().length, 4)
  t.match(harms()[0], /could not be watched to the end/)
})
