import { randomBytes, randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { authenticate, type Caller } from './authentication.ts'
import type { Calls } from '../../cloud/calls.ts'
import { claimsOf, isSigned } from '../../cloud/identity/service-account-token.ts'
import type { Call } from '../call.ts'
import type { Role } from '../settings.ts'
import { AwsError } from './errors.ts'
import { stsAudience } from './pod-role.ts'
import type { Service } from './service.ts'

export const stsPathName = '/sts'
/** Where a pod's agent answers; the real one is at http://169.254.170.23/v1/credentials. */
export const podIdentityPathName = '/pod-identity/v1/credentials'

interface StsOptions {
  service: Service
  calls: Calls<Call>
}

/** What a role was given for a while. */
interface Session {
  accessKey: string
  secret: string
  sessionToken: string
  account: string
  expiresAtMs: number
}

/**
 * The exchanges by which a pod comes to credentials: STS's GetCallerIdentity and AssumeRoleWithWebIdentity (IRSA), and
 * the agent of EKS Pod Identity. Roles, and the tokens that may take them, are settings.
 */
export function stsPath({ service, calls }: StsOptions) {
  return async (request: IncomingMessage, response: ServerResponse, body: Buffer): Promise<boolean> => {
    const path = request.url?.replace(/\/$/, '')
    if (path !== stsPathName && path !== podIdentityPathName) return false
    const form = new URLSearchParams(body.toString())
    const isSts = path === stsPathName
    const operation = isSts ? (form.get('Action') ?? '') : 'GetPodCredentials'
    const input: Record<string, unknown> = isSts
      ? Object.fromEntries(form)
      : { Authorization: request.headers.authorization }
    let caller: Caller | undefined
    let error: AwsError | undefined
    let answer = ''
    try {
      if (!isSts) answer = podCredentials(service, request)
      else if (operation === 'GetCallerIdentity') {
        caller = authenticate(request, body, { service: 'sts', region: undefined }, service)
        answer = identityOf(caller)
      } else if (operation === 'AssumeRoleWithWebIdentity') answer = assumeRole(service, form)
      else throw new AwsError('InvalidAction', `Could not find operation ${operation} for version 2011-06-15`)
    } catch (thrown) {
      if (!(thrown instanceof AwsError)) throw thrown
      error = thrown
      answer = isSts ? errorOf(thrown) : JSON.stringify({ code: thrown.code, message: thrown.message })
    }
    const status = error?.status ?? 200
    const { accessKey = '', region = '' } = caller ?? {}
    const at = { atMs: service.clock.now(), tookMs: 0, accessKey, region }
    calls.add({ ...at, operation, tables: [], rights: [], input, status, error: error?.code, fault: undefined })
    response.writeHead(status, {
      'content-type': isSts ? 'text/xml' : 'application/json',
      date: new Date(service.clock.now()).toUTCString(),
    })
    response.end(answer)
    return true
  }
}

/** @throws AwsError where no role may be taken with the token, or not any more */
function session(service: Service, role: string | undefined, token: string): Session {
  const { roles } = service.settings
  const ends = Object.entries(roles).flatMap(([arn, one]) => {
    const endsMs = (role ?? arn) === arn ? tokenEndsMs(one, token) : undefined
    return endsMs === undefined ? [] : [{ arn, endsMs, sessionMs: one.sessionMs }]
  })
  const [found] = ends
  if (found === undefined)
    throw new AwsError('AccessDenied', 'Not authorized to perform sts:AssumeRoleWithWebIdentity', 403)
  const { arn, endsMs, sessionMs } = found
  if (endsMs <= service.clock.now())
    throw new AwsError(
      'ExpiredTokenException',
      'Token expired: current date/time must be before the expiration date/time',
    )
  const made: Session = {
    accessKey: `ASIA${randomBytes(8).toString('hex').toUpperCase()}`,
    secret: randomBytes(20).toString('hex'),
    sessionToken: randomBytes(40).toString('hex'),
    account: arn.split(':')[4] ?? '',
    expiresAtMs: service.clock.now() + sessionMs,
  }
  const { accessKey, ...key } = made
  service.issued.set(accessKey, key)
  return made
}

/** When a token ends that may take a role, ms since 1970; undefined where it may not. */
function tokenEndsMs({ tokens, trustPolicy }: Role, token: string): number | undefined {
  if (token in tokens) return tokens[token] ?? Infinity
  const { iss, sub, aud, exp = 0 } = claimsOf(token) ?? {}
  const isOf =
    trustPolicy !== undefined &&
    iss === trustPolicy.issuer &&
    sub === trustPolicy.subject &&
    [aud].flat().includes(stsAudience) &&
    isSigned(token, trustPolicy.keys)
  return isOf ? exp * 1000 : undefined
}

function assumeRole(service: Service, form: URLSearchParams): string {
  const made = session(service, form.get('RoleArn') ?? '', form.get('WebIdentityToken') ?? '')
  return answerOf(
    'AssumeRoleWithWebIdentity',
    `<Credentials><AccessKeyId>${made.accessKey}</AccessKeyId><SecretAccessKey>${made.secret}</SecretAccessKey>` +
      `<SessionToken>${made.sessionToken}</SessionToken>` +
      `<Expiration>${new Date(made.expiresAtMs).toISOString()}</Expiration></Credentials>` +
      `<AssumedRoleUser><Arn>${form.get('RoleArn')}/${form.get('RoleSessionName')}</Arn>` +
      `<AssumedRoleId>AROA:${form.get('RoleSessionName')}</AssumedRoleId></AssumedRoleUser>`,
  )
}

function podCredentials(service: Service, request: IncomingMessage): string {
  const made = session(service, undefined, request.headers.authorization ?? '')
  return JSON.stringify({
    AccessKeyId: made.accessKey,
    SecretAccessKey: made.secret,
    Token: made.sessionToken,
    AccountId: made.account,
    Expiration: new Date(made.expiresAtMs).toISOString(),
  })
}

function identityOf({ account, accessKey }: Caller): string {
  return answerOf(
    'GetCallerIdentity',
    `<Arn>arn:aws:iam::${account}:user/${accessKey.toLowerCase()}</Arn>` +
      `<UserId>${accessKey}</UserId><Account>${account}</Account>`,
  )
}

function answerOf(operation: string, result: string): string {
  return (
    `<${operation}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/">` +
    `<${operation}Result>${result}</${operation}Result>` +
    `<ResponseMetadata><RequestId>${randomUUID()}</RequestId></ResponseMetadata></${operation}Response>`
  )
}

function errorOf({ code, message }: AwsError): string {
  return (
    '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">' +
    `<Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error>` +
    `<RequestId>${randomUUID()}</RequestId></ErrorResponse>`
  )
}
