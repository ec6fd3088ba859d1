import { Encrypter } from 'age-encryption'
import { join } from 'node:path'
import {
  checkRecipient,
  recipientsKey,
  type Encryption,
  type EncryptionRequest,
} from '../../operation/encryption/encryption.ts'
import { Failure, messageOf } from '../../operation/failure.ts'
import { mounts } from '../../operation/request.ts'
import { linesOf } from './lines.ts'

/**
 * For whom dumps are encrypted, those of Secrets included.
 * @param folder where the Secrets are mounted
 * @throws Failure where one is no recipient, mistyped for example, or a Secret has none
 */
export async function readRecipients(
  { recipients, secrets }: EncryptionRequest,
  folder: string = mounts.recipients,
): Promise<Encryption> {
  const all = recipients.map((recipient) => ({ recipient, where: '--encrypt' }))
  for (const secret of secrets) {
    const where = `the Secret ${secret}`
    const found = await linesOf(join(folder, secret, recipientsKey))
    if (found.length === 0) throw none(where)
    all.push(...found.map((recipient) => ({ recipient, where })))
  }
  for (const { recipient, where } of all) {
    checkRecipient(recipient, where)
    try {
      new Encrypter().addRecipient(recipient)
    } catch (error) {
      throw new Failure({
        what: `nothing can be encrypted for ${recipient} of ${where}`,
        why: `it is no recipient of age: ${messageOf(error)}`,
        next: 'give it exactly as `age-keygen` printed it',
      })
    }
  }
  return { format: 'age', recipients: [...new Set(all.map(({ recipient }) => recipient))] }
}

function none(where: string): Failure {
  return new Failure({
    what: `nothing can be encrypted for ${where}`,
    why: `it has no recipients in its key "${recipientsKey}"`,
    next: 'put recipients of age there, one a line',
  })
}
