import type { Readable } from 'node:stream'
import type { SslOptions } from 'mysql2'
import { createConnection, type Connection, type ConnectionOptions } from 'mysql2'
import type { Access } from './access.ts'

/** A value of a row as the server sends it, its bytes as they are. */
export type RawRow = readonly (Buffer | null)[]

/** A session of a server. */
export interface Session {
  /** a statement's rows by column name; names and texts are UTF-8 */
  query<Row>(sql: string, values?: readonly unknown[]): Promise<Row[]>
  /** the rows of one query, as bytes, as they come; destroying it before its end costs the session */
  rows(sql: string): Readable
  /** aborted when the session is lost */
  readonly lost: AbortSignal
  end(): Promise<void>
  /** at once, whatever runs */
  destroy(): void
}

/** How long one attempt to connect may take, ms. */
const patienceMs = 10_000

/**
 * Opens one session with one host.
 * @param charset in which statements are sent; binary takes a JavaScript string as bytes
 */
export async function openSession(
  access: Access,
  ssl: SslOptions | undefined,
  charset: 'utf8mb4' | 'binary',
): Promise<Session> {
  const [server] = access.hosts
  const options: ConnectionOptions = {
    host: server?.host ?? 'localhost',
    port: server?.port ?? 3306,
    user: access.username,
    ...(access.password === undefined ? {} : { password: access.password }),
    ...(ssl === undefined ? {} : { ssl }),
    charset,
    connectTimeout: patienceMs,
    // By the kernel, while a query runs long: a router forgets a silent connection after some minutes.
    enableKeepAlive: true,
    keepAliveInitialDelay: 30_000,
    dateStrings: true,
    supportBigNumbers: true,
    jsonStrings: true,
    // A server that asks for a file of this container gets none.
    flags: ['-LOCAL_FILES'],
  }
  const connection = createConnection(options)
  const lost = new AbortController()
  connection.on('error', (error) => lost.abort(error))
  connection.on('end', () => lost.abort(new Error('Connection lost: the server closed it')))
  await new Promise<void>((resolve, reject) => {
    connection.connect((error) => {
      if (error === null) return resolve()
      connection.destroy()
      reject(error)
    })
  })
  return sessionOf(connection, lost.signal)
}

function sessionOf(connection: Connection, lost: AbortSignal): Session {
  return {
    lost,
    query: <Row>(sql: string, values?: readonly unknown[]) =>
      new Promise<Row[]>((resolve, reject) => {
        connection.query({ sql, values: values === undefined ? undefined : [...values] }, (error, rows) => {
          if (error !== null) reject(error)
          else resolve(rows as Row[])
        })
      }),
    rows: (sql) =>
      connection.query({ sql, rowsAsArray: true, typeCast: false }).stream({ objectMode: true, highWaterMark: 256 }),
    end: () => new Promise((resolve) => connection.end(() => resolve())),
    destroy: () => connection.destroy(),
  }
}
