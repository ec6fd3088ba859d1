import { Failure, messageOf } from '../../../operation/failure.ts'
import type { Access } from './access.ts'
import { nameOf } from '../../aws/sdk-retries.ts'

interface Known {
  matches: RegExp
  why(access: Pick<Access, 'region' | 'endpoint' | 'credentialsFrom'>, message: string): string
  next: string
}

/** Matched against the error's name, code and message; the first that fits wins. */
const known: readonly Known[] = [
  {
    matches: /^AccessDenied/,
    why: ({ credentialsFrom }, message) => `${credentialsFrom} may not: ${withoutIdentity(message)}`,
    next:
      'allow that action on that resource in the IAM policy of the role or user, ' +
      'or give others by --database-secret',
  },
  {
    matches: /scoped to (a valid region|correct service)/i,
    why: ({ region, endpoint }, message) => `${endpoint ?? 'the endpoint'} is not DynamoDB of ${region}: ${message}`,
    next:
      'check the region in scalar.db.contact_points and scalar.db.dynamo.endpoint_override: ' +
      'an endpoint is of one region',
  },
  {
    matches:
      /^(UnrecognizedClient|InvalidSignature|InvalidClientTokenId|SignatureDoesNotMatch|IncompleteSignature|MissingAuthenticationToken)/,
    why: ({ credentialsFrom }) => `AWS does not accept the credentials of ${credentialsFrom}`,
    next: 'check access key id and secret access key, and that they are of this account and active',
  },
  {
    matches: /^(ExpiredToken|RequestExpired)/,
    why: ({ credentialsFrom }) => `the credentials of ${credentialsFrom} have expired`,
    next: 'renew them, or use a role of the ServiceAccount, whose credentials renew themselves',
  },
  {
    matches: /^(Credentials|TokenProvider)/,
    why: ({ credentialsFrom }, message) => `${credentialsFrom} gives no credentials: ${message}`,
    next: "check the role's trust policy and the ServiceAccount's annotation or Pod Identity association",
  },
  {
    matches: /ENOTFOUND|EAI_AGAIN/,
    why: ({ region, endpoint }) =>
      `${endpoint ?? `the endpoint of region "${region}"`} does not resolve in this cluster`,
    next: 'check scalar.db.contact_points (the region), scalar.db.dynamo.endpoint_override, and the DNS of the cluster',
  },
  {
    matches: /ECONNREFUSED/,
    why: ({ region, endpoint }) => `nothing answers at ${endpoint ?? `the endpoint of region ${region}`}`,
    next: 'check scalar.db.dynamo.endpoint_override',
  },
  {
    matches: /^Timeout|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/,
    why: ({ region, endpoint }) => `there is no answer from ${endpoint ?? `region ${region}`}`,
    next: "let the worker's pod reach AWS: NetworkPolicy, NAT or a VPC endpoint of DynamoDB",
  },
  {
    matches: /there is a limit of \d+ tables/i,
    why: (_access, message) => `the account has no room for another table: ${message}`,
    next: 'remove tables that nobody needs, or have the quota of tables raised (Service Quotas), then run it again',
  },
  {
    matches: /^(Throttl|Provisioned|RequestLimit|LimitExceeded)/,
    why: (_access, message) => `AWS throttled it for too long: ${message}`,
    next: 'run it again when less is going on in the account',
  },
]

/**
 * What AWS says of who was refused, which names the account and role; kept short, since the action and resource matter.
 */
function withoutIdentity(message: string): string {
  return /not authorized to perform:? (.*)/s.exec(message)?.[1]?.replaceAll('\n', ' ') ?? message
}

/**
 * An error of a call to AWS as a person can use it; a Failure stays what it is. Messages of AWS hold no secret.
 * @throws the error itself where it is none of AWS's
 */
export function awsFailure(
  what: string,
  access: Pick<Access, 'region' | 'endpoint' | 'credentialsFrom'>,
  error: unknown,
): Failure {
  if (error instanceof Failure) return error
  if (!isOfAws(error)) throw error
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
  const text = [nameOf(error), code, messageOf(error)].join(' ')
  const fits = known.find((one) => one.matches.test(text))
  const message = messageOf(error)
  return new Failure(
    {
      what,
      why: fits?.why(access, message) ?? `${nameOf(error)}: ${message}`,
      next: fits?.next ?? 'look up this error of DynamoDB; -v shows more',
    },
    { cause: error },
  )
}

/** Whether nothing answered at all. */
export function isUnreachable(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
  return /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|Timeout|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/.test(`${nameOf(error)} ${code}`)
}

/** Whether AWS refused for want of a right. */
export function isDenied(error: unknown): boolean {
  return nameOf(error).startsWith('AccessDenied')
}

/** The right that AWS misses, as it names it: a call may need others than its own, such as those on a key of KMS. */
export function deniedAction(error: unknown): string | undefined {
  return /not authorized to perform:? ([\w-]+:\w+)/.exec(messageOf(error))?.[1]
}

/** The SDK marks whatever became of a call, a broken connection too; credentials are looked for before there is one. */
function isOfAws(error: unknown): boolean {
  return (
    error instanceof Error &&
    ('$metadata' in error || '$fault' in error || /^(Credentials|Token)ProviderError$/.test(error.name))
  )
}
