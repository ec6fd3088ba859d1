import { Decrypter, identityToRecipient } from 'age-encryption'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { pipeline, Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { identityKey, keyNeeded, type Encryption } from '../../operation/encryption/encryption.ts'
import type { Finding } from '../../operation/finding.ts'
import { mounts } from '../../operation/request.ts'
import { decrypting, encrypting } from './age.ts'
import { linesOf } from './lines.ts'

/** The identities of the Secret that a restore was given; none where it was given none. */
export async function readIdentities(folder: string = mounts.identity): Promise<string[]> {
  return await linesOf(join(folder, identityKey))
}

/**
 * Looks whether a backup can be opened, before anything is touched.
 * @throws Failure where it is encrypted and none of the identities is for it
 */
export async function requireKey(
  { name, encryption }: { name: string; encryption?: Encryption | undefined },
  identities: readonly string[],
): Promise<void> {
  if (encryption === undefined) return
  if (identities.length === 0) throw keyNeeded(name, encryption, 'no identity was given')
  const own = await Promise.all(identities.map(recipientOf))
  if (!encryption.recipients.some((recipient) => own.includes(recipient)))
    throw keyNeeded(
      name,
      encryption,
      `the Secret given has the identity of ${own.map((one) => one ?? 'nobody: a line of it is no key').join(', ')}`,
    )
}

/** Encrypts something, and opens it again where there is an identity: a lost key shows before it is needed. */
export async function tryKey(encryption: Encryption, identities: readonly string[]): Promise<Finding> {
  const about = { check: 'encryption', subject: encryption.recipients.join(', ') }
  const cure = 'try it with --decrypt-secret NAME: nobody else can restore such a backup'
  const probe = randomBytes(32)
  const packed = pipeline(Readable.from([probe]), encrypting(encryption.recipients), () => undefined)
  if (identities.length === 0) {
    await buffer(packed)
    const message = 'can be encrypted for; whether its key still opens that was not tried'
    return { ...about, outcome: 'warning', message, cure }
  }
  const readable = await Promise.all(identities.map(recipientOf))
  if (readable.includes(undefined))
    return { ...about, outcome: 'error', message: `the Secret's key "${identityKey}" has a line that is no key`, cure }
  try {
    const back = await buffer(pipeline(packed, decrypting(identities), () => undefined))
    if (back.equals(probe)) return { ...about, outcome: 'ok', message: 'what is encrypted can be opened again' }
  } catch {
    packed.destroy()
  }
  const message = `the identity that was given is of ${readable.join(', ')}, and opens nothing that is encrypted so`
  return { ...about, outcome: 'error', message, cure: 'give the identity of one of the recipients, or encrypt for it' }
}

/** The recipient of an identity; undefined where it is none. */
async function recipientOf(identity: string): Promise<string | undefined> {
  try {
    new Decrypter().addIdentity(identity)
    return await identityToRecipient(identity)
  } catch {
    return undefined
  }
}
