import { DatabaseError } from 'pg'
import { Failure, messageOf } from '../../../operation/failure.ts'

/** What to do about the SQLSTATEs that an administrator can meet here (PostgreSQL's appendix A). */
const cures: Record<string, string> = {
  '42501': 'grant that right to the user, or give a Secret of a user that has it by --database-secret',
  '53100': "make room on the database server's disk, then run the same command again",
  '53300': 'raise max_connections, or lower --parallel and the connection pools of others',
  '55P03': 'another session holds a lock, a schema change perhaps; run it again when that has ended',
  '57P01': 'the server ended the session; check that it serves, then run the command again',
  '57014': 'look for a limit on the time of statements or a cancelled query in the log of the server',
  '42704': 'connect to the server itself, not through a connection pooler, and check that nothing ends idle sessions',
}

/** Runs queries; an error of the server becomes a Failure, which quotes the server's message but no row. */
export async function explained<T>(what: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    if (error instanceof Failure || (error instanceof Error && error.name === 'AbortError')) throw error
    if (!(error instanceof DatabaseError) && !lostConnection(error)) throw error
    const code = error instanceof DatabaseError ? (error.code ?? '') : '57P01'
    throw new Failure(
      { what, why: messageOf(error), next: cures[code] ?? "look into the server's log for the time of the failure" },
      { cause: error },
    )
  }
}

function lostConnection(error: unknown): boolean {
  return (
    error instanceof Error &&
    /Connection terminated|not queryable|ECONNRESET|EPIPE|was closed|timeout expired/.test(error.message)
  )
}
