import {
  Decrypter,
  Encrypter,
  generateHybridIdentity,
  generateX25519Identity,
  identityToRecipient,
} from 'age-encryption'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline, Readable, type Duplex } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import t from 'tap'
import { decrypting, encrypting, NotDecrypted } from '../../../../job/encryption/age.ts'
import { readIdentities, requireKey, tryKey } from '../../../../job/encryption/key.ts'
import { readRecipients } from '../../../../job/encryption/recipients.ts'
import { failureOf } from '../failure-of.ts'

const [identity, hybrid, other] = await Promise.all([
  generateX25519Identity(),
  generateHybridIdentity(),
  generateX25519Identity(),
])
const [recipient, hybridRecipient, otherRecipient] = await Promise.all([
  identityToRecipient(identity),
  identityToRecipient(hybrid),
  identityToRecipient(other),
])
const both = [recipient, hybridRecipient]

t.test("what is encrypted here age's own library opens, and the reverse, whatever the size", async (t) => {
  for (const bytes of [0, 1, 65_535, 65_536, 65_537, 131_072, 200_000]) {
    const content = pattern(bytes)
    const packed = await through(encrypting(both), content)
    for (const one of [identity, hybrid]) {
      const theirs = new Decrypter()
      theirs.addIdentity(one)
      t.ok(content.equals(await theirs.decrypt(packed)), `${bytes} bytes`)
      t.ok(content.equals(await through(decrypting([other, one]), packed)), `${bytes} bytes`)
    }
    const theirs = new Encrypter()
    theirs.addRecipient(recipient)
    const made = Buffer.from(await theirs.encrypt(content))
    t.ok(content.equals(await through(decrypting([identity]), made, 1_000)), `${bytes} bytes`)
  }
})

t.test('nothing is taken for the content that was not encrypted so', async (t) => {
  const packed = await through(encrypting(both), pattern(150_000))
  const payload = packed.length - 150_000 - 3 * 16
  const cases = {
    'another key': [packed, other],
    'no file of age': [pattern(100_000), identity],
    nothing: [Buffer.alloc(0), identity],
    'cut in a piece': [packed.subarray(0, -1), identity],
    'cut after a piece': [packed.subarray(0, payload + 2 * 65_552), identity],
    'cut in the header': [packed.subarray(0, 100), identity],
    'a flipped bit': [flipped(packed, payload + 70_000), identity],
    'a flipped bit of the header': [flipped(packed, 40), identity],
    'a piece left out': [Buffer.concat([packed.subarray(0, payload), packed.subarray(payload + 65_552)]), identity],
    'more behind it': [Buffer.concat([packed, packed.subarray(-16)]), identity],
  } as const
  for (const [name, [given, key]] of Object.entries(cases))
    t.ok((await through(decrypting([key]), given).catch((error: unknown) => error)) instanceof NotDecrypted, name)
})

t.test('a stream that fails, or that nobody reads on, leaves none open', async (t) => {
  for (const step of [encrypting(both), decrypting([identity])]) {
    const failing = Readable.from(
      (async function* () {
        yield Buffer.alloc(10)
        throw new Error('the database went away')
      })(),
    )
    await t.rejects(buffer(pipeline(failing, step, () => undefined)), { message: 'the database went away' })
  }
  const source = Readable.from(chunksOf(pattern(10 << 20), 1 << 16))
  const packed = pipeline(source, encrypting(both), () => undefined)
  packed.once('data', () => packed.destroy())
  await new Promise((resolve) => source.once('close', resolve))
  t.ok(source.destroyed)
})

t.test('recipients of flags and Secrets are read, and what is none is refused without telling a key', async (t) => {
  const folder = t.testdir({
    good: { recipients: `# of the vault\n${recipient}\n\n  ${otherRecipient}\n` },
    key: { recipients: identity },
    empty: { recipients: '# nothing\n' },
  })
  const read = (recipients: string[], ...secrets: string[]) => readRecipients({ recipients, secrets }, folder)
  t.strictSame(await read(both, 'good'), { format: 'age', recipients: [...both, otherRecipient] })
  t.match(await failureOf(read([], 'empty')), { what: /the Secret empty/, why: /no recipients/ })
  t.match(await failureOf(read([], 'absent')), { what: /the Secret absent/, why: /no recipients/ })
  const mistyped = `${recipient.slice(0, -1)}${recipient.endsWith('q') ? 'p' : 'q'}`
  t.match(await failureOf(read([mistyped])), { what: new RegExp(mistyped), why: /no recipient of age/ })
  t.match(await failureOf(read(['age1tag1qt8lw0ual6avlwmwatk888yqnmdamm7xfd0wak53ut6elz5c4swx2yqdj4e'])), {
    why: /no recipient of age/,
  })
  const refused = await failureOf(read([], 'key'))
  t.match(refused, { what: /the Secret key/, why: /secret key/ })
  t.notMatch(JSON.stringify(refused.text), identity)
})

t.test('a restore without the right key is refused, naming the recipients and the flag', async (t) => {
  const folder = t.testdir({ right: {}, wrong: {}, broken: {} })
  const contents = { right: `# created\n${other}\n${identity}\n`, wrong: other, broken: identity.slice(0, -3) }
  const given = (name: keyof typeof contents) => {
    mkdirSync(join(folder, name), { recursive: true })
    writeFileSync(join(folder, name, 'identity'), contents[name])
    return readIdentities(join(folder, name))
  }
  const [right, wrong, broken] = [await given('right'), await given('wrong'), await given('broken')]
  t.strictSame(
    [right, wrong, broken].map(({ length }) => length),
    [2, 1, 1],
  )
  const encryption = { format: 'age' as const, recipients: both }
  const backup = { name: 'nightly', encryption }
  await requireKey({ name: 'plain' }, [])
  await requireKey(backup, right)
  const why = new RegExp(recipient)
  for (const identities of [[], wrong, broken]) {
    const refused = await failureOf(requireKey(backup, identities))
    t.match(refused, { what: /nightly/, why, next: /--decrypt-secret NAME/ })
    t.notMatch(JSON.stringify(refused.text), 'AGE-SECRET-KEY')
  }
  t.strictSame(await readIdentities(join(folder, 'absent')), [])

  t.match(await tryKey(encryption, right), { outcome: 'ok' })
  t.match(await tryKey(encryption, []), { outcome: 'warning', cure: /--decrypt-secret/ })
  t.match(await tryKey(encryption, wrong), {
    outcome: 'error',
    message: new RegExp(otherRecipient),
  })
  t.match(await tryKey(encryption, broken), { outcome: 'error', message: /no key/ })
})

async function through(step: Duplex, content: Buffer, chunkBytes = 30_000): Promise<Buffer> {
  return await buffer(pipeline(Readable.from(chunksOf(content, chunkBytes)), step, () => undefined))
}

function* chunksOf(content: Buffer, bytes: number): Generator<Buffer> {
  for (let at = 0; at < content.length; at += bytes) yield content.subarray(at, at + bytes)
}

/** Bytes that differ from piece to piece. */
function pattern(length: number): Buffer {
  const content = Buffer.alloc(length)
  for (let at = 0; at + 4 <= length; at += 4) content.writeUInt32LE(at, at)
  return content
}

function flipped(content: Buffer, at: number): Buffer {
  const changed = Buffer.from(content)
  changed[at] = (changed[at] ?? 0) ^ 1
  return changed
}
