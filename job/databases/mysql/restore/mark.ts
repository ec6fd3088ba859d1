import type { Session } from '../session.ts'
import { quoted, type Table } from '../tables.ts'

/**
 * Which restore made the data that a table is part of. Kept at the end of one table's comment: that is renamed with the
 * table, needs no right beyond those of the restore, leaves nothing beside the data and can be read by people.
 */
export interface Mark {
  operation: string
  /** loaded and verified; to be put, or put, in the place of others; where none were before */
  state: 'loaded' | 'replaced' | 'alone'
}

const pattern = /\s*\[kubectl-scalardl (\S+) (loaded|replaced|alone)\]$/

/** The mark in a table's comment. */
export function parseMark(comment: string): Mark | undefined {
  const [, operation, state] = pattern.exec(comment) ?? []
  if (operation === undefined || (state !== 'loaded' && state !== 'replaced' && state !== 'alone')) return undefined
  return { operation, state }
}

/** Marks a table, or takes its mark away; what people wrote of it stays. */
export async function setMark(session: Session, table: Table, mark: Mark | undefined): Promise<void> {
  const comment = table.comment.replace(pattern, '')
  const text = [
    ...(comment === '' ? [] : [comment]),
    ...(mark === undefined ? [] : [`[kubectl-scalardl ${mark.operation} ${mark.state}]`]),
  ].join(' ')
  await session.query(`ALTER TABLE ${quoted(table)} COMMENT = ?`, [text])
}
