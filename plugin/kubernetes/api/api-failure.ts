import { Failure, messageOf } from '../../../operation/failure.ts'
import { ExitCode } from '../../../operation/exit-code.ts'
import { apiMessage, statusCode } from './api-error.ts'
import type { Session } from './session.ts'

/** What stopped a request on its way: the deepest cause, which fetch hides behind "fetch failed". */
function networkCause(error: unknown): { code: string; message: string } | undefined {
  if (!(error instanceof Error)) return undefined
  const deeper = networkCause(error instanceof AggregateError ? error.errors[0] : error.cause)
  if (deeper !== undefined) return deeper
  if ('code' in error && typeof error.code === 'string') return { code: error.code, message: error.message }
  return error instanceof TypeError && error.message === 'fetch failed'
    ? { code: '', message: messageOf(error.cause) }
    : undefined
}

const certificateCodes = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS|ERR_SSL|EPROTO/

/** What went wrong between here and the API server, as a Failure; anything else comes back as it is. */
export function explainApiError(error: unknown, session: Session): unknown {
  if (error instanceof Failure || (error instanceof Error && error.name === 'AbortError')) return error
  const server = session.kubeConfig.getCurrentCluster()?.server ?? 'the API server'
  const failure = (what: string, why: string, next: string, exitCode: ExitCode = ExitCode.failed) =>
    new Failure({ what, why, next }, { exitCode, cause: error })
  const status = statusCode(error)
  if (status === 401) {
    return failure(
      `${server} does not accept your credentials`,
      apiMessage(error),
      `log in again for the context "${session.context}", or choose another with --context`,
    )
  }
  if (status === 403) {
    return failure(
      'you may not do this in the cluster',
      apiMessage(error),
      `ask for the right that is named, or use another --context or --as; namespace: ${session.namespace}`,
    )
  }
  if (status === 404 && /namespaces? "[^"]*" not found/.test(apiMessage(error))) {
    return failure(
      `the namespace "${session.namespace}" cannot be used`,
      apiMessage(error),
      'name the namespace of the release with -n',
    )
  }
  if (status !== undefined)
    return failure('the API server refused a request', apiMessage(error), 'correct what it names; -v shows the request')
  if (error instanceof Error && error.name === 'TimeoutError') {
    return failure(
      `${server} did not answer in time`,
      `--request-timeout allows ${session.requestTimeoutMs} ms`,
      'try again, with a longer --request-timeout',
      ExitCode.timedOutOrDetached,
    )
  }
  const cause = networkCause(error)
  if (cause === undefined || /^ERR_(?!TLS|SSL)/.test(cause.code)) return error
  if (certificateCodes.test(cause.code)) {
    return failure(
      `no safe connection to ${server}`,
      `${cause.message} (${cause.code})`,
      `correct the certificate authority or server name of the context "${session.context}" in the kubeconfig`,
    )
  }
  const why =
    cause.code === '' || cause.message.includes(cause.code) ? cause.message : `${cause.message} (${cause.code})`
  return failure(
    `no connection to ${server}`,
    why,
    `check that the cluster of the context "${session.context}" is up and can be reached from here`,
  )
}
