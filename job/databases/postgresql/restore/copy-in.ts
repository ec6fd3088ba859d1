import { Writable } from 'node:stream'
import type { Connection, Submittable } from 'pg'

/** Messages: rows, their end, and that there will be no end. PostgreSQL's protocol, Message Formats. */
const copyData = 'd'.charCodeAt(0)
const copyDone = 'c'.charCodeAt(0)
const copyFail = 'f'.charCodeAt(0)
/** of a message, with itself but without the type before it */
const lengthBytes = 4

/**
 * A query of pg that takes the rows of COPY … FROM STDIN. It has finished once the server has taken all of them. Where
 * it is destroyed before, the server undoes the command, and it closes once the server has said so.
 */
export class CopyIn extends Writable implements Submittable {
  readonly text: string
  readonly #release: (chunk: Buffer) => void
  #connection: Connection | undefined
  /** until the server asks for rows, or refuses the command */
  #begin: ((error?: Error) => void) | undefined
  #isOver = false
  #onOver: () => void = () => undefined

  /**
   * @param text COPY … FROM STDIN
   * @param release is given each chunk once it is written, and may use its memory again
   */
  constructor(text: string, release: (chunk: Buffer) => void = () => undefined) {
    super()
    this.text = text
    this.#release = release
  }

  /** As pg asks it of a query. */
  submit(connection: Connection): void {
    this.#connection = connection
    connection.query(this.text)
  }

  /** As pg asks it of a query that is to give rows. */
  handleCopyInResponse(): void {
    this.#begun()
  }

  handleCommandComplete(): void {
    // ReadyForQuery follows.
  }

  handleReadyForQuery(): void {
    this.#isOver = true
    this.#onOver()
  }

  /** The server refuses the command or its rows, has undone it, or is gone: pg tells of a lost connection as well. */
  handleError(failure: Error): void {
    this.#isOver = true
    if (this.#begin !== undefined) this.#begun(failure)
    else if (this.destroyed) this.#onOver()
    else this.destroy(failure)
  }

  /** Nothing is written, and nothing ends, before the server asks for rows. */
  override _construct(done: (error?: Error) => void): void {
    this.#begin = done
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#send(copyData, chunk, (failure) => {
      // pg tells of a lost connection, by handleError().
      if (failure) return
      this.#release(chunk)
      done()
    })
  }

  override _final(done: () => void): void {
    this.#onOver = done
    this.#send(copyDone, Buffer.alloc(0))
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (this.#isOver) return done(error)
    this.#onOver = () => done(error)
    this.#send(copyFail, Buffer.from(`${error?.message ?? 'given up'}\0`))
  }

  #begun(failure?: Error): void {
    const begin = this.#begin
    this.#begin = undefined
    begin?.(failure)
  }

  /** A message with its header, by one call of the system. */
  #send(type: number, content: Buffer, done: (failure?: Error | null) => void = () => undefined): void {
    const header = Buffer.alloc(1 + lengthBytes)
    header.writeUInt8(type)
    header.writeUInt32BE(lengthBytes + content.byteLength, 1)
    const stream = this.#connection?.stream
    stream?.cork()
    stream?.write(header)
    stream?.write(content, done)
    stream?.uncork()
  }
}
