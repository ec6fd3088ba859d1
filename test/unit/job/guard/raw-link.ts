import type { TLSSocket } from 'node:tls'
import type { Test } from 'tap'
import { connectWithKey, serverWithKey } from '../../../../job/guard/protocol/operation-key.ts'
import { openLink, type Link } from '../../../../job/guard/protocol/link.ts'
import {
  guardMessageSchema,
  workerMessageSchema,
  type GuardMessage,
  type WorkerMessage,
} from '../../../../job/guard/protocol/messages.ts'
import { key } from './two-pods.ts'

/** One end of a link that a test speaks by hand. */
export interface RawEnd<Received, Sent> extends Pick<Link<Sent>, 'send' | 'close'> {
  /** everything received, in order */
  heard: Received[]
  closed(): boolean
}

export type RawGuard = RawEnd<WorkerMessage, GuardMessage>
export type RawWorker = RawEnd<GuardMessage, WorkerMessage>

/** A guard that says hello and echoes beats, and otherwise only what the test says. */
export function rawGuard(t: Test, port: number, hello: { uid?: string; echo?: boolean } = {}): RawGuard {
  const { uid = 'g1', echo = true } = hello
  const socket = connectWithKey('127.0.0.1', port, key)
  socket.on('error', () => undefined)
  const heard: WorkerMessage[] = []
  const link = openLink<WorkerMessage, GuardMessage>(socket, workerMessageSchema, {
    received(message) {
      heard.push(message)
      if (message.say === 'beat' && echo) link.send({ say: 'echo', number: message.number })
    },
    closed: () => undefined,
  })
  link.send({ say: 'hello', uid, pod: 'guard-1', node: 'node-b', run: `run of ${uid}` })
  t.teardown(() => socket.destroy())
  return { heard, send: link.send, close: link.close, closed: () => link.closed }
}

/** A worker that beats, and otherwise says only what the test says. */
export async function rawWorker(t: Test, port: number): Promise<RawWorker> {
  const heard: GuardMessage[] = []
  let link: Link<WorkerMessage> | undefined
  const accept = (socket: TLSSocket) => {
    link = openLink<GuardMessage, WorkerMessage>(socket, guardMessageSchema, {
      received: (message) => heard.push(message),
      closed: () => undefined,
    })
    link.send({ say: 'beat', number: 0 })
  }
  const server = serverWithKey(key, 5000, accept, () => undefined)
  const timer = setInterval(() => link?.send({ say: 'beat', number: 1 }), 200)
  await new Promise<void>((resolve) => void server.listen(port, resolve))
  const close = () => {
    clearInterval(timer)
    link?.close()
    server.close()
  }
  t.teardown(close)
  return { heard, send: (message) => link?.send(message), close, closed: () => link?.closed ?? true }
}
