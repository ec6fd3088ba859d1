import { ApiException } from '@kubernetes/client-node'
import t from 'tap'
import { ask } from '../../../../job/kubernetes/ask.ts'
import { setClock } from '../clock-that-is-set.ts'

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
