import { createHash } from 'node:crypto'
import type { BackupPart, OperationRecord } from '../record.ts'

/** What of a record is signed. */
export type SignedRecord = Pick<OperationRecord, 'operation' | 'createdAt' | 'releases' | 'windows'> & {
  backup: BackupPart
}

/**
 * What a signature is made of: all that decides which data a backup is, and whether it proves anything. The manifests
 * of its dumps are in it by their hashes. The place of the data is in it with its endpoint and its Secret's name, since
 * credentials are used there; an import from another place signs anew. Where copies lie is not, because nobody goes
 * there without being told. Nor is what became of a point later, because an older record would still fit: a restore
 * looks at the data.
 */
export function signedText({ operation, createdAt, releases, windows, backup }: SignedRecord): string {
  const { copies: _places, signature: _signature, databases, ...said } = backup
  const entries = databases.map(({ standing: _standing, ...entry }) => entry)
  const signed = { operation, createdAt, releases, windows, backup: { ...said, databases: entries } }
  return `kubectl-scalardl backup 1\n${canonicalJson(signed)}`
}

/** The hash of the same text, hexadecimal: what is typed for a record that nobody signed. */
export function recordHash(record: SignedRecord): string {
  return createHash('sha256').update(signedText(record)).digest('hex')
}

/** One text for one value: members in the order of their names, nothing between them. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([one], [other]) => (one < other ? -1 : 1)))
      : member,
  )
}
