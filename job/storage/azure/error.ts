import { RestError } from '@azure/storage-blob'
import { Failure, messageOf } from '../../../operation/failure.ts'
import { errorCode } from '../error-code.ts'

const checkCredentials =
  'check the Secret that the location names (secret=NAME), or, without one, the workload identity of the ' +
  "worker's ServiceAccount"

/** By "Common REST API error codes" and "Blob Storage error codes" of Microsoft, and those of the SDK. */
const known: { code: RegExp; words?: RegExp; why: string; next: string }[] = [
  {
    code: /^(AuthenticationFailed|NoAuthenticationInformation|InvalidAuthenticationInfo)$/,
    words: /failed to authenticate the request/,
    why: 'the storage does not accept the credentials; a key is wrong, or a token has expired',
    next: checkCredentials,
  },
  {
    code: /^AuthenticationError$/,
    words: /AADSTS\d/,
    why: "Entra ID does not accept the identity of the worker's ServiceAccount",
    next:
      'give the ServiceAccount the annotation azure.workload.identity/client-id=CLIENT_ID (kubectl scalardl install ' +
      '--service-account-annotation), and the identity a federated credential for it',
  },
  {
    code: /^(CredentialUnavailableError|AggregateAuthenticationError|AuthenticationRequiredError)$/,
    why: 'there are no credentials',
    next:
      'name a Secret in the location (secret=NAME), or give the ServiceAccount an identity (kubectl scalardl ' +
      'install --service-account-annotation)',
  },
  {
    code: /^ContainerNotFound$/,
    why: 'there is no such container',
    next: 'correct the name, or create the container',
  },
  {
    code: /^Authorization|^InsufficientAccountPermissions$|^AccountIsDisabled$/,
    why: 'these credentials may not do that',
    next:
      'give the role Storage Blob Data Contributor for the container, or a token with rights to read, write, ' +
      'list and delete; a network rule may forbid it too',
  },
  {
    code: /^BlobArchived$/,
    why: 'the blob is in the archive tier and has to be rehydrated first',
    next: 'move it to the hot tier, then run the same command again',
  },
  {
    code: /^BlobImmutableDueToPolicy$/,
    why: 'an immutability policy or a legal hold keeps it',
    next:
      'wait until the policy ends, or have the hold lifted; a backup that is to be deleted can be forgotten, ' +
      'its data left to the storage: --keep-data',
  },
  {
    code: /^LeaseIdMissing$/,
    why: 'somebody has a lease on the blob',
    next: "break the lease in the storage's console, then run the same command again",
  },
  {
    code: /^(Md5Mismatch|Crc64Mismatch)$/,
    why: 'what arrived at the storage is not what was sent',
    next: 'look for a proxy on the way that changes content, then run the same command again',
  },
  {
    code: /^(ENOTFOUND|EAI_AGAIN)$/,
    why: 'the host of the storage is not known',
    next: 'check the account and endpoint= of the location, and the DNS of the cluster',
  },
  {
    code: /^(ECONNREFUSED|ECONNRESET|EPIPE|EHOSTUNREACH|ENETUNREACH|REQUEST_SEND_ERROR)$/,
    why: 'the storage cannot be reached',
    next: 'check endpoint= of the location, and that network policies let the worker out to it',
  },
  {
    code: /^ETIMEDOUT$/,
    why: 'the storage does not answer',
    next: 'check that it serves, and that network policies let the worker out to it, then run the same command again',
  },
  {
    code: /^(ServerBusy|InternalError|OperationTimedOut)$/,
    why: 'the storage answers with errors of its own',
    next: "look at the service's status, then run the same command again",
  },
]

/** What Azure, the SDK or the system calls an error; the number of the answer where it has no name. */
export function codeOf(error: unknown): string {
  if (error instanceof RestError) {
    return error.code ?? String(error.statusCode ?? '')
  }
  const name = error instanceof Error ? error.name : ''
  return errorCode(error) ?? name
}

/** Whether the same call may succeed a little later. */
export function isPassing(error: unknown): boolean {
  if (error instanceof Failure) return false
  if (!(error instanceof RestError)) return /^(E[A-Z]+)$/.test(errorCode(error) ?? '')
  const { statusCode } = error
  return statusCode === undefined || statusCode === 408 || statusCode === 429 || statusCode >= 500
}

/** An error of Azure as a person can use it. */
export function azureFailure(title: string, what: string, error: unknown): Failure {
  if (error instanceof Failure) return error
  const code = codeOf(error)
  // The rest of a message is a page of headers.
  const [words = ''] = messageOf(error).split('\n')
  const cure = known.find((one) => one.code.test(code) || one.words?.test(words) === true)
  const told = `${code}: ${words}`
  return new Failure(
    {
      what: `${title}: ${what}`,
      why: cure === undefined ? told : `${cure.why} (${told})`,
      next: cure?.next ?? 'check the storage, then run the same command again',
    },
    { cause: error },
  )
}
