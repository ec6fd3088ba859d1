import { createPrivateKey, type KeyObject } from 'node:crypto'
import { ExitCode } from '../../../operation/exit-code.ts'
import { Failure } from '../../../operation/failure.ts'
import { signingKey } from '../../../operation/names.ts'
import { readGiven } from '../../flags/read-given.ts'
import { readFingerprints } from '../../flags/trust.ts'
import type { Session } from '../../kubernetes/api/session.ts'
import { ensureSigningKey, publishTrustedKeys, type SigningKeyWishes } from '../../kubernetes/signing/signing-key.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import type { InstallFlags } from './command.ts'

/** What the flags ask of the signing key. @throws Failure (usage) for what contradicts itself, or is no such key */
export async function readWishes({
  rotateSigningKey: rotate,
  signingKeyFrom,
  trustedKey,
}: Pick<InstallFlags, 'rotateSigningKey' | 'signingKeyFrom' | 'trustedKey'>): Promise<SigningKeyWishes> {
  const trusted = readFingerprints(trustedKey)
  if (signingKeyFrom === undefined) return { rotate, trusted }
  if (rotate)
    throw usage(
      '--rotate-signing-key and --signing-key-from exclude each other',
      'one makes a new key, the other brings one',
      'leave one of them out',
    )
  const next = 'name a file with a private key in PEM, or - for stdin'
  return { rotate, trusted, brought: readPrivateKey(signingKeyFrom, await readGiven(signingKeyFrom, next)) }
}

function readPrivateKey(file: string, pem: string): KeyObject {
  const refuse = (why: string) =>
    // Never the parser's own words: nothing of a key is printed.
    usage(`${file} holds no signing key`, why, 'make one with `openssl genpkey -algorithm ed25519`, or bring yours')
  let key: KeyObject
  try {
    key = createPrivateKey(pem)
  } catch {
    throw refuse('it is not a private key in PEM without a passphrase')
  }
  if (key.asymmetricKeyType !== 'ed25519') throw refuse(`it is a key for ${key.asymmetricKeyType}, not for ed25519`)
  return key
}

/** Makes the key, or leaves it as it is, and says which one it is. A dry run says how it comes, and prints none. */
export async function installSigningKey(
  session: Session,
  terminal: Terminal,
  wishes: SigningKeyWishes,
  { dryRun, output, serviceAccount }: Pick<InstallFlags, 'dryRun' | 'output' | 'serviceAccount'>,
): Promise<void> {
  const title = `secret/${signingKey.secret}`
  if (dryRun !== 'none') {
    terminal.note(
      `${title}, the key that backups are signed with, is not part of this: \`kubectl scalardl install\` makes it ` +
        'where there is none, and prints it nowhere.',
    )
    return
  }
  const { outcome, trusted } = await ensureSigningKey(session, wishes)
  await publishTrustedKeys(session, serviceAccount, trusted)
  const [own, ...others] = trusted
  if (output !== 'yaml' && output !== 'json') terminal.data(output === 'name' ? title : `${title} ${outcome}`)
  terminal.note(`Backups are signed by key ${own}`, ...others.map((other) => `trusted as well: ${other}`))
}

function usage(what: string, why: string, next: string): Failure {
  return new Failure({ what, why, next }, { exitCode: ExitCode.usage })
}
