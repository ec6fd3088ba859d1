// Room: how pods of a cluster come to an identity of a cloud.
// Read pod-webhook, service-account-token.

import { createPublicKey, verify } from 'node:crypto'

/** What a token says; times in s since 1970. */
export interface Claims {
  iss?: string
  sub?: string
  aud?: string | string[]
  exp?: number
  appid?: string
  [more: string]: unknown
}

/** What a token says, whoever signed it; undefined where it is none. */
export function claimsOf(token: string): Claims | undefined {
  try {
    const [, claims = ''] = token.split('.')
    return JSON.parse(Buffer.from(claims, 'base64url').toString()) as Claims
  } catch {
    return undefined
  }
}

/** Whether one of an issuer's public keys has signed a token, by RS256 or ES256 as Kubernetes does (RFC 7518). */
export function isSigned(token: string, keys: readonly Record<string, unknown>[]): boolean {
  const at = token.lastIndexOf('.')
  const [text, given] = [Buffer.from(token.slice(0, at)), Buffer.from(token.slice(at + 1), 'base64url')]
  return keys.some((jwk) => {
    const key = createPublicKey({ key: jwk, format: 'jwk' })
    return verify('sha256', text, { key, dsaEncoding: 'ieee-p1363' }, given)
  })
}
