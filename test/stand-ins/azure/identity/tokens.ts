import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { claimsOf, type Claims } from '../../cloud/identity/service-account-token.ts'

/** Signs access tokens; new with every stand-in. */
const secret = randomBytes(32)

const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
const signature = (text: string) => createHmac('sha256', secret).update(text).digest('base64url')

export function signToken(claims: Claims): string {
  const text = `${encoded({ typ: 'JWT', alg: 'HS256' })}.${encoded(claims)}`
  return `${text}.${signature(text)}`
}

/** What one of this stand-in's own access tokens says; undefined where it is none of them. */
export function ownClaims(token: string): Claims | undefined {
  const at = token.lastIndexOf('.')
  const [text, given] = [token.slice(0, at), Buffer.from(token.slice(at + 1))]
  const right = Buffer.from(signature(text))
  if (given.length !== right.length || !timingSafeEqual(given, right)) return undefined
  return claimsOf(token)
}

/** A token as a kubelet projects it for a ServiceAccount, for tests without a cluster. */
export function serviceAccountToken(
  namespace: string,
  name: string,
  { expiresAtMs = Date.now() + 3_600_000 }: { expiresAtMs?: number } = {},
): string {
  const claims = {
    aud: ['api://AzureADTokenExchange'],
    exp: Math.floor(expiresAtMs / 1000),
    iss: 'https://kubernetes.default.svc.cluster.local',
    sub: `system:serviceaccount:${namespace}:${name}`,
  }
  const signed = randomBytes(32).toString('base64url')
  return `${encoded({ alg: 'RS256', kid: 'of-a-cluster' })}.${encoded(claims)}.${signed}`
}
