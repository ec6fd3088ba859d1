import type { Connection, Submittable } from 'pg'
import type { RowSocket } from '../row-socket.ts'

/** Bytes of rows that are handed on at once. */
const blockBytes = 256 << 10

/** Types of messages, and the length of what comes before each: PostgreSQL's protocol, Message Formats. */
const headerBytes = 5
const copyData = 'd'.charCodeAt(0)
const copyDone = 'c'.charCodeAt(0)
/** CopyOutResponse, and what a server may say at any time: ParameterStatus, NoticeResponse, NotificationResponse */
const saidBeside = new Set(['H', 'S', 'N', 'A'].map((type) => type.charCodeAt(0)))

interface Block {
  bytes: Buffer
  filled: number
}

function newBlock(): Block {
  return { bytes: Buffer.allocUnsafeSlow(blockBytes), filled: 0 }
}

/**
 * A query of pg that gives out the rows of COPY … TO STDOUT. Each row is a message of its own, so the rows are copied
 * out of what the network gives into two blocks, of which one is filled while the other is used. They are used again:
 * memory that is new for each of them costs more than the rows themselves.
 */
export class CopyOut implements Submittable, AsyncIterable<Buffer> {
  readonly text: string
  /** once all rows are read */
  rowCount: number | undefined
  readonly #header = Buffer.alloc(headerBytes)
  #headerBytes = 0
  #type = 0
  /** of the present message, bytes that have not come yet */
  #left = 0
  readonly #empty = [newBlock(), newBlock()]
  #filling: Block | undefined
  readonly #full: Block[] = []
  /** what came while no block had room */
  #rest: Buffer | undefined
  #end: { failure?: Error } | undefined
  #connection: Connection | undefined
  #ofPg: (chunk: Buffer) => void = () => undefined
  readonly #read = (chunk: Buffer): void => this.#take(chunk)
  #wake: () => void = () => undefined

  /** @param text COPY … TO STDOUT */
  constructor(text: string) {
    this.text = text
  }

  /**
   * The rows in blocks, to be read once. A block is good until the next one is asked for.
   * @throws what the server, or the network, failed with
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    while (true) {
      const block = this.#full.shift()
      if (block !== undefined) {
        yield block.bytes.subarray(0, block.filled)
        this.#empty.push({ ...block, filled: 0 })
        this.#goOn()
      } else if (this.#end === undefined) {
        await new Promise<void>((resolve) => (this.#wake = resolve))
      } else {
        if (this.#end.failure !== undefined) throw this.#end.failure
        return
      }
    }
  }

  /** As pg asks it of a query: what comes from now on is read here, until the rows have ended. */
  submit(connection: Connection): void {
    this.#connection = connection
    const stream: RowSocket = connection.stream
    const [ofPg] = stream.listeners('data')
    this.#ofPg = ofPg as (chunk: Buffer) => void
    stream.removeListener('data', this.#ofPg)
    stream.on('data', this.#read)
    stream.reader = this.#read
    connection.query(this.text)
  }

  handleCommandComplete({ text }: { text: string }): void {
    this.rowCount = Number(/^COPY (\d+)/.exec(text)?.[1])
  }

  handleReadyForQuery(): void {
    this.#handOn()
    this.#finish({})
  }

  handleError(failure: Error): void {
    this.#finish({ failure })
  }

  #finish(end: { failure?: Error }): void {
    this.#end ??= end
    this.#wake()
  }

  #take(chunk: Buffer): void {
    let at = 0
    while (at < chunk.length) {
      if (this.#left > 0) {
        const bytes = this.#keep(chunk, at)
        if (bytes === 0) return this.#pause(chunk.subarray(at))
        at += bytes
        this.#left -= bytes
        continue
      }
      // Most headers come whole, and a row has one: nothing is copied for them.
      if (this.#headerBytes === 0 && chunk[at] === copyData && at + headerBytes <= chunk.length) {
        this.#type = copyData
        this.#left = chunk.readUInt32BE(at + 1) - 4
        at += headerBytes
        continue
      }
      if (this.#headerBytes === 0) this.#type = chunk.readUInt8(at)
      if (this.#type !== copyData && this.#type !== copyDone && !saidBeside.has(this.#type))
        return this.#giveBack(chunk.subarray(at))
      const bytes = chunk.copy(this.#header, this.#headerBytes, at)
      at += bytes
      this.#headerBytes += bytes
      if (this.#headerBytes < headerBytes) return
      this.#headerBytes = 0
      this.#left = this.#header.readUInt32BE(1) - 4
      if (this.#type === copyDone) return this.#giveBack(chunk.subarray(at))
    }
  }

  /** @returns how many bytes of the present message were taken from a chunk; 0 where no block has room */
  #keep(chunk: Buffer, at: number): number {
    const end = Math.min(at + this.#left, chunk.length)
    if (this.#type !== copyData) return end - at
    if (this.#filling?.filled === blockBytes) this.#handOn()
    this.#filling ??= this.#empty.pop()
    const block = this.#filling
    if (block === undefined) return 0
    const bytes = chunk.copy(block.bytes, block.filled, at, end)
    block.filled += bytes
    return bytes
  }

  #handOn(): void {
    if (this.#filling === undefined) return
    this.#full.push(this.#filling)
    this.#filling = undefined
    this.#wake()
  }

  #pause(rest: Buffer): void {
    this.#rest = rest
    this.#connection?.stream.pause()
  }

  #goOn(): void {
    const rest = this.#rest
    if (rest === undefined) return
    this.#rest = undefined
    this.#take(rest)
    if (this.#rest === undefined) this.#connection?.stream.resume()
  }

  /** The rows have ended, or an error came in their place: what follows is for pg. */
  #giveBack(rest: Buffer): void {
    const stream: RowSocket | undefined = this.#connection?.stream
    stream?.removeListener('data', this.#read)
    stream?.on('data', this.#ofPg)
    if (stream !== undefined) stream.reader = undefined
    this.#ofPg(Buffer.from(rest))
  }
}
