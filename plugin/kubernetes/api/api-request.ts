import { ApiException, IsomorphicFetchHttpLibrary, RequestContext } from '@kubernetes/client-node'
import type { HttpMethod, KubeConfig } from '@kubernetes/client-node'

/** One request to the API server, as it is on the wire. */
export interface ApiCall {
  method: HttpMethod
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
  stream(): ReadableStream<Uint8Array> | null
}

/** @throws ApiException for an answer of 400 and above, with the text of the answer as its body */
export type ApiRequest = (call: ApiCall) => Promise<ApiAnswer>

/** Requests with the connection and the rights of a kubeconfig. */
export function apiRequest(kubeConfig: KubeConfig, server: string): ApiRequest {
  const http = new IsomorphicFetchHttpLibrary()
  return async ({ method, path, query, body, accept, signal }) => {
    const request = new RequestContext(`${server.replace(/\/$/, '')}${path}`, method)
    for (const [name, value] of Object.entries(query ?? {})) request.setQueryParam(name, value)
    if (body !== undefined) {
      request.setHeaderParam('Content-Type', body.type)
      request.setBody(body.text)
    }
    request.setHeaderParam('Accept', accept ?? 'application/json, */*')
    await kubeConfig.applySecurityAuthentication(request)
    if (signal !== undefined) request.setSignal(signal)
    const answer = await http.send(request).toPromise()
    if (answer.httpStatusCode >= 400)
      throw new ApiException(answer.httpStatusCode, `${method} ${path}`, await answer.body.text(), answer.headers)
    return { status: answer.httpStatusCode, text: () => answer.body.text(), stream: () => answer.body.stream() }
  }
}
