import t from 'tap'
import { newRecord } from '../../../../../operation/record.ts'
import { eachRecord } from '../../../../../plugin/kubernetes/records/records.ts'
import { answerJson, answerStatus, sessionWith } from '../api-server.ts'

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
  t.strictSame(await pagesOf(100), [20, 500])
})

t.test('the next page is on its way while one is looked through', async (t) => {
  const asked = Promise.withResolvers<void>()
  const { session, close } = await sessionWith((_, response, { searchParams }) => {
    const from = Number(searchParams.get('continue') ?? 0)
    if (from > 0) asked.resolve()
    const items = [{ metadata: { name: `record-${from}` }, data: {} }]
    answerJson(response, { items, metadata: from < 2 ? { continue: String(from + 1) } : {} })
  })
  t.teardown(close)
  const records = eachRecord(session, {})
  t.equal((await records.next()).value?.operation, 'record-0')
  await asked.promise
  const others: string[] = []
  for await (const { operation } of records) others.push(operation)
  t.strictSame(others, ['record-1', 'record-2'])
})

t.test('a page that cannot be read fails the listing, unless nobody gets to it', async (t) => {
  const { session, close } = await sessionWith((_, response, { searchParams }) => {
    if (searchParams.has('continue')) answerStatus(response, 410, 'expired')
    else answerJson(response, { items: [{ metadata: { name: 'a' }, data: {} }], metadata: { continue: '1' } })
  })
  t.teardown(close)
  const unhandled: unknown[] = []
  const remember = (reason: unknown) => unhandled.push(reason)
  process.on('unhandledRejection', remember)
  t.teardown(() => process.off('unhandledRejection', remember))
  for await (const { operation } of eachRecord(session, {})) {
    t.equal(operation, 'a')
    break
  }
  const whole = async () => {
    for await (const { operation } of eachRecord(session, {})) t.equal(operation, 'a')
  }
  await t.rejects(whole(), { code: 410 })
  t.strictSame(unhandled, [])
})
