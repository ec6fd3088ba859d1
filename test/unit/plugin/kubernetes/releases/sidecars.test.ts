import t from 'tap'
import type { Session } from '../../../../../plugin/kubernetes/api/session.ts'
import { requireSidecars } from '../../../../../plugin/kubernetes/releases/prerequisites.ts'
import { failureOf } from '../../../job/failure-of.ts'

/** A session whose API server answers this to every request. */
function answering(request: () => Promise<{ text(): Promise<string> }>): Session {
  return { request } as unknown as Session
}

const version = (minor: string) =>
  answering(async () => ({ text: async () => JSON.stringify({ major: '1', minor, gitVersion: `v1.${minor}` }) }))

t.test('a tool of your own needs a cluster that has sidecars', async (t) => {
  t.match(await failureOf(requireSidecars(version('28'))), { what: /--exec-image/, why: /needs 1\.29/ })
  for (const minor of ['29', '29+', '35']) await requireSidecars(version(minor))
  await requireSidecars(answering(() => Promise.reject(new Error('forbidden'))))
  t.pass('what cannot be asked is left to the API server')
})
