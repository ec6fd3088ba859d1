import { ApiException } from '@kubernetes/client-node'
import t from 'tap'
import { ask } from '../../../../job/kubernetes/ask.ts'
import { passing, setClock } from '../simulated-time.ts'

const forbidden = () => new ApiException(403, 'Forbidden', '{"message":"configmaps is forbidden"}', {})

/** A request that fails so often in these ways, then succeeds. */
function failing(...errors: Error[]): { request: () => Promise<string>; asked: () => number } {
  let asked = 0
  const request = () => {
    const error = errors[asked]
    asked += 1
    return error === undefined ? Promise.resolve('answer') : Promise.reject(error)
  }
  return { request, asked: () => asked }
}

t.test('an API server that has just come back and does not know the Roles yet is asked again', async (t) => {
  const { request, asked } = failing(new Error('connect ECONNREFUSED'), forbidden())
  t.equal(await ask('update config maps', request), 'answer')
  t.equal(asked(), 3)
})

t.test('a refusal by one that was there all the time is final', async (t) => {
  const { request, asked } = failing(forbidden())
  await t.rejects(ask('update config maps', request), { message: /may not update config maps/ })
  t.equal(asked(), 1)
})

t.test('a clock that is set forward takes nothing away from the time that an API server has', async (t) => {
  const { request, asked } = failing(new Error('connect ECONNREFUSED'))
  const answer = ask('list pods', request)
  setClock(t, 120_000)
  t.equal(await answer, 'answer')
  t.equal(asked(), 2)
})

t.test(
  'an API server that is away for minutes is waited for where that was asked for, ' +
    'and no longer once the worker has to end',
  async (t) => {
    const away = (times: number) => Array.from({ length: times }, () => new Error('connect ECONNREFUSED'))
    // each try is a minute after the one before
    passing(t, 60_000)
    const usual = failing(...away(9))
    await t.rejects(ask('list pods', usual.request), { message: /could not list pods/ })
    t.equal(usual.asked(), 1)

    const stop = new AbortController()
    const patience = { ms: 300_000, stopping: stop.signal }
    const patient = failing(...away(3))
    t.equal(await ask('list pods', patient.request, patience), 'answer')
    t.equal(patient.asked(), 4)

    const stopped = failing(...away(9))
    const answer = ask('list pods', stopped.request, patience)
    stop.abort()
    await t.rejects(answer, { message: /could not list pods/ })
    t.equal(stopped.asked(), 1)
  },
)
