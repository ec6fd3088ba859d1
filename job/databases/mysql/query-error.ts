import { Failure, messageOf } from '../../../operation/failure.ts'

/** What to do about the errors that an administrator can meet here (MySQL's Error Message Reference). */
const cures: Record<string, string> = {
  ER_ACCESS_DENIED_ERROR: 'grant that right to the user, or give a Secret of a user that has it by --database-secret',
  ER_DBACCESS_DENIED_ERROR: 'grant that right to the user, or give a Secret of a user that has it by --database-secret',
  ER_TABLEACCESS_DENIED_ERROR:
    'grant that right to the user, or give a Secret of a user that has it by --database-secret',
  ER_SPECIFIC_ACCESS_DENIED_ERROR:
    'grant that right to the user, or give a Secret of a user that has it by --database-secret',
  ER_RECORD_FILE_FULL: "make room on the database server's disk, then run the same command again",
  ER_DISK_FULL: "make room on the database server's disk, then run the same command again",
  ER_CON_COUNT_ERROR: 'raise max_connections, or lower --parallel and the connection pools of others',
  ER_LOCK_WAIT_TIMEOUT: 'another session holds a lock; end it, or wait for it, and run the command again',
  ER_TABLE_DEF_CHANGED: 'run the backup again, without changes of the schema meanwhile',
  ER_NO_SUCH_TABLE: 'run the backup again, without changes of the schema meanwhile',
  ER_NET_PACKET_TOO_LARGE: 'raise max_allowed_packet of the server',
}

/** Runs queries; an error of the server becomes a Failure, which quotes the server's message but no row. */
export async function explained<T>(what: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    if (error instanceof Failure || !(error instanceof Error)) throw error
    const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
    const isServers = 'sqlState' in error && error.sqlState !== undefined
    if (!isServers && !isLost(code, error)) throw error
    throw new Failure(
      {
        what,
        why: withoutValues(messageOf(error)),
        next: isServers
          ? (cures[code] ?? "look into the server's log for the time of the failure")
          : 'check that the server serves and that nothing (a proxy, a time limit) ends sessions, then run it again',
      },
      { cause: error },
    )
  }
}

function isLost(code: string, error: Error): boolean {
  return (
    /^(PROTOCOL_CONNECTION_LOST|ECONNRESET|EPIPE|ETIMEDOUT)$/.test(code) ||
    /closed state|Connection lost/.test(error.message)
  )
}

/** Some messages quote a value of a row: Duplicate entry '…', Incorrect string value: '…'. */
function withoutValues(message: string): string {
  return message.replace(/(entry|value:?) '.*?' for/g, '$1 for')
}
