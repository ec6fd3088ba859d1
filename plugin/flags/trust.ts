import type { Argv } from 'yargs'
import { ExitCode } from '../../operation/exit-code.ts'
import { Failure } from '../../operation/failure.ts'
import { isFingerprint } from '../../operation/signature/signature.ts'
import type { Trust } from '../../operation/signature/trust.ts'
import type { Globals } from './flags.ts'
import type { FlagsOf } from './flags-of.ts'

/** Whose records are taken at their word, beside those that this installation signed. */
export function trustFlags<T>(yargs: Argv<T>) {
  return yargs
    .option('trusted-key', {
      type: 'string',
      array: true,
      requiresArg: true,
      describe: 'fingerprint of a key whose records are taken as well, like SHA256:…; repeatable',
    })
    .option('trusted-record', {
      type: 'string',
      array: true,
      requiresArg: true,
      describe: 'hash of a record that is taken although no key vouches for it, repeatable',
    })
}

/**
 * Fingerprints given by --trusted-key.
 * @throws Failure (usage) for what is none
 */
export function readFingerprints(given: readonly string[] | undefined): string[] {
  const wrong = given?.find((text) => !isFingerprint(text))
  if (wrong === undefined) return [...(given ?? [])]
  throw unreadable('--trusted-key', `"${wrong}" is not the fingerprint of a key`, 'SHA256: and 43 characters')
}

/**
 * Whom the administrator vouches for.
 * @throws Failure (usage) for what is no fingerprint or no hash
 */
export function readTrust({ trustedKey, trustedRecord = [] }: Partial<FlagsOf<typeof trustFlags<Globals>>>): Trust {
  const wrong = trustedRecord.find((text) => !/^[0-9a-f]{64}$/.test(text))
  if (wrong !== undefined)
    throw unreadable('--trusted-record', `"${wrong}" is not the hash of a record`, '64 hexadecimal digits')
  return { keys: readFingerprints(trustedKey), records: [...trustedRecord] }
}

function unreadable(flag: string, why: string, form: string): Failure {
  return new Failure(
    { what: `${flag} cannot be read`, why, next: `give ${form}, as the refusal of the record shows it` },
    { exitCode: ExitCode.usage },
  )
}
