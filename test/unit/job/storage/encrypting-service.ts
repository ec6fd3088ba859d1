import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Test } from 'tap'
import { serviceInFront } from './service-in-front.ts'

/** A call for an object that writes it, with what it says of how the object is kept. */
export interface Kept {
  call: string
  headers: Record<string, string>
}

/**
 * What Amazon's S3 asks of those who bring the key themselves, in front of an S3 server that knows nothing of it. After
 * "Specifying server-side encryption with customer-provided keys" of the S3 User Guide and the API Reference:
 * - Whoever writes, CreateMultipartUpload and each UploadPart included, gives the algorithm, the key and its MD5; an
 *   MD5 that is not the key's is refused (InvalidArgument).
 * - A part comes with the key of its upload (InvalidRequest).
 * - Whoever reads, GetObject and HeadObject, gives the same key: without one 400 (InvalidRequest), with another 403
 *   (AccessDenied).
 * It also keeps what writes say of the class of storage and of keys of KMS.
 */
export async function encryptingService(t: Test, endpoint: string): Promise<{ endpoint: string; kept: Kept[] }> {
  const kept: Kept[] = []
  /** the MD5 of the key of each object and upload, undefined where it has none */
  const keys = new Map<string, string | undefined>()
  const refusal = (status: number, code: string) => ({ status, code, message: 'by the key' })
  const inFront = await serviceInFront(t, endpoint, (incoming) => {
    const { call, of } = callOf(incoming.method ?? '', new URL(incoming.url ?? '', endpoint))
    const keyed = headerOf(incoming, `${customer}-key-md5`)
    if (keyed !== undefined && keyed !== md5Of(headerOf(incoming, `${customer}-key`) ?? ''))
      return refusal(400, 'InvalidArgument')
    if (keyed !== undefined && headerOf(incoming, `${customer}-algorithm`) !== 'AES256')
      return refusal(400, 'InvalidArgument')
    if (call === 'UploadPart' && keys.get(of) !== keyed) return refusal(400, 'InvalidRequest')
    if ((call === 'GetObject' || call === 'HeadObject') && keys.get(of) !== keyed && keys.has(of))
      return keyed === undefined ? refusal(400, 'InvalidRequest') : refusal(403, 'AccessDenied')
    if (call === 'PutObject' || call === 'CreateMultipartUpload') {
      const said = Object.entries(incoming.headers).filter(([name]) => /server-side-enc|storage-class/.test(name))
      kept.push({ call, headers: Object.fromEntries(said.map(([name, value]) => [name, String(value)])) })
      keys.set(of, keyed)
    }
    return undefined
  })
  return { endpoint: inFront, kept }
}

const customer = 'x-amz-server-side-encryption-customer'

function headerOf({ headers }: IncomingMessage, name: string): string | undefined {
  return headers[name] === undefined ? undefined : String(headers[name])
}

function md5Of(key: string): string {
  return createHash('md5').update(Buffer.from(key, 'base64')).digest('base64')
}

/** Which call of the API a request is, and of what: an object and its upload have one key. */
function callOf(method: string, { pathname, searchParams }: URL): { call: string; of: string } {
  const of = decodeURIComponent(pathname)
  const isObject = of.split('/').length > 2 && of.split('/')[2] !== ''
  if (!isObject) return { call: 'of a bucket', of }
  if (method === 'PUT') return { call: searchParams.has('partNumber') ? 'UploadPart' : 'PutObject', of }
  if (method === 'POST')
    return { call: searchParams.has('uploads') ? 'CreateMultipartUpload' : 'CompleteMultipartUpload', of }
  return { call: method === 'GET' ? 'GetObject' : method === 'HEAD' ? 'HeadObject' : 'DeleteObject', of }
}
