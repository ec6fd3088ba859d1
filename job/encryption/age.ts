// Room: dumps that are encrypted before they leave the worker, and opened again.
// Read age, pieces, recipients, key.

import { Decrypter, Encrypter } from 'age-encryption'
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { Duplex } from 'node:stream'
import { inPieces } from './pieces.ts'

// The format is age's (https://age-encryption.org/v1), so that `age --decrypt` opens a file as well. The header, which
// holds the file's key for each recipient, is made and read by the library. The payload's cipher is node's own: the
// library's, in JavaScript, has a twentieth of its throughput.

const cipher = 'chacha20-poly1305'
const pieceBytes = 64 * 1024
const tagBytes = 16
const nonceBytes = 16
/** A recipient takes less than 2 KB of a header. */
const longestHeader = 1 << 20

/** Encrypts what goes through it, as age does. At most some pieces of 64 KiB are in memory. */
export function encrypting(recipients: readonly string[]): Duplex {
  return Duplex.from(async function* (content: AsyncIterable<Buffer>) {
    const { header, fileKey } = await newHeader(recipients)
    const nonce = randomBytes(nonceBytes)
    const key = payloadKey(fileKey, nonce)
    yield Buffer.concat([header, nonce])
    let number = 0
    for await (const piece of inPieces(content, pieceBytes)) {
      const seal = createCipheriv(cipher, key, nonceOf(number, piece.last), { authTagLength: tagBytes })
      yield Buffer.concat([seal.update(piece.content), seal.final(), seal.getAuthTag()])
      number += 1
    }
  })
}

/**
 * Opens what goes through it. It fails with NotDecrypted where a byte is not the one that was encrypted, where some are
 * missing at the end, and where none of the identities is one that it was encrypted for.
 */
export function decrypting(identities: readonly string[]): Duplex {
  const decrypter = new Decrypter()
  for (const identity of identities) decrypter.addIdentity(identity)
  return Duplex.from(async function* (content: AsyncIterable<Buffer>) {
    let key: Buffer | undefined
    const payload = withoutHeader(content, async (header, nonce) => {
      const fileKey = await decrypter.decryptHeader(header).catch((error: unknown) => {
        throw new NotDecrypted('its header cannot be read with this key', { cause: error })
      })
      key = payloadKey(fileKey, nonce)
    })
    let number = 0
    for await (const piece of inPieces(payload, pieceBytes + tagBytes)) {
      if (key === undefined || piece.content.length < tagBytes) throw new NotDecrypted('it ends too early')
      yield opened(key, nonceOf(number, piece.last), piece.content)
      number += 1
    }
  })
}

/** What cannot be decrypted. */
export class NotDecrypted extends Error {}

function opened(key: Buffer, nonce: Buffer, piece: Buffer): Buffer {
  const end = piece.length - tagBytes
  const open = createDecipheriv(cipher, key, nonce, { authTagLength: tagBytes })
  open.setAuthTag(piece.subarray(end))
  const content = open.update(piece.subarray(0, end))
  try {
    open.final()
  } catch (error) {
    throw new NotDecrypted('a part of it is not what was encrypted', { cause: error })
  }
  return content
}

/** A header with a new file key in it for each recipient. */
async function newHeader(recipients: readonly string[]): Promise<{ header: Buffer; fileKey: Uint8Array }> {
  const encrypter = new Encrypter()
  for (const recipient of recipients) encrypter.addRecipient(recipient)
  let fileKey = new Uint8Array()
  // A recipient of no line of the header, which is told the key all the same.
  encrypter.addRecipient({
    wrapFileKey(key) {
      fileKey = Uint8Array.from(key)
      return []
    },
  })
  const file = await encrypter.encrypt(new Uint8Array())
  return { header: Buffer.from(file.subarray(0, file.length - nonceBytes - tagBytes)), fileKey }
}

/** What follows the header and the nonce, once `found` has taken these. */
async function* withoutHeader(
  content: AsyncIterable<Buffer>,
  found: (header: Buffer, nonce: Buffer) => Promise<void>,
): AsyncGenerator<Buffer> {
  let head: Buffer | undefined = Buffer.alloc(0)
  for await (const chunk of content) {
    if (head === undefined) {
      yield chunk
      continue
    }
    head = Buffer.concat([head, chunk])
    const lastLine = head.indexOf('\n--- ')
    const end = lastLine < 0 ? -1 : head.indexOf('\n', lastLine + 1) + 1
    if (end > 0 && head.length >= end + nonceBytes) {
      await found(head.subarray(0, end), head.subarray(end, end + nonceBytes))
      yield head.subarray(end + nonceBytes)
      head = undefined
    } else if (head.length > longestHeader) throw new NotDecrypted('it does not begin as a file of age does')
  }
}

/** See "Payload" in the format's specification. */
function payloadKey(fileKey: Uint8Array, nonce: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', fileKey, nonce, 'payload', 32))
}

/** The piece's number, 11 bytes, and whether it is the last. */
function nonceOf(number: number, last: boolean): Buffer {
  const nonce = Buffer.alloc(12)
  nonce.writeUIntBE(number, 5, 6)
  nonce[11] = last ? 1 : 0
  return nonce
}
