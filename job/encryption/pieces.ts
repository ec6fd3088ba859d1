/** A piece of a stream. */
export interface Piece {
  content: Buffer
  /** whether nothing follows */
  last: boolean
}

/** A stream cut into pieces of one length, bytes. The last may be shorter; it is empty only where the stream is. */
export async function* inPieces(content: AsyncIterable<Buffer>, bytes: number): AsyncGenerator<Piece> {
  let held: Buffer[] = []
  let room = bytes
  for await (const chunk of content) {
    let rest = chunk
    // Only what follows tells that a full piece is not the last.
    while (rest.length > room) {
      yield { content: Buffer.concat([...held, rest.subarray(0, room)]), last: false }
      rest = rest.subarray(room)
      held = []
      room = bytes
    }
    if (rest.length === 0) continue
    held.push(rest)
    room -= rest.length
  }
  yield { content: Buffer.concat(held), last: true }
}
