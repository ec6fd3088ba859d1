/** An error as AWS answers it: HTTP status, code and words. */
export class AwsError extends Error {
  readonly code: string
  readonly status: number
  /** further members of the answer, such as CancellationReasons */
  readonly members: Record<string, unknown>

  constructor(code: string, message: string, status = 400, members: Record<string, unknown> = {}) {
    super(message)
    this.code = code
    this.status = status
    this.members = members
  }

  /** The body of the answer; the namespace before the # is left out by no client's reading of it. */
  get body(): Record<string, unknown> {
    const namespace = coral.has(this.code) ? 'com.amazon.coral.service' : 'com.amazonaws.dynamodb.v20120810'
    return { __type: `${namespace}#${this.code}`, message: this.message, Message: this.message, ...this.members }
  }
}

/** Errors of AWS's common front, the same in every service. */
const coral = new Set([
  'AccessDeniedException',
  'ExpiredTokenException',
  'InvalidSignatureException',
  'MissingAuthenticationTokenException',
  'ThrottlingException',
  'UnknownOperationException',
  'UnrecognizedClientException',
  'ValidationException',
])

export const invalid = (message: string) => new AwsError('ValidationException', message)
export const throttled = () => new AwsError('ThrottlingException', 'Rate exceeded')
export const tableNotFound = (name: string) => new AwsError('TableNotFoundException', `Table not found: ${name}`)
export const resourceNotFound = (name: string) =>
  new AwsError('ResourceNotFoundException', `Requested resource not found: Table: ${name} not found`)
export const limitExceeded = (message: string) =>
  new AwsError('LimitExceededException', `Subscriber limit exceeded: ${message}`)
