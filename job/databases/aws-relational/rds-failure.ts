import { Failure, messageOf } from '../../../operation/failure.ts'
import { nameOf } from '../../aws/sdk-retries.ts'

interface Known {
  matches: RegExp
  why(message: string): string
  next: string
}

/** How a right that is missing is given. @param guide the page that shows the rights */
export function roleCure(guide: string): string {
  return `allow that action in the IAM policy of its role: ${guide}`
}

/** Matched against the error's name, code and message; the first that fits wins. */
const known: readonly Known[] = [
  {
    matches: /^AccessDenied/,
    why: (message) =>
      `the worker's identity may not: ${/not authorized to perform:? (.*)/s.exec(message)?.[1] ?? message}`,
    next: roleCure('docs/databases/rds.md or aurora.md'),
  },
  {
    matches: /^(InvalidClientTokenId|SignatureDoesNotMatch|IncompleteSignature|MissingAuthenticationToken)/,
    why: () => "AWS does not accept the credentials of the worker's ServiceAccount",
    next: "check the role's trust policy and the ServiceAccount's annotation or Pod Identity association",
  },
  {
    matches: /^(ExpiredToken|RequestExpired)/,
    why: () => 'the credentials have expired, and new ones are refused as well',
    next: 'use a role of the ServiceAccount, whose credentials renew themselves',
  },
  {
    matches: /^(Credentials|Token)Provider/,
    why: (message) => `the worker's pod gets no credentials for AWS: ${message}`,
    next: 'give the ServiceAccount a role (install --service-account-annotation, or a Pod Identity association)',
  },
  {
    matches: /ENOTFOUND|EAI_AGAIN/,
    why: (message) => `RDS of that region is not found: ${message}`,
    next: "check the region in the host's name, and the DNS of the cluster",
  },
  {
    matches: /ECONNREFUSED|Timeout|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/,
    why: (message) => `RDS does not answer: ${message}`,
    next: "let the worker's pod reach AWS: NetworkPolicy, NAT or a VPC endpoint of RDS",
  },
  {
    matches: /^(Instance|Storage|DBCluster)QuotaExceeded/,
    why: (message) => `the account has no room for another instance or cluster: ${message}`,
    next: 'delete those that nobody needs, or have the quota raised (Service Quotas), then run it again',
  },
  {
    matches: /^DB(Cluster)?ParameterGroupNotFound|^OptionGroupNotFound|^DBSubnetGroupNotFound|Invalid security group/,
    why: (message) => `a group that the source had is gone: ${message}`,
    next: 'make a group of that name again, then run it again',
  },
  {
    matches:
      /^(InsufficientDB(Instance|Cluster)Capacity|InsufficientStorageClusterCapacity|InvalidVPCNetworkState|KMSKeyNotAccessible|DBSubnetGroupDoesNotCoverEnoughAZs)/,
    why: (message) => message,
    next: 'see to what AWS names, then run it again',
  },
  {
    matches: /^(Throttl|RequestLimitExceeded|LimitExceeded)/,
    why: (message) => `AWS throttled it for too long: ${message}`,
    next: 'run it again when less is going on in the account',
  },
]

/**
 * An error of a call to RDS as a person can use it; a Failure stays what it is. Messages of AWS hold no secret.
 * @throws the error itself where it is none of AWS's
 */
export function rdsFailure(what: string, error: unknown): Failure {
  if (error instanceof Failure) return error
  if (!isOfAws(error)) throw error
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  const message = messageOf(error)
  const fits = known.find(({ matches }) => matches.test([nameOf(error), code, message].join(' ')))
  return new Failure(
    {
      what,
      why: fits?.why(message) ?? `${nameOf(error)}: ${message}`,
      next: fits?.next ?? 'look up this error of RDS; -v shows more',
    },
    { cause: error },
  )
}

/** Whether AWS refused for want of a right. */
export function isDenied(error: unknown): boolean {
  return nameOf(error).startsWith('AccessDenied')
}

/** The SDK marks whatever became of a call; credentials are looked for before there is one. */
function isOfAws(error: unknown): error is Error {
  return (
    error instanceof Error &&
    ('$metadata' in error || '$fault' in error || /^(Credentials|Token)ProviderError$/.test(error.name))
  )
}

/** The right that AWS misses, as it names it: a call may need others than its own. */
export function deniedAction(error: unknown): string | undefined {
  return /not authorized to perform:? ([\w-]+:\w+)/.exec(messageOf(error))?.[1]
}
