import { createHash } from 'node:crypto'
import type { BackupPart, OperationRecord } from '../record.ts'

/** What of a record is signed, and by whom. */
export type SignableRecord = Pick<
  OperationRecord,
  'operation' | 'createdAt' | 'releases' | 'windows' | 'backup' | 'restore' | 'signature'
>

/** That of a backup. */
export type SignedRecord = SignableRecord & { backup: BackupPart }

/**
 * What a signature is made of: all that later operations go by.
 *
 * Of a backup, what decides which data it is, and whether it proves anything. The manifests of its dumps are in it by
 * their hashes. The place of the data is in it with its endpoint and its Secret's name, since credentials are used
 * there; an import from another place signs anew. Where copies lie is not, because nobody goes there without being
 * told. Nor is what became of a point later, because an older record would still fit: a restore looks at the data.
 *
 * Of a restore, what it kept and made, which an undo and a removal go by. Of a pause, its windows, which prove a
 * moment.
 */
export function signedText({ operation, createdAt, releases, windows, backup, restore }: SignableRecord): string {
  const common = { operation, createdAt, releases }
  if (backup === undefined) {
    return restore === undefined ? text('pause', { ...common, windows }) : text('restore', { ...common, restore })
  }
  const { copies: _places, signature: _signature, databases, ...said } = backup
  const entries = databases.map(({ standing: _standing, ...entry }) => entry)
  return text('backup', { ...common, windows, backup: { ...said, databases: entries } })
}

/** The kind is in it, so that the signature of one says nothing of another. */
function text(kind: 'backup' | 'pause' | 'restore', signed: unknown): string {
  return `kubectl-scalardl ${kind} 1\n${canonicalJson(signed)}`
}

/** The hash of the same text, hexadecimal: what is typed for a record that nobody signed. */
export function recordHash(record: SignableRecord): string {
  return createHash('sha256').update(signedText(record)).digest('hex')
}

/** One text for one value: members in the order of their names, nothing between them. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([one], [other]) => (one < other ? -1 : 1)))
      : member,
  )
}
