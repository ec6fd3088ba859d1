import { once } from 'node:events'
import http from 'node:http'
import https from 'node:https'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { createGunzip } from 'node:zlib'
import { ApiException } from '@kubernetes/client-node/dist/gen/apis/exception.js'
import type { KubeConfig } from '@kubernetes/client-node'

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
 * Requests with the connection and the rights of a kubeconfig.
 * @param timeoutMs for one request and its answer; undefined: no limit
 */
export function apiRequest(kubeConfig: KubeConfig, server: string, timeoutMs: number | undefined): ApiRequest {
  return async ({ method, path, query, body, accept, signal = limitOf(timeoutMs) }) => {
    const url = new URL(`${server.replace(/\/$/, '')}${path}`)
    for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value)
    const options: https.RequestOptions = {
      method,
      headers: {
        Accept: accept ?? 'application/json, */*',
        'Accept-Encoding': 'gzip',
        ...(body === undefined ? {} : { 'Content-Type': body.type }),
      },
      ...(signal === undefined ? {} : { signal }),
    }
    await kubeConfig.applyToHTTPSOptions(options)
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
    return { status, text: answer }
  }
}

function limitOf(timeoutMs: number | undefined): AbortSignal | undefined {
  return timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs)
}
