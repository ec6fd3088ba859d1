import { ExitCode } from '../../operation/exit-code.ts'
import { Failure } from '../../operation/failure.ts'
import { journalSchema, type JournalDocument } from '../../operation/journal.ts'
import { recordSchema, type OperationRecord } from '../../operation/record.ts'
import type { OperationRequest } from '../../operation/request.ts'
import { isFinal } from '../../operation/outcome/outcome.ts'
import { isSignatureOf, signatureOfText, signerOf, type Signature } from '../../operation/signature/signature.ts'
import { canonicalJson } from '../../operation/signature/signed-text.ts'
import type { Signing } from './signing.ts'

/**
 * What the workers of one operation leave to each other, in ConfigMaps that others may write as well: it says which
 * tables are deleted and which windows were valid. So each signs what it leaves, and verifies what it found. A worker
 * without the private key does neither, where the installation has none or the operation goes by no journal.
 */
interface LeftBehind {
  record: OperationRecord | undefined
  journal: JournalDocument | undefined
}

/** Why this worker does not go by them; undefined where it does. */
type Doubts = Record<keyof LeftBehind, Failure | undefined>

/** The journal of an operation, signed. @param createdAt of its request: another of the same name is another */
export function signedJournal(
  { signature: _older, ...journal }: JournalDocument,
  createdAt: string,
  signing: Signing | undefined,
): JournalDocument {
  if (signing?.privateKey === undefined) return journal
  return { ...journal, signature: signatureOfText(journalText(journal, createdAt), signing.privateKey) }
}

/** A record as it is handed over, signed as a whole until the operation has ended. */
export function signedWhileRunning(
  { handover: _older, ...record }: OperationRecord,
  signing: Signing | undefined,
): OperationRecord {
  if (isFinal(record) || signing?.privateKey === undefined) return record
  return { ...record, handover: signatureOfText(recordText(record), signing.privateKey) }
}

/**
 * Whether this worker may go on with what was left. Where nothing was left there is nothing to verify, and it begins
 * anew.
 * @param left the record only where a worker has written it
 */
export function doubtsOf(
  { record, journal }: LeftBehind,
  request: Pick<OperationRequest, 'operation' | 'createdAt' | 'kind'>,
  signing: Signing | undefined,
): Doubts {
  if (signing?.privateKey === undefined) return { record: undefined, journal: undefined }
  const isOurs = (text: string, signature: Signature | undefined) =>
    signature !== undefined && signing.trusted.includes(signerOf(signature)) && isSignatureOf(text, signature)
  const isFirst = record === undefined && journal === undefined
  const fits = {
    record: record === undefined || isOurs(recordText(record), record.handover),
    journal: isFirst || (journal !== undefined && isOurs(journalText(journal, request.createdAt), journal.signature)),
  }
  return {
    record: fits.record ? undefined : doubtOf(request, 'record'),
    journal: fits.journal ? undefined : doubtOf(request, 'journal'),
  }
}

function doubtOf({ operation, kind }: Pick<OperationRequest, 'operation' | 'kind'>, what: keyof LeftBehind): Failure {
  return new Failure(
    {
      what: `${operation} does not go on where its former worker was killed`,
      why: `its ${what} is not as a worker left it: somebody has changed it, removed it, or changed the signing key`,
      next:
        'its pauses are ended, and nothing else was touched since; look who may write ConfigMaps, and what it had ' +
        `done: kubectl scalardl describe operation ${operation}`,
    },
    { exitCode: kind === 'backup' ? ExitCode.backupUnusable : ExitCode.failed },
  )
}

/** What becomes of the backup in a record with such a doubt: it is restored by nobody. */
export function withoutBackup({ record, journal }: Doubts, current: OperationRecord): OperationRecord['backup'] {
  const { backup } = current
  const doubt = record ?? journal
  if (backup === undefined || doubt === undefined) return backup
  if (record === undefined && backup.state === 'restorable') return backup
  const { signature: _, ...said } = backup
  return { ...said, state: 'unusable', reason: doubt.text.why }
}

/** Of what a reader of the ConfigMap would find, which knows no member beyond the schema's. */
function journalText(journal: JournalDocument, createdAt: string): string {
  const { operation, steps } = journalSchema.parse(JSON.parse(JSON.stringify(journal)))
  return `kubectl-scalardl journal 1\n${canonicalJson({ operation, createdAt, steps })}`
}

/** Without what others write: the guard's report, and what the plugin has found to serve again. */
function recordText(record: OperationRecord): string {
  const { handover: _, guard: __, stillPaused: ___, ...said } = recordSchema.parse(JSON.parse(JSON.stringify(record)))
  return `kubectl-scalardl record 1\n${canonicalJson(said)}`
}
