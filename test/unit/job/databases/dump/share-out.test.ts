import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { atOnce } from '../../../../../job/databases/dump/share-out.ts'

const never = new AbortController().signal

t.test('what is done at once is done when all of it is', async (t) => {
  const done: string[] = []
  const act = (name: string, ms: number) => async () => {
    await sleep(ms)
    done.push(name)
  }
  await atOnce(never, [act('slow', 20), act('quick', 1)])
  t.same(done, ['quick', 'slow'])
})

t.test('what fails in one ends the others, which are waited for', async (t) => {
  let ended = false
  const failure = new Error('the first that failed')
  const other = async (signal: AbortSignal) => {
    await sleep(60_000, undefined, { signal }).catch(() => undefined)
    await sleep(20)
    ended = true
    throw new Error('a later one')
  }
  await t.rejects(atOnce(never, [other, () => Promise.reject(failure)]), failure)
  t.equal(ended, true)
})

t.test('whoever stops all of it is the reason', async (t) => {
  const stop = new AbortController()
  const waiting = (signal: AbortSignal) => sleep(60_000, undefined, { signal })
  const all = atOnce(stop.signal, [waiting, waiting])
  stop.abort(new Error('given way'))
  await t.rejects(all, { message: 'given way' })
})
