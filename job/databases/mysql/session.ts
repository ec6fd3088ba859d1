import { Readable } from 'node:stream'
import type { SslOptions } from 'mysql2'
import { createConnection, type Connection, type ConnectionOptions } from 'mysql2'
import type { Access } from './access.ts'

/** Makes bytes of a query's rows while they arrive. */
export interface RowEncoder {
  /** takes the next value of a row, its bytes as the server sends them; they are another's once this returns */
  value(bytes: Buffer | null): void
  /** ends a row. @returns what is ready to be handed on */
  endRow(): Buffer | undefined
  /** ends the last row. @returns the rest */
  end(): Buffer | undefined
}

/** A session of a server. */
export interface Session {
  /** a statement's rows by column name; names and texts are UTF-8 */
  query<Row>(sql: string, values?: readonly unknown[]): Promise<Row[]>
  /** what an encoder makes of the rows of one query, as they come; destroying it before its end costs the session */
  rows(sql: string, encoder: RowEncoder): Readable
  /** aborted when the session is lost */
  readonly lost: AbortSignal
  end(): Promise<void>
  /** at once, whatever runs */
  destroy(): void
}

/** How long one attempt to connect may take, ms. */
const patienceMs = 10_000

/** What is read of a query before anybody asks for it, bytes. */
const readAheadBytes = 2 << 20

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
  let isOurs = false
  const destroy = () => {
    isOurs = true
    connection.destroy()
  }
  // What this program ends itself is not lost.
  const lose = (error: Error) => isOurs || lost.abort(error)
  connection.on('error', lose)
  connection.on('end', () => lose(new Error('Connection lost: the server closed it')))
  await new Promise<void>((resolve, reject) => {
    connection.connect((error) => {
      if (error === null) return resolve()
      connection.destroy()
      reject(error)
    })
  })
  return sessionOf(connection, lost.signal, destroy)
}

function sessionOf(connection: Connection, lost: AbortSignal, destroy: () => void): Session {
  return {
    lost,
    query: <Row>(sql: string, values?: readonly unknown[]) =>
      new Promise<Row[]>((resolve, reject) => {
        connection.query({ sql, values: values === undefined ? undefined : [...values] }, (error, rows) => {
          if (error !== null) reject(error)
          else resolve(rows as Row[])
        })
      }),
    rows: (sql, encoder) => encodedRows({ connection, lost, destroy }, sql, encoder),
    end: () => new Promise((resolve) => connection.end(() => resolve())),
    destroy,
  }
}

/** Not by the driver's own stream: an object and a turn of the event loop for each row take longer than the rows. */
function encodedRows(
  { connection, lost, destroy }: { connection: Connection; lost: AbortSignal; destroy: () => void },
  sql: string,
  encoder: RowEncoder,
): Readable {
  let isOver = false
  // The driver tells the connection alone of its loss.
  const onLost = () => encoded.destroy(lost.reason instanceof Error ? lost.reason : new Error('Connection lost'))
  const encoded = new Readable({
    highWaterMark: readAheadBytes,
    read: () => connection.resume(),
    destroy: (error, done) => {
      lost.removeEventListener('abort', onLost)
      if (!isOver) destroy()
      done(error)
    },
  })
  lost.addEventListener('abort', onLost, { once: true })
  if (lost.aborted) onLost()
  connection
    .query({ sql, rowsAsArray: true, typeCast: (field) => encoder.value(field.buffer()) })
    .on('result', () => {
      const ready = encoder.endRow()
      if (ready !== undefined && !encoded.push(ready)) connection.pause()
    })
    .on('end', () => {
      isOver = true
      if (encoded.destroyed) return
      const rest = encoder.end()
      if (rest !== undefined) encoded.push(rest)
      encoded.push(null)
    })
    .on('error', (error) => {
      isOver = true
      encoded.destroy(error)
    })
  return encoded
}
