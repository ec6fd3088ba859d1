import * as z from 'zod'
import { ExitCode } from '../exit-code.ts'
import { Failure } from '../failure.ts'

/** For whom a backup's dumps are to be encrypted. */
export const encryptionRequestSchema = z.strictObject({
  /** of age */
  recipients: z.array(z.string()),
  /** Secrets that hold further recipients */
  secrets: z.array(z.string()),
})
export type EncryptionRequest = z.infer<typeof encryptionRequestSchema>

/** How a backup's dumps are encrypted. Their manifests are not: what verifies, copies and deletes needs no key. */
export const encryptionSchema = z.object({
  format: z.literal('age'),
  /** whose identities open it, any of them alone */
  recipients: z.array(z.string()).min(1),
})
export type Encryption = z.infer<typeof encryptionSchema>

/** The key of a Secret that holds recipients, one a line as for `age --recipients-file`. */
export const recipientsKey = 'recipients'
/** The key of a Secret that holds identities, one a line as `age-keygen` writes them. */
export const identityKey = 'identity'

/**
 * Reads the values of --encrypt, each a recipient or `@SECRET`.
 * @throws Failure (usage) for what is neither; it repeats no secret key
 */
export function parseEncryption(values: readonly string[]): EncryptionRequest {
  const secrets = values.filter((value) => value.startsWith('@')).map((value) => value.slice(1))
  const recipients = values.filter((value) => !value.startsWith('@'))
  const wrongSecret = secrets.find((name) => !/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(name))
  if (wrongSecret !== undefined)
    throw notRecipient(`"@${wrongSecret}"`, 'that cannot be the name of a Secret', { exitCode: ExitCode.usage })
  for (const recipient of recipients) checkRecipient(recipient, '--encrypt', { exitCode: ExitCode.usage })
  return { recipients: [...new Set(recipients)], secrets: [...new Set(secrets)] }
}

/**
 * Whether a text looks like a recipient whose identity a restore can use: one of X25519, or of the hybrid that outlasts
 * quantum computers. Identities of hardware (`age1tag1…`, plugins) stay where they are, so a Job has no use of them.
 * @param where it was read, for the error
 * @throws Failure where it does not; it repeats no secret key
 */
export function checkRecipient(text: string, where: string, options: { exitCode?: ExitCode } = {}): void {
  if (/AGE-SECRET-KEY-/i.test(text))
    throw new Failure(
      {
        what: `what ${where} has is not used`,
        why: 'it is a secret key, and a backup needs the public one alone',
        next: 'give its recipient, which `age-keygen -y KEYFILE` prints; make a new key if this one was seen by others',
      },
      options,
    )
  if (!/^age1(?!tag1|tagpq1)[02-9ac-hj-np-z]+(1[02-9ac-hj-np-z]+)?$/.test(text))
    throw notRecipient(`"${text}" of ${where}`, 'that is no recipient of age', options)
}

function notRecipient(given: string, why: string, options: { exitCode?: ExitCode }): Failure {
  const what = `nothing can be encrypted for ${given}`
  const next = 'give age1… or age1pq1…, as `age-keygen` prints it, or @SECRET with such lines in its key "recipients"'
  return new Failure({ what, why, next }, options)
}

/** For a restore without the key that it needs. @param why what there is in its place */
export function keyNeeded(backup: string, { recipients }: Encryption, why: string): Failure {
  return new Failure({
    what: `backup ${backup} is not restored, nothing was touched`,
    why: `it is encrypted for ${recipients.join(', ')}, and ${why}`,
    next:
      `put the identity of one of them into a Secret (kubectl create secret generic NAME --from-file=${identityKey}=` +
      'KEYFILE) and name it: --decrypt-secret NAME',
  })
}
