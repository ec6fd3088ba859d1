import { Failure } from '../../operation/failure.ts'
import { ExitCode } from '../../operation/exit-code.ts'
import { apiMessage, statusCode } from './api-error.ts'
import type { Session } from './session.ts'

/** The code of the deepest cause, such as ECONNREFUSED; fetch hides it behind "fetch failed". */
function networkCause(error: unknown): { code: string; message: string } | undefined {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if ('code' in at && typeof at.code === 'string') return { code: at.code, message: at.message }
    if (at instanceof AggregateError && at.errors[0] instanceof Error) return networkCause(at.errors[0])
  }
  return undefined
}

const certificateCodes = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS|ERR_SSL|EPROTO/

/** What went wrong between here and the API server, as a Failure; anything else comes back as it is. */
export function explainApiError(error: unknown, session: Session): unknown {
  if (error instanceof Failure) return error
  const server = session.kubeConfig.getCurrentCluster()?.server ?? 'the API server'
  const failure = (what: string, why: string, next: string, exitCode: ExitCode = ExitCode.failed) => new Failure({ what, why, next }, { exitCode, cause: error })
  const status = statusCode(error)
  if (status === 401) {
    return failure(`${server} does not accept your credentials`, apiMessage(error), `log in again for the context "${session.context}", or choose another with --context`)
  }
  if (status === 403) {
    return failure('you may not do this in the cluster', apiMessage(error), `ask for the right that is named, or use another --context or --as; namespace: ${session.namespace}`)
  }
  if (status === 404 && /namespaces? "[^"]*" not found/.test(apiMessage(error))) {
    return failure(`the namespace "${session.namespace}" cannot be used`, apiMessage(error), 'name the namespace of the release with -n')
  }
  if (status !== undefined) return failure('the API server refused a request', apiMessage(error), 'correct what it names; -v shows the request')
  if (error instanceof Error && error.name === 'TimeoutError') {
    return failure(`${server} did not answer in time`, `--request-timeout allows ${session.requestTimeoutMs} ms`, 'try again, with a longer --request-timeout', ExitCode.timedOutOrDetached)
  }
  const cause = networkCause(error)
  if (cause === undefined) return error
  if (certificateCodes.test(cause.code)) {
    return failure(`no safe connection to ${server}`, `${cause.message} (${cause.code})`, `correct the certificate authority or server name of the context "${session.context}" in the kubeconfig`)
  }
  if (/^(E[A-Z]+|UND_ERR_[A-Z_]+)$/.test(cause.code)) {
    return failure(`no connection to ${server}`, `${cause.message} (${cause.code})`, `check that the cluster of the context "${session.context}" is up and can be reached from here`)
  }
  return error
}
