import { withMark, type Mark } from '../../dump/mark.ts'
import type { Session } from '../session.ts'
import { quoted, type Table } from '../tables.ts'

/** Marks a table in its comment, or takes its mark away; what people wrote of it stays. */
export async function setMark(session: Session, table: Table, mark: Mark | undefined): Promise<void> {
  await session.query(`ALTER TABLE ${quoted(table)} COMMENT = ?`, [withMark(table.comment, mark)])
}
