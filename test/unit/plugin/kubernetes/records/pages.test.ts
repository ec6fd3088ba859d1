import t from 'tap'
import { newRecord } from '../../../../../operation/record.ts'
import { eachRecord } from '../../../../../plugin/kubernetes/records/records.ts'
import { answerJson, sessionWith } from '../api-server.ts'

const count = 100

/** How many records were asked for at once, of an API server with 100 of that length. */
async function pagesOf(bytes: number): Promise<number[]> {
  const limits: number[] = []
  const record = newRecord({
    operation: 'backup-a',
    kind: 'backup',
    namespace: 'ns',
    releases: ['my'],
    createdAt: '2026-11-21T09:00:00Z',
    plugin: 'x'.repeat(bytes),
  })
  const item = { metadata: { name: 'a' }, data: { 'record.json': JSON.stringify(record) } }
  const { session, close } = await sessionWith((_, response, { searchParams }) => {
    const [from, limit] = [Number(searchParams.get('continue') ?? 0), Number(searchParams.get('limit'))]
    limits.push(limit)
    const until = Math.min(count, from + limit)
    const items = Array.from({ length: until - from }, () => item)
    answerJson(response, { items, metadata: until < count ? { continue: String(until) } : {} })
  })
  let read = 0
  for await (const { problem } of eachRecord(session, {})) read += problem === undefined ? 1 : 0
  close()
  t.equal(read, count)
  return limits
}

t.test('a page has 8 MiB at most of long records, and many of short ones', async (t) => {
  const [first, ...others] = await pagesOf(900 * 1024)
  t.equal(first, 20)
  t.ok(others.length > 5 && others.every((limit) => limit >= 5 && limit <= 9), others.join())
  t.strictSame(await pagesOf(100), [20, 200])
})
