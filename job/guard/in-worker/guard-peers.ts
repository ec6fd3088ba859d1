import { createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '../../../operation/failure.ts'
import type { OperationJobs } from '../../kubernetes/cluster.ts'
import { openLink, type Link } from '../protocol/link.ts'
import { guardMessageSchema, type GuardMessage, type WorkerMessage } from '../protocol/messages.ts'

export type Hello = Extract<GuardMessage, { say: 'hello' }>

/** One connection of a guard that the API server knows as one of this operation. */
export interface GuardPeer {
  hello: Hello
  link: Link<WorkerMessage>
}

/** The guards that are connected to this worker: usually one, two while one is replaced. */
export interface GuardPeers {
  readonly all: ReadonlySet<GuardPeer>
  /** when the last beat that a guard has heard was sent, ms of performance.now(); undefined before the first */
  heardMs(): number | undefined
  /** why no guard can connect at all */
  trouble(): string | undefined
  say(message: WorkerMessage): void
  close(): void
}

export interface GuardPeersOptions {
  cluster: OperationJobs
  operation: string
  port: number
  connected(peer: GuardPeer): void
  received(peer: GuardPeer, message: GuardMessage): void
  closed(peer: GuardPeer): void
}

const beatMs = 500
const verifyMs = 500

/** Listens for guards, sends them beats, and trusts those whose pod the API server shows. */
export function listenForGuards({
  cluster,
  operation,
  port,
  connected,
  received,
  closed,
}: GuardPeersOptions): GuardPeers {
  const peers = new Set<GuardPeer>()
  const links = new Set<Link<WorkerMessage>>()
  const known = new Set<string>()
  const sentMs = new Map<number, number>()
  let heardMs: number | undefined
  let number = 0
  let trouble: string | undefined

  const server = createServer({ noDelay: true }, welcome)
  server.on('error', (error) => {
    trouble = messageOf(error)
  })
  // Without a host Node listens on :: and 0.0.0.0, whichever the pod has.
  server.listen(port)

  const timer = setInterval(() => {
    number += 1
    sentMs.set(number, performance.now())
    sentMs.delete(number - 100)
    for (const link of links) link.send({ say: 'beat', number })
  }, beatMs)

  function welcome(socket: Socket): void {
    let peer: GuardPeer | undefined
    const believe = async (hello: Hello) => {
      if (!(await isOurs(hello, link)) || peer !== undefined) return
      peer = { hello, link }
      peers.add(peer)
      connected(peer)
    }
    const link = openLink<GuardMessage, WorkerMessage>(socket, guardMessageSchema, {
      received(message) {
        if (message.say === 'hello') void believe(message)
        else if (peer !== undefined) {
          if (message.say === 'echo') heardMs = later(heardMs, sentMs.get(message.number))
          received(peer, message)
        }
      },
      closed() {
        links.delete(link)
        if (peer !== undefined && peers.delete(peer)) closed(peer)
      },
    })
    links.add(link)
    // Sent at once: the first word shows the guard that a process is here.
    link.send({ say: 'beat', number })
  }

  /**
   * Whether the API server shows the pod of a guard of this operation. Asks until it does, or the link is closed.
   */
  async function isOurs({ uid }: Hello, link: Link<WorkerMessage>): Promise<boolean> {
    while (!link.closed) {
      if (known.has(uid)) return true
      const pods = await cluster.operationPods(operation).catch(() => [])
      for (const pod of pods) if (pod.role === 'guard') known.add(pod.uid)
      if (!known.has(uid)) await sleep(verifyMs)
    }
    return false
  }

  return {
    all: peers,
    heardMs: () => heardMs,
    trouble: () => trouble,
    say(message) {
      for (const { link } of peers) link.send(message)
    },
    close() {
      clearInterval(timer)
      server.close()
      for (const link of links) link.close()
    },
  }
}

function later(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.max(a, b)
}
