import t, { type Test } from 'tap'
import { requester } from '../../../../../plugin/kubernetes/api/requester.ts'
import { answerJson, answerStatus, sessionWith, type Handler } from '../api-server.ts'

async function asked(t: Test, handler: Handler) {
  const { session, close } = await sessionWith(handler)
  t.teardown(close)
  return requester(session)
}

t.test("the requester is the API server's word, and not the kubeconfig's", async (t) => {
  const calls: string[] = []
  const found = await asked(t, (request, response, url) => {
    calls.push(`${request.method} ${url.pathname}`)
    answerJson(response, { status: { userInfo: { username: 'alice@example.com', groups: ['admins'] } } }, 201)
  })
  t.strictSame(found, { user: 'alice@example.com' })
  t.strictSame(calls, ['POST /apis/authentication.k8s.io/v1/selfsubjectreviews'])
})

t.test('where the API server does not say, no operation fails, and the record tells why', async (t) => {
  t.strictSame(await asked(t, (_, response) => answerStatus(response, 404, 'the server could not find it')), {
    unknown: 'the API server has no SelfSubjectReview (Kubernetes 1.28)',
  })
  t.strictSame(await asked(t, (_, response) => answerStatus(response, 403, 'forbidden to alice')), {
    unknown: 'the API server does not say: forbidden to alice',
  })
  t.strictSame(await asked(t, (_, response) => answerJson(response, { status: {} }, 201)), {
    unknown: 'the API server names nobody',
  })
  t.match(await asked(t, (request) => request.socket.destroy()), { unknown: /^the API server does not say: / })
})
