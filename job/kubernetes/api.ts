import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import https from 'node:https'
import { join } from 'node:path'
import { Failure } from '../../operation/failure.ts'
import { apiRequest, type ApiRequest, type Connection } from '../../kubernetes/api-request.ts'
import { typedCalls, type TypedCalls } from '../../kubernetes/typed-calls.ts'
import { managedBy } from '../../operation/names.ts'
import { programVersion } from '../../operation/version.ts'

/** The Kubernetes API as the worker uses it. */
export interface Api extends TypedCalls {
  /** a request as it is on the wire */
  request: ApiRequest
}

/** For one request; an API server that does not answer is asked again. */
const requestMs = 10_000
/** How long a connection that nothing is asked over is kept, ms: less than what is between forgets it. */
const idleMs = 4000
/** Where the kubelet puts a pod's credentials (Kubernetes, "Accessing the API from within a Pod"). */
const serviceAccountFolder = '/var/run/secrets/kubernetes.io/serviceaccount'

/**
 * The API with a connection; nothing is sent yet.
 * @param operation stands in the audit log of each request, as its user agent: Kubernetes lets only admission plugins
 * add annotations there
 */
export function connectApi(connection: Connection, operation?: string): Api {
  const of = operation === undefined ? '' : ` (${operation})`
  const request = apiRequest(connection, requestMs, `${managedBy}/${programVersion}${of}`)
  return { request, ...typedCalls(request) }
}

/**
 * The connection of the pod that this runs in. The kubelet replaces the token from time to time, so that each request
 * reads it.
 * @throws Failure outside of a cluster
 */
export function inClusterConfig(environment = process.env, folder = serviceAccountFolder): Connection {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = environment
  if (host === undefined) {
    throw new Failure({
      what: 'no connection to Kubernetes',
      why: 'this worker does not run in a pod',
      next: 'let `kubectl scalardl` start it as a Job',
    })
  }
  const server = `https://${host.includes(':') ? `[${host}]` : host}:${port}`
  const agent = new https.Agent({ ca: readFileSync(join(folder, 'ca.crt')), keepAlive: true, timeout: idleMs })
  return {
    getCurrentCluster: () => ({ server }),
    async applyToHTTPSOptions(options) {
      const token = (await readFile(join(folder, 'token'), 'utf8')).trim()
      options.agent = agent
      options.headers = { ...options.headers, Authorization: `Bearer ${token}` } as NonNullable<typeof options.headers>
    },
  }
}
