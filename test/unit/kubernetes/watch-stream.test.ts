import { setTimeout as sleep } from 'node:timers/promises'
import type { ServerResponse } from 'node:http'
import t, { type Test } from 'tap'
import { watchStream } from '../../../kubernetes/watch-stream.ts'
import { answerStatus, sessionWith, type Handler } from '../plugin/kubernetes/api-server.ts'

const never = new AbortController().signal

async function open(t: Test, handler: Handler) {
  const { session, close } = await sessionWith(handler)
  t.teardown(close)
  return session
}

function begin(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' })
  response.flushHeaders()
}

function event(name: string): string {
  return `${JSON.stringify({ type: 'ADDED', object: { metadata: { name } } })}\n`
}

t.test('events are read however they are cut', async (t) => {
  let asked = ''
  const { request } = await open(t, async (_request, response, url) => {
    asked = url.search
    begin(response)
    const bytes = Buffer.from(event('é') + event('b'))
    for (const byte of bytes) {
      response.write(Buffer.of(byte))
      await sleep(0)
    }
    response.end('{"type":"ADDED","obj')
  })
  const names: string[] = []
  const query = { resourceVersion: '7' }
  const { ended } = await watchStream<{ metadata: { name: string } }>(request, '/pods', query, never, (type, object) =>
    names.push(`${type} ${object.metadata.name}`),
  )
  await ended
  t.strictSame(names, ['ADDED é', 'ADDED b'], 'and what was broken off is no event')
  t.equal(asked, '?resourceVersion=7&watch=true&allowWatchBookmarks=true')
})

t.test('a watch that is refused fails with its status', async (t) => {
  const { request } = await open(t, (_request, response) => answerStatus(response, 410, 'Expired'))
  await t.rejects(
    watchStream(request, '/pods', {}, never, () => undefined),
    { code: 410 },
  )
})

t.test('the signal ends it, and what breaks or is no event as well', async (t) => {
  const stop = new AbortController()
  const responses: ServerResponse[] = []
  const { request } = await open(t, (_request, response) => {
    begin(response)
    responses.push(response)
  })
  const watch = () => watchStream(request, '/pods', {}, stop.signal, () => undefined)
  const [broken, foreign, stopped] = [await watch(), await watch(), await watch()]
  responses[0]?.destroy()
  await broken.ended
  responses[1]?.write('<html>\n')
  await foreign.ended
  stop.abort(new Error('enough'))
  await stopped.ended
  await t.rejects(watch(), { message: 'enough' })
})
