import { createPrivateKey, type KeyObject } from 'node:crypto'
import { join } from 'node:path'
import { Failure, messageOf } from '../../operation/failure.ts'
import { signingKey } from '../../operation/names.ts'
import type { BackupPart, OperationRecord } from '../../operation/record.ts'
import { mounts } from '../../operation/request.ts'
import { signatureOf } from '../../operation/signature/signature.ts'
import { signedText, type SignedRecord } from '../../operation/signature/signed-text.ts'
import { isSignable, isTrusted, refuseUntrusted, type Trust } from '../../operation/signature/trust.ts'
import type { Events } from '../process/events.ts'
import { readMounted } from '../process/mounted-file.ts'

/** What the Secret of the signing key tells this worker. */
export interface Signing {
  /** fingerprints of the keys whose records are trusted */
  trusted: readonly string[]
  /** of workers that make records */
  privateKey?: KeyObject
}

/**
 * What is mounted into this pod; undefined where the installation has no key: by version 0.1, or from manifests alone.
 * @throws Failure where the key cannot be read
 */
export async function mountedSigning(folder: string = mounts.signing): Promise<Signing | undefined> {
  const read = (name: string) => readMounted(join(folder, name))
  const [trusted, pem] = [await read(signingKey.trustedKeys), await read(signingKey.privateKey)]
  if (trusted === undefined) return undefined
  const signing = { trusted: trusted.split('\n').filter((line) => line !== '') }
  return pem === undefined ? signing : { ...signing, privateKey: readPrivateKey(pem) }
}

function readPrivateKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch (error) {
    throw new Failure(
      {
        what: `the signing key in Secret ${signingKey.secret} cannot be read`,
        why: messageOf(error),
        next: 'put the right one in its place: kubectl scalardl install --signing-key-from FILE',
      },
      { cause: error },
    )
  }
}

/** The backup of a record, signed where it can be restored and this worker has a key. An older signature goes. */
export function signed(record: SignedRecord, signing: Signing | undefined): BackupPart {
  const { signature: _older, ...backup } = record.backup
  if (backup.state !== 'restorable' || signing?.privateKey === undefined) return backup
  return { ...backup, signature: signatureOf({ ...record, backup }, signing.privateKey) }
}

/** A record as it is written, signed where later operations go by it: that of a pause or a restore. */
export function signedAsWritten(record: OperationRecord, signing: Signing | undefined): OperationRecord {
  if (record.backup !== undefined || !isSignable(record)) return record
  const { signature: _older, ...said } = record
  return signing?.privateKey === undefined ? said : { ...said, signature: signatureOf(said, signing.privateKey) }
}

/**
 * A record of an earlier operation with another backup in it. Its signature stays where it still fits, and is made anew
 * where the former was trusted: nothing that a stranger wrote is signed.
 */
export function withBackup(
  record: OperationRecord & SignedRecord,
  backup: BackupPart,
  signing: Signing | undefined,
  trust?: Trust,
): OperationRecord {
  const changed = { ...record, backup }
  if (signedText(changed) === signedText(record)) return changed
  const trusted = signing !== undefined && isTrusted(record, allTrust(signing, trust))
  return { ...changed, backup: signed(changed, trusted ? signing : undefined) }
}

/**
 * Whether somebody trusted vouches for a record. An installation without a key asks for nothing, and says
 * so.
 * @param trust whom the administrator trusts for this operation
 * @throws Failure (exit code 4) that says what has to be typed
 */
export function verifyRecord(
  { events, signing }: { events: Events; signing?: Signing | undefined },
  record: OperationRecord,
  trust: Trust | undefined,
): void {
  if (!isSignable(record)) return
  if (signing !== undefined) return refuseUntrusted(record, allTrust(signing, trust))
  events.say('note', `nobody vouches for ${record.operation}: ${noKey}`, { level: 'warning' })
}

/** What a worker without a key says, and its cure. */
export const noKey = 'this installation has no signing key; `kubectl scalardl install` makes one'

function allTrust(signing: Signing, trust: Trust | undefined): Trust {
  return { keys: [...signing.trusted, ...(trust?.keys ?? [])], records: trust?.records ?? [] }
}
