import { Failure, messageOf } from '../../../operation/failure.ts'
import { nameOf } from '../../aws/sdk-retries.ts'
import { errorCode } from '../error-code.ts'

const checkCredentials =
  "check the Secret that the location names (secret=NAME), or, without one, the cloud identity of the worker's " +
  'ServiceAccount'

/** By the codes of "Error responses" in the Amazon S3 API Reference, and those of the SDK. */
const known: { code: RegExp; why: string; next: string }[] = [
  {
    code: /^(SignatureDoesNotMatch|InvalidAccessKeyId|AuthFailure)$/,
    why: 'the storage does not accept the access key or its secret',
    next: checkCredentials,
  },
  {
    code: /^(ExpiredToken|ExpiredTokenException|RequestExpired)$/,
    why: 'the session token has expired',
    next: 'put a fresh token into the Secret, or leave credentials to the ServiceAccount, whose token is renewed',
  },
  { code: /^(InvalidToken|TokenRefreshRequired)$/, why: 'the session token is not valid', next: checkCredentials },
  {
    code: /^CredentialsProviderError$/,
    why: 'there are no credentials',
    next:
      'name a Secret in the location (secret=NAME), or give the ServiceAccount an identity (kubectl scalardl ' +
      'install --service-account-annotation)',
  },
  { code: /^NoSuchBucket$/, why: 'there is no such bucket', next: 'correct the name, or create the bucket' },
  {
    code: /^(AccessDenied|Forbidden|403|AllAccessDisabled)$/,
    why: 'these credentials may not do that',
    next:
      'allow the actions that docs/storage.md lists for the bucket; a bucket policy or an object lock may forbid ' +
      'them too',
  },
  {
    code: /^(PermanentRedirect|AuthorizationHeaderMalformed|IllegalLocationConstraintException)$/,
    why: 'the bucket is in another region',
    next: "name the bucket's region in the location (region=NAME)",
  },
  {
    code: /^InvalidObjectState$/,
    why: 'the object is in an archive and has to be restored from there first',
    next: "restore it from the archive in the storage's console, then run the same command again",
  },
  {
    code: /^(BadDigest|InvalidDigest|XAmzContentSHA256Mismatch|XAmzContentChecksumMismatch)$/,
    why: 'what arrived at the storage is not what was sent',
    next: 'look for a proxy on the way that changes content, then run the same command again',
  },
  {
    code: /^(ENOTFOUND|EAI_AGAIN)$/,
    why: 'the host of the storage is not known',
    next: 'check endpoint= and region= of the location, and the DNS of the cluster',
  },
  {
    code: /^(ECONNREFUSED|ECONNRESET|EPIPE|EHOSTUNREACH|ENETUNREACH)$/,
    why: 'the storage cannot be reached',
    next: 'check endpoint= of the location, and that network policies let the worker out to it',
  },
  {
    code: /^(TimeoutError|ETIMEDOUT|RequestTimeout)$/,
    why: 'the storage does not answer',
    next: 'check that it serves, and that network policies let the worker out to it, then run the same command again',
  },
  {
    code: /^(SlowDown|ServiceUnavailable|InternalError|Busy)$/,
    why: 'the storage answers with errors of its own',
    next: "look at the service's status, then run the same command again",
  },
  {
    code: /^(QuotaExceeded|InsufficientStorage|XMinioStorageFull)$/,
    why: 'the storage is full',
    next: 'remove backups that are no longer needed (kubectl scalardl delete backup), or raise its quota',
  },
]

/** What S3 or the SDK calls an error. */
export function codeOf(error: unknown): string {
  const name = nameOf(error)
  const systems = errorCode(error)
  return systems !== undefined && (name === 'Error' || name === '') ? systems : name
}

/** Whether a service's answer says that there is no such object, or no such bucket. */
export function isMissing(error: unknown): boolean {
  return /^(NoSuchKey|NotFound|404)$/.test(codeOf(error))
}

/** An error of S3 as a person can use it. */
export function s3Failure(title: string, what: string, error: unknown): Failure {
  if (error instanceof Failure) return error
  const code = codeOf(error)
  const cure = known.find((one) => one.code.test(code))
  const told = `${code}: ${messageOf(error)}`
  return new Failure(
    {
      what: `${title}: ${what}`,
      why: cure === undefined ? told : `${cure.why} (${told})`,
      next: cure?.next ?? 'check the storage, then run the same command again',
    },
    { cause: error },
  )
}

/** Runs a call, whose errors become Failures. */
export async function guarded<T>(title: string, what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    throw s3Failure(title, what, error)
  }
}
