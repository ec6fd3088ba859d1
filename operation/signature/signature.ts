// Room: who vouches for the record of a backup.
// Read signature, signed-text, trust.

import { createHash, createPublicKey, sign, verify, type KeyObject } from 'node:crypto'
import type { BackupPart } from '../record.ts'
import { signedText, type SignableRecord } from './signed-text.ts'

/** An ed25519 signature (RFC 8032) beside what it signs, both parts in base64. */
export type Signature = NonNullable<BackupPart['signature']>

/**
 * Whose word a record is. `changed`: it does not say any more what the key of that fingerprint signed, or the key has
 * signed nothing at all.
 */
export type Authorship = { state: 'signed' | 'changed'; fingerprint: string } | { state: 'unsigned' }

/** What people compare: `SHA256:` and the hash of a public key in base64, in the form that `ssh-keygen -l` has. */
export function fingerprintOf(publicKey: KeyObject): string {
  return fingerprintOfDer(publicKey.export({ type: 'spki', format: 'der' }))
}

function fingerprintOfDer(der: Buffer): string {
  return `SHA256:${createHash('sha256').update(der).digest('base64').replace(/=+$/, '')}`
}

/** Whether a text is such a fingerprint. */
export function isFingerprint(text: string): boolean {
  return /^SHA256:[A-Za-z0-9+/]{43}$/.test(text)
}

/** The signature of a record by a private ed25519 key. */
export function signatureOf(record: SignableRecord, privateKey: KeyObject): Signature {
  return signatureOfText(signedText(record), privateKey)
}

/** The same of any text, which says itself what it is. */
export function signatureOfText(text: string, privateKey: KeyObject): Signature {
  return {
    publicKey: createPublicKey(privateKey).export({ type: 'spki', format: 'der' }).toString('base64'),
    value: sign(null, Buffer.from(text), privateKey).toString('base64'),
  }
}

/** Whose word a record is. Whether that key is to be trusted is another question. */
export function authorshipOf(record: SignableRecord): Authorship {
  const { signature } = record.backup ?? record
  if (signature === undefined) return { state: 'unsigned' }
  const state = isSignatureOf(signedText(record), signature) ? 'signed' : 'changed'
  return { state, fingerprint: signerOf(signature) }
}

/** The fingerprint of the key that a signature says it is by. */
export function signerOf({ publicKey }: Signature): string {
  return fingerprintOfDer(Buffer.from(publicKey, 'base64'))
}

/** Whether a signature is of this text, by the key that is beside it. */
export function isSignatureOf(text: string, { publicKey, value }: Signature): boolean {
  const der = Buffer.from(publicKey, 'base64')
  try {
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' })
    const isOurs = key.asymmetricKeyType === 'ed25519'
    return isOurs && verify(null, Buffer.from(text), key, Buffer.from(value, 'base64'))
  } catch {
    return false
  }
}
