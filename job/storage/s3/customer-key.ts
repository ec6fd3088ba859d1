import { Failure } from '../../../operation/failure.ts'
import { readSecret } from '../objects/secret.ts'

const secretKey = 'SSE_CUSTOMER_KEY'

/** What every call for an object's content says where the service encrypts by a key that it does not keep. */
export interface CustomerKey {
  SSECustomerAlgorithm?: 'AES256'
  /** base64; the SDK adds its MD5 */
  SSECustomerKey?: string
}

/**
 * The key of a Secret, see "Using server-side encryption with customer-provided keys" in the S3 User Guide.
 * @param folder with the Secret's keys as files
 * @throws Failure where there is none of 256 bits
 */
export async function customerKeyIn(folder: string, title: string): Promise<CustomerKey> {
  const [key] = await readSecret(folder, [secretKey])
  const bytes = key === undefined ? 0 : Buffer.from(key, 'base64').length
  if (key !== undefined && bytes === 32) return { SSECustomerAlgorithm: 'AES256', SSECustomerKey: key }
  throw new Failure({
    what: `the key of ${title} cannot be used`,
    why: key === undefined ? `its Secret has no key ${secretKey}` : `${secretKey} has ${bytes} bytes in place of 32`,
    next: 'put 32 random bytes there in base64 (openssl rand -base64 32), and keep them as long as the backups',
  })
}
