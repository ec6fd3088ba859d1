import { Failure, messageOf } from '../../operation/failure.ts'
import { AzureRefusal } from './resource-manager.ts'

interface Known {
  matches: RegExp
  why(message: string): string
  next: string | ((rolesPage: string) => string)
}

/** Matched against an error's name, code and message; the first that fits wins. */
const known: readonly Known[] = [
  {
    matches: /^AzureRefusal (AuthorizationFailed|LinkedAuthorizationFailed|Forbidden|403)/,
    why: (message) => `the worker's identity may not: ${withoutIdentity(message)}`,
    next: (rolesPage) => `assign it the roles of ${rolesPage}; assignments take some minutes`,
  },
  {
    matches: /^AzureRefusal (InvalidAuthenticationToken|ExpiredAuthenticationToken|AuthenticationFailed|401)/,
    why: (message) => `Azure does not accept the identity's token: ${message}`,
    next: 'check the tenant of the identity, and that it is one of the cloud that the account is in',
  },
  {
    matches: /^(CredentialUnavailable|AggregateAuthentication|Authentication)/,
    why: (message) => `the worker has no identity at Azure: ${message.split('\n')[0] ?? ''}`,
    next:
      'give the ServiceAccount one: install --service-account-annotation ' +
      'azure.workload.identity/client-id=CLIENT_ID, and a federated credential for it',
  },
  {
    matches: /ENOTFOUND|EAI_AGAIN/,
    why: (message) => `its name does not resolve in this cluster: ${message}`,
    next: 'check scalar.db.contact_points and the DNS of the cluster',
  },
  {
    matches: /ECONNREFUSED|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|TimeoutError|AbortError/,
    why: (message) => `there is no answer: ${message}`,
    next: "let the worker's pod reach Azure: NetworkPolicy, firewall, proxy",
  },
  {
    matches: /^AzureRefusal (429|TooManyRequests|SubscriptionRequestsThrottled)/,
    why: (message) => `Azure throttled it for too long: ${message}`,
    next: 'run it again when less is going on in the subscription',
  },
]

/** What Azure says of who was refused, which names ids; kept short, since the action and the scope matter. */
function withoutIdentity(message: string): string {
  return /does not have authorization to perform (.*)/s.exec(message)?.[1] ?? message
}

/**
 * An error of a call to Azure as a person can use it; a Failure stays what it is.
 * @param rolesPage that has the roles of the kind of database
 * @throws the error itself where it is none of Azure's
 */
export function azureFailure(what: string, error: unknown, rolesPage = 'docs/databases/cosmos.md'): Failure {
  if (error instanceof Failure) return error
  if (!isOfAzure(error)) throw error
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
  const name = error instanceof Error ? error.name : ''
  const message = messageOf(error)
  const fits = known.find((one) => one.matches.test([name, code, message].join(' ')))
  const next = typeof fits?.next === 'function' ? fits.next(rolesPage) : fits?.next
  return new Failure(
    {
      what,
      why: fits?.why(message) ?? `${code === '' ? name : code}: ${message}`,
      next: next ?? 'look up this error of Azure; -v shows more',
    },
    { cause: error },
  )
}

/** Whether Azure refused for want of a right. */
export function isDenied(error: unknown): boolean {
  return error instanceof AzureRefusal && error.status === 403
}

/** Refusals, errors of the identity, and broken connections as the SDK's pipeline names them. */
function isOfAzure(error: unknown): boolean {
  if (error instanceof AzureRefusal) return true
  return (
    error instanceof Error &&
    /^(RestError|AbortError|TimeoutError|.*(Credential|Authentication)\w*Error)$/.test(error.name)
  )
}
