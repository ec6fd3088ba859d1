// Room: requests to the API server as both programs send them, by Node's own https: client-node's typed clients bring
// every call and every object of Kubernetes, which takes longer to load than all that a command does, and much memory.
// Read api-request, typed-calls, watch-stream.

import { once } from 'node:events'
import http from 'node:http'
import https from 'node:https'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { createGunzip } from 'node:zlib'
import { ApiException } from '@kubernetes/client-node/dist/gen/apis/exception.js'

/** What a request needs to know of a cluster; a KubeConfig (client-node) is one. */
export interface Connection {
  getCurrentCluster(): { server: string } | null
  /** adds certificates and credentials */
  applyToHTTPSOptions(options: https.RequestOptions): Promise<void>
}

/** One request to the API server, as it is on the wire. */
export interface ApiCall {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** `/api/v1/namespaces/…` */
  path: string
  query?: Record<string, string>
  /** sent byte for byte */
  body?: { type: string; text: string }
  /** media type of the answer where not plain JSON */
  accept?: string
  /** replaces --request-timeout; give one to everything that streams */
  signal?: AbortSignal
}

export interface ApiAnswer {
  status: number
  text(): Promise<string>
  /** in place of its text, for what is read as it comes; an error where the connection breaks or the signal aborts */
  stream(): Readable
}

/** @throws ApiException for an answer of 400 and above, with the text of the answer as its body */
export type ApiRequest = (call: ApiCall) => Promise<ApiAnswer>

/** What the API server compressed, as it was; it compresses what is long (kubernetes, APIResponseCompression). */
function uncompressed(response: http.IncomingMessage): Readable {
  if (response.headers['content-encoding'] !== 'gzip') return response
  const plain = createGunzip()
  response.on('error', (error) => plain.destroy(error))
  return response.pipe(plain)
}

/**
 * Requests with the rights that a connection has.
 * @param timeoutMs for one request and its answer; undefined: no limit
 */
export function apiRequest(connection: Connection, timeoutMs: number | undefined, userAgent?: string): ApiRequest {
  const server = (connection.getCurrentCluster()?.server ?? '').replace(/\/$/, '')
  return async ({ method, path, query, body, accept, signal = limitOf(timeoutMs) }) => {
    const url = new URL(`${server}${path}`)
    for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value)
    const options: https.RequestOptions = {
      method,
      headers: {
        Accept: accept ?? 'application/json, */*',
        'Accept-Encoding': 'gzip',
        ...(userAgent !== undefined && { 'User-Agent': userAgent }),
        // Node itself says no length of what a DELETE carries.
        ...(body && { 'Content-Type': body.type, 'Content-Length': Buffer.byteLength(body.text) }),
      },
      ...(signal === undefined ? {} : { signal }),
    }
    await connection.applyToHTTPSOptions(options)
    // What stops a request in the middle is an error of Node's own; the signal knows why.
    const unlessStopped = <T>(answer: Promise<T>): Promise<T> =>
      answer.catch((error: unknown) => {
        throw signal?.aborted === true ? signal.reason : error
      })
    const request = (url.protocol === 'http:' ? http : https).request(url, options)
    request.on('error', () => undefined) // an answer that breaks off says so itself
    request.end(body?.text)
    const [response] = (await unlessStopped(once(request, 'response'))) as [http.IncomingMessage]
    const status = response.statusCode ?? 0
    const answer = () => unlessStopped(text(uncompressed(response)))
    if (status >= 400) throw new ApiException(status, `${method} ${path}`, await answer(), {})
    return { status, text: answer, stream: () => uncompressed(response) }
  }
}

function limitOf(timeoutMs: number | undefined): AbortSignal | undefined {
  return timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs)
}
