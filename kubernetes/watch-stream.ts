import { StringDecoder } from 'node:string_decoder'
import type { ApiRequest } from './api-request.ts'

/** A watch that has sent nothing for so long is taken for broken, ms. */
const longestSilenceMs = 30_000

export interface WatchStream {
  /** settles with the end of the stream, whatever ended it */
  ended: Promise<void>
}

/**
 * Watches a collection: each event is a line of JSON (Kubernetes API concepts, "Efficient detection of changes").
 * @param query `resourceVersion` to begin at, `labelSelector`, `timeoutSeconds`
 * @returns when the API server has begun to answer
 * @throws ApiException for an answer of 400 and above; the signal's reason
 */
export async function watchStream<T>(
  request: ApiRequest,
  path: string,
  query: Record<string, string>,
  signal: AbortSignal,
  event: (type: string, object: T) => void,
): Promise<WatchStream> {
  const silence = new AbortController()
  const timer = setTimeout(() => silence.abort(new Error(`no word for ${longestSilenceMs} ms`)), longestSilenceMs)
  timer.unref()
  const until = AbortSignal.any([signal, silence.signal])
  const call = { method: 'GET', path, query: { ...query, watch: 'true', allowWatchBookmarks: 'true' } } as const
  const stream = (await request({ ...call, signal: until })).stream()
  const { promise: ended, resolve } = Promise.withResolvers<void>()
  const decoder = new StringDecoder('utf8')
  let rest = ''
  stream.on('data', (chunk: Buffer) => {
    timer.refresh()
    const lines = (rest + decoder.write(chunk)).split('\n')
    rest = lines.pop() ?? ''
    try {
      for (const { type, object } of lines.map((line) => JSON.parse(line) as { type: string; object: T }))
        event(type, object)
    } catch {
      stream.destroy() // what is no event is no watch; the next one begins at the last that was
    }
  })
  stream.on('error', () => undefined) // it closes next
  stream.on('close', () => {
    clearTimeout(timer)
    resolve()
  })
  return { ended }
}
