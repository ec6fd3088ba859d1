import type { Test } from 'tap'
import { serviceInFront } from './service-in-front.ts'

/**
 * An S3 server in front of another, for which a session may end: what comes with its access key from then on is refused
 * as Amazon's S3 does (400 ExpiredToken: "Error responses" in the Amazon S3 API Reference). `meanwhile` is called
 * before each refusal: the call was signed by then.
 */
export async function expiringService(
  t: Test,
  endpoint: string,
): Promise<{ endpoint: string; expire(accessKeyId: string, meanwhile: () => void): void }> {
  const expired = new Map<string, () => void>()
  const front = await serviceInFront(t, endpoint, ({ headers }) => {
    const [, accessKeyId = ''] = /Credential=([^/]+)/.exec(headers.authorization ?? '') ?? []
    const meanwhile = expired.get(accessKeyId)
    if (meanwhile === undefined) return undefined
    meanwhile()
    return { status: 400, code: 'ExpiredToken', message: 'The provided token has expired.' }
  })
  return { endpoint: front, expire: (accessKeyId, meanwhile) => void expired.set(accessKeyId, meanwhile) }
}
