import { setTimeout as sleep } from 'node:timers/promises'
import type { ServerResponse } from 'node:http'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t, { type Test } from 'tap'
import type { V1Pod } from '@kubernetes/client-node'
import { longestLine } from '../../../../../plugin/kubernetes/logs/line-reader.ts'
import { LogPosition } from '../../../../../plugin/kubernetes/logs/log-position.ts'
import { readPodLog } from '../../../../../plugin/kubernetes/logs/follow-pod.ts'
import { failureOf } from '../../../job/failure-of.ts'
import { answerStatus, sessionWith } from '../api-server.ts'

const pod: V1Pod = { metadata: { name: 'p1' }, spec: { containers: [{ name: 'worker' }] } }
const stamp = '2026-11-21T09:30:00.123456789Z '
const mebibyte = 1 << 20
/** Bytes that may be in use more than before; what is sent is more than that. */
const most = 200 * mebibyte

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Sends as fast as it is read. */
async function pour(response: ServerResponse, chunk: string, times: number): Promise<void> {
  for (let sent = 0; sent < times && !response.destroyed; sent += 1)
    if (!response.write(chunk)) await new Promise((resolve) => response.once('drain', resolve).once('close', resolve))
}

/** Reads the log that `answer` gives. `held` is the most that was held of the heap while it came, bytes. */
async function read(t: Test, answer: (response: ServerResponse, url: URL) => Promise<void>) {
  const { session, close } = await sessionWith((_request, response, url) => void answer(response, url))
  t.teardown(close)
  const lines = { number: 0, longest: 0, last: '' }
  let held = 0
  collectGarbage()
  const before = process.memoryUsage().heapUsed
  // What nobody can reach is not held: where there is much in use, that goes first.
  const watch = setInterval(() => {
    const use = () => process.memoryUsage().heapUsed - before
    if (use() > most) collectGarbage()
    held = Math.max(held, use())
    if (held > most) clearInterval(watch)
  }, 20)
  t.teardown(() => clearInterval(watch))
  const onLine = ({ text }: { text: string }) => {
    lines.number += 1
    lines.longest = Math.max(lines.longest, text.length)
    lines.last = text
  }
  await readPodLog(session, pod, onLine, AbortSignal.timeout(120_000))
  clearInterval(watch)
  return { ...lines, held }
}

t.test('of a line without an end only the beginning is kept, and the next line is whole', async (t) => {
  const { number, longest, last, held } = await read(t, async (response) => {
    response.write(stamp)
    await pour(response, 'x'.repeat(mebibyte), 400)
    response.end(`\n${stamp}the next`)
  })
  t.equal(number, 2)
  t.ok(longest < longestLine + 200, `${longest} characters`)
  t.equal(last, 'the next')
  t.ok(held < most, `${held} bytes`)
})

t.test('a cut line says so', async (t) => {
  const { last } = await read(t, async (response) => {
    await pour(response, 'x'.repeat(mebibyte), 2)
    response.end()
  })
  t.match(last, /^x+ … \(the line goes on beyond 1048576 characters; the rest is left out\)$/)
})

t.test('a log is not held as a whole', async (t) => {
  const lines = `${stamp}${'y'.repeat(1000)}\n`.repeat(1000)
  const { number, held } = await read(t, async (response) => {
    // Each is a line of its own.
    for (let chunk = 0; chunk < 300; chunk += 1) await pour(response, lines.replaceAll('.123', `.${1000 + chunk}`), 1)
    response.end()
  })
  t.equal(number, 300_000)
  t.ok(held < most, `${held} bytes`)
})

t.test('a log that breaks off is read on, each line once', async (t) => {
  let times = 0
  const { number, last } = await read(t, async (response, url) => {
    times += 1
    if (times === 1) return answerStatus(response, 503, 'etcdserver: request timed out')
    t.equal(url.searchParams.get('sinceTime'), times === 2 ? null : '2026-11-21T09:29:59Z')
    response.write(`${stamp}one\n${stamp}two\n${stamp}thr`)
    if (times === 2) {
      await sleep(20)
      response.destroy()
    } else response.end('ee')
  })
  t.equal(times, 3)
  t.equal(number, 3)
  t.equal(last, 'three')
})

t.test('a refusal without an end is not kept either', async (t) => {
  const refused = read(t, async (response) => {
    response.writeHead(403)
    await pour(response, 'z'.repeat(mebibyte), 400)
    response.end()
  })
  const failure = await failureOf(refused)
  t.match(failure.why, /^z{1000}/)
  t.ok(failure.why.length < 2 * mebibyte, `${failure.why.length} characters`)
})

t.test('what is remembered to tell repeated lines has a bound, and holds the latest', (t) => {
  const position = new LogPosition()
  for (let line = 0; line < 300_000; line += 1) position.accept(`${stamp}${line}`)
  position.reconnect()
  t.equal(position.accept(`${stamp}299999`), undefined)
  t.equal(position.accept(`${stamp}0`)?.text, '0', 'shown again rather than remembered')
  t.end()
})
