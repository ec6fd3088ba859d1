import { escapeIdentifier, escapeLiteral, type Client } from 'pg'

/**
 * Which restore made a database, and what it did with it last. Kept at the end of the database's comment: that survives
 * renaming, changes within a transaction, needs no right but ownership, and can be read by people.
 */
export interface Mark {
  operation: string
  /** loaded and verified; in service in place of another; in service where none was before */
  state: 'loaded' | 'replaced' | 'alone'
}

const pattern = /\s*\[kubectl-scalardl (\S+) (loaded|replaced|alone)\]$/

/** The mark in a database's comment. */
export function parseMark(comment: string | null): Mark | undefined {
  const [, operation, state] = pattern.exec(comment ?? '') ?? []
  if (operation === undefined || (state !== 'loaded' && state !== 'replaced' && state !== 'alone')) return undefined
  return { operation, state }
}

/** The comment that people gave a database, without a mark; null where there is none. */
export function withoutMark(comment: string | null): string | null {
  return comment?.replace(pattern, '') || null
}

/** Marks a database, its own comment kept before the mark. */
export async function setMark(client: Client, database: string, comment: string | null, mark: Mark): Promise<void> {
  const text = [...(comment === null ? [] : [comment]), `[kubectl-scalardl ${mark.operation} ${mark.state}]`].join(' ')
  await client.query(`COMMENT ON DATABASE ${escapeIdentifier(database)} IS ${escapeLiteral(text)}`)
}
