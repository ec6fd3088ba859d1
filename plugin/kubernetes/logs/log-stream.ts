import http from 'node:http'
import https from 'node:https'
import { StringDecoder } from 'node:string_decoder'
import type { Session } from '../api/session.ts'
import { ApiStatusError } from '../api/api-error.ts'
import { LineReader, longestLine } from './line-reader.ts'

/** Which part of which log. */
export interface LogRequest {
  pod: string
  container: string
  /** stay until the container ends */
  follow: boolean
  /** RFC 3339; the API server rounds it down to the second */
  sinceTime: string | undefined
}

/** A silent connection may be a dead one, and asking again costs little, since nothing is lost by it. ms */
const longestSilenceMs = 60_000

/**
 * Reads a container's log, each line with its timestamp before it, through the kubeconfig's own authentication.
 * client-node's own reader is not used: it ends quietly after some minutes and turns every error into one without a
 * text. However long the log or a line of it is, no more than one line is kept; see LineReader for its bound.
 * @returns what came after the last newline, once the server ended the answer: an unfinished line, or one that was cut
 * @throws ApiStatusError for an answer other than 200, the socket's error where the connection broke or was silent for
 * 60 s
 */
export async function readLog(
  session: Session,
  log: LogRequest,
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<string> {
  const server = session.kubeConfig.getCurrentCluster()?.server.replace(/\/$/, '') ?? ''
  const [namespace, pod] = [session.namespace, log.pod].map(encodeURIComponent)
  const url = new URL(`${server}/api/v1/namespaces/${namespace}/pods/${pod}/log`)
  url.searchParams.set('container', log.container)
  url.searchParams.set('timestamps', 'true')
  if (log.follow) url.searchParams.set('follow', 'true')
  if (log.sinceTime !== undefined) url.searchParams.set('sinceTime', log.sinceTime)
  const options: https.RequestOptions = { method: 'GET', signal }
  await session.kubeConfig.applyToHTTPSOptions(options)

  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const request = (url.protocol === 'http:' ? http : https).request(url, options, (response) => {
    const decoder = new StringDecoder('utf8')
    const lines = new LineReader(onLine)
    let refusal = ''
    response.on('data', (chunk: Buffer) => {
      const text = decoder.write(chunk)
      if (response.statusCode === 200) lines.take(text)
      else if (refusal.length < longestLine) refusal += text
    })
    response.on('error', reject)
    response.on('end', () => {
      if (response.statusCode === 200) resolve(lines.unfinished)
      else reject(new ApiStatusError(response.statusCode ?? 0, messageIn(refusal)))
    })
  })
  request.on('error', reject)
  request.setTimeout(longestSilenceMs, () => request.destroy(new Error(`no word for ${longestSilenceMs / 1000} s`)))
  request.end()
  return promise
}

function messageIn(body: string): string {
  try {
    const status: unknown = JSON.parse(body)
    if (typeof status === 'object' && status !== null && 'message' in status) return String(status.message)
  } catch {
    // not a Status object, so the text itself
  }
  return body.trim()
}
