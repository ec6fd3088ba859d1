import type { OperationRecord } from '../../operation/record.ts'
import { authorshipOf } from '../../operation/signature/signature.ts'
import { isSignable } from '../../operation/signature/trust.ts'

/**
 * Who vouches for the record of a backup, a restore or a pause, in a few words; undefined for what cannot be restored,
 * and so is never signed.
 * @param known fingerprints of the keys that this installation trusts, where that is known
 */
export function signedBy(record: OperationRecord | undefined, known?: readonly string[]): string | undefined {
  if (record === undefined || !isSignable(record)) return undefined
  if (record.backup !== undefined && record.backup.state !== 'restorable') return undefined
  const authorship = authorshipOf(record)
  if (authorship.state === 'unsigned') return 'nobody'
  const { fingerprint } = authorship
  if (authorship.state === 'changed') return `CHANGED since ${fingerprint}`
  return known === undefined || known.includes(fingerprint) ? fingerprint : `FOREIGN ${fingerprint}`
}
