import { createHash, createHmac } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { AwsError } from './errors.ts'
import type { Policy } from '../settings.ts'
import type { Service } from './service.ts'

/** Who calls, and which region the call is for. */
export interface Caller {
  accessKey: string
  account: string
  region: string
  /** all that it may do; undefined where it may do everything */
  policies?: readonly Policy[] | undefined
}

const unrecognized = () =>
  new AwsError('UnrecognizedClientException', 'The security token included in the request is invalid.')
const hash = (data: string | Buffer) => createHash('sha256').update(data).digest('hex')
const hmac = (key: string | Buffer, data: string) => createHmac('sha256', key).update(data).digest()

/** How far the request's time may be from the service's, ms. */
const skewMs = 5 * 60_000
const defaultAccount = '123456789012'

interface Scope {
  accessKey: string
  date: string
  region: string
  service: string
  signedHeaders: string
  signature: string
}

function scopeOf(header: string | undefined): Scope {
  const match =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request,\s*SignedHeaders=([^,]+),\s*Signature=(\w+)$/.exec(
      header ?? '',
    )
  if (match === null)
    throw new AwsError('MissingAuthenticationTokenException', 'Request is missing Authentication Token')
  const [, accessKey = '', date = '', region = '', service = '', signedHeaders = '', signature = ''] = match
  return { accessKey, date, region, service, signedHeaders, signature }
}

/** Signature Version 4 of a POST without a query. */
function signatureOf(request: IncomingMessage, body: Buffer, scope: Scope, secret: string): string {
  const headers = scope.signedHeaders
    .split(';')
    .map((name) => `${name}:${String(request.headers[name] ?? '').trim()}\n`)
  const canonical = `POST\n${request.url}\n\n${headers.join('')}\n${scope.signedHeaders}\n${hash(body)}`
  const scopeText = `${scope.date}/${scope.region}/${scope.service}/aws4_request`
  const toSign = `AWS4-HMAC-SHA256\n${String(request.headers['x-amz-date'])}\n${scopeText}\n${hash(canonical)}`
  const key = [scope.region, scope.service, 'aws4_request'].reduce<Buffer>(
    (key, part) => hmac(key, part),
    hmac(`AWS4${secret}`, scope.date),
  )
  return hmac(key, toSign).toString('hex')
}

/**
 * Reads who calls from the request's signature, as AWS's front does before anything else.
 * @throws AwsError UnrecognizedClientException, InvalidSignatureException or ExpiredTokenException
 */
export function authenticate(
  request: IncomingMessage,
  body: Buffer,
  expected: { service: string; region: string | undefined },
  { settings, clock, issued }: Pick<Service, 'settings' | 'clock' | 'issued'>,
): Caller {
  const scope = scopeOf(request.headers.authorization)
  if (scope.service !== expected.service)
    throw new AwsError(
      'InvalidSignatureException',
      `Credential should be scoped to correct service: '${expected.service}'.`,
    )
  if (expected.region !== undefined && scope.region !== expected.region)
    throw new AwsError(
      'InvalidSignatureException',
      `Credential should be scoped to a valid region: '${scope.region}' is not '${expected.region}'.`,
    )
  if (!/^[a-z]{2}(-[a-z]+)+-\d+$/.test(scope.region) || settings.regions?.includes(scope.region) === false) {
    throw new AwsError(
      'UnrecognizedClientException',
      `The security token included in the request is invalid: no region '${scope.region}'.`,
    )
  }
  const { keys } = settings
  const key = issued.get(scope.accessKey) ?? keys?.[scope.accessKey]
  if (key === undefined && keys === undefined)
    return { accessKey: scope.accessKey, account: defaultAccount, region: scope.region }
  if (
    key === undefined ||
    (key.sessionToken !== undefined && request.headers['x-amz-security-token'] !== key.sessionToken)
  )
    throw unrecognized()
  if (key.expiresAtMs !== undefined && clock.now() >= key.expiresAtMs)
    throw new AwsError('ExpiredTokenException', 'The security token included in the request is expired')
  if (key.secret !== undefined) {
    if (signatureOf(request, body, scope, key.secret) !== scope.signature) {
      throw new AwsError(
        'InvalidSignatureException',
        'The request signature we calculated does not match the signature you provided. ' +
          'Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
      )
    }
    const signedMs = Date.parse(
      String(request.headers['x-amz-date']).replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'),
    )
    if (!(Math.abs(signedMs - clock.now()) <= skewMs)) {
      throw new AwsError(
        'InvalidSignatureException',
        `Signature expired: ${String(request.headers['x-amz-date'])} is not within 5 minutes of the service's time`,
      )
    }
  }
  return { accessKey: scope.accessKey, account: key.account, region: scope.region, policies: key.policies }
}
