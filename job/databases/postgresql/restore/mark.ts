import { escapeIdentifier, escapeLiteral, type Client } from 'pg'
import { withMark, type Mark } from '../../dump/mark.ts'

/** Marks a database in its comment, after what people wrote. */
export async function setMark(client: Client, database: string, comment: string, mark: Mark): Promise<void> {
  await client.query(`COMMENT ON DATABASE ${escapeIdentifier(database)} IS ${escapeLiteral(withMark(comment, mark))}`)
}
