import { ExitCode } from '../exit-code.ts'
import { Failure, type FailureText } from '../failure.ts'
import type { OperationRecord } from '../record.ts'
import { programVersion } from '../version.ts'
import { authorshipOf } from './signature.ts'
import { recordHash, type SignableRecord } from './signed-text.ts'

/** Whom a person, or an installation, takes at their word. */
export interface Trust {
  /** fingerprints of keys */
  keys: readonly string[]
  /** hashes of single records, whoever signed them */
  records: readonly string[]
}

/** Whether later operations go by a record: that of a backup, a restore or a pause. */
export function isSignable({ backup, kind, restore }: OperationRecord): boolean {
  return backup !== undefined || restore !== undefined || kind === 'pause'
}

/** Whether a record is signed by one of these keys, or is one of these records. */
export function isTrusted(record: SignableRecord, { keys, records }: Trust): boolean {
  const authorship = authorshipOf(record)
  if (authorship.state === 'signed' && keys.includes(authorship.fingerprint)) return true
  return records.includes(recordHash(record))
}

/** @throws Failure (exit code 4) that says what has to be typed, where nobody trusted vouches for a record */
export function refuseUntrusted(record: SignableRecord & Pick<OperationRecord, 'by'>, trust: Trust): void {
  if (!isTrusted(record, trust)) throw new Failure(distrusted(record), { exitCode: ExitCode.declined })
}

function distrusted(record: SignableRecord & Pick<OperationRecord, 'by'>): FailureText {
  const { operation, backup, by } = record
  const title = backup === undefined ? `operation ${operation}` : `backup ${backup.name}`
  const authorship = authorshipOf(record)
  const compare = `compare what it says with what you know: kubectl scalardl describe ${title}`
  const take = `--trusted-record ${recordHash(record)}`
  switch (authorship.state) {
    case 'signed':
      return {
        what: `${operation} is signed by a key that this installation does not trust`,
        why: `its fingerprint is ${authorship.fingerprint}`,
        next:
          'where the cluster that made it shows that fingerprint (kubectl scalardl get backups -o wide), add ' +
          `--trusted-key ${authorship.fingerprint}; for good: kubectl scalardl install with the same flag`,
      }
    case 'changed':
      return {
        what: `${operation} is not what ${authorship.fingerprint} signed`,
        why:
          'its record was changed, or signed by a version that says more ' +
          `(it is of ${by.worker ?? by.plugin}, this is ${programVersion})`,
        next: `${backup === undefined ? '' : replaced(backup.name)}${compare}; it is taken as it is with ${take}`,
      }
    case 'unsigned':
      return {
        what: `${operation} is not signed`,
        why:
          'whoever may write ConfigMaps, or to its storage, may have written its record; ' +
          'those of version 0.1 are not signed either',
        next: `${compare}; where it is right, add ${take}`,
      }
  }
}

function replaced(name: string): string {
  return (
    `forget it (kubectl scalardl delete backup ${name} --keep-data) and import an exported record, ` +
    'or the one beside its data; or '
  )
}
