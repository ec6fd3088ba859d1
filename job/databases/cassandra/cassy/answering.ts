import { connect } from 'node:net'

/** Where a node may answer questions in CQL. */
export interface Place {
  host: string
  port: number
}

/** OPTIONS, to which every server answers before anybody logs in (Cassandra, doc/native_protocol_v4.spec, 4.1.3). */
const options = Buffer.from([0x04, 0, 0, 0, 0x05, 0, 0, 0, 0])

/** For an answer, ms. */
const usualMs = 5000

/** The first byte of an answer, the version with the bit of a response (the same, 2.1); nothing else says so. */
const response = 0x80

/**
 * The places at which Cassandra runs. A node that is stopped answers nothing; one that takes a connection and says
 * nothing counts as running.
 * @param answerMs how long it may say nothing
 * @throws the signal's reason
 */
export async function whoAnswers(places: readonly Place[], signal: AbortSignal, answerMs = usualMs): Promise<Place[]> {
  const answers = await Promise.all(places.map((place) => isAnswering(place, signal, answerMs)))
  signal.throwIfAborted()
  return places.filter((_, index) => answers[index] === true)
}

function isAnswering({ host, port }: Place, signal: AbortSignal, answerMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    let isConnected = false
    const socket = connect({ host, port, signal })
    const end = (answers: boolean) => {
      clearTimeout(late)
      socket.destroy()
      resolve(answers)
    }
    const late = setTimeout(() => end(isConnected), answerMs)
    socket.on('connect', () => {
      isConnected = true
      socket.write(options)
    })
    socket.on('data', (data: Buffer) => end((data[0] ?? 0) >= response))
    socket.on('error', () => end(false))
    socket.on('close', () => end(false))
  })
}
