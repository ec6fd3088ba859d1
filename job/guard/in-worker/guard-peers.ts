import { messageOf } from '../../../operation/failure.ts'
import type { OperationJobs } from '../../kubernetes/cluster.ts'
import { openLink, type Link } from '../protocol/link.ts'
import { guardMessageSchema, type GuardMessage, type WorkerMessage } from '../protocol/messages.ts'
import type { OperationKey } from '../protocol/operation-key.ts'
import { admitGuards } from './admission.ts'
import { guardPods } from './guard-pods.ts'

export type Hello = Extract<GuardMessage, { say: 'hello' }>

/** One connection of a guard that has the operation's key and that the API server knows as one of it. */
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
  /** where a pod of the operation is, by its name; undefined where that is not known */
  nodeOf(pod: string): string | undefined
  /** what connected from a guard's address did not have the operation's key */
  refusedSome(): boolean
  say(message: WorkerMessage): void
  close(): void
}

export interface GuardPeersOptions {
  cluster: OperationJobs
  key: OperationKey
  port: number
  connected(peer: GuardPeer): void
  received(peer: GuardPeer, message: GuardMessage): void
  closed(peer: GuardPeer): void
}

const beatMs = 500

/** Listens for guards, sends them beats, and trusts those that have the key and whose pod the API server shows. */
export function listenForGuards({ cluster, key, port, connected, received, closed }: GuardPeersOptions): GuardPeers {
  const peers = new Set<GuardPeer>()
  const links = new Set<Link<WorkerMessage>>()
  const pods = guardPods(cluster, key.operation)
  const sentMs = new Map<number, number>()
  let heardMs: number | undefined
  let number = 0
  let trouble: string | undefined
  let refusedSome = false

  const timer = setInterval(() => {
    number += 1
    sentMs.set(number, performance.now())
    sentMs.delete(number - 100)
    for (const link of links) link.send({ say: 'beat', number })
  }, beatMs)

  const admission = admitGuards({
    port,
    key,
    pods,
    refused: () => (refusedSome = true),
    failed: (error) => (trouble = messageOf(error)),
    admitted(socket) {
      let peer: GuardPeer | undefined
      const believe = async (hello: Hello) => {
        while (!link.closed && !pods.has(hello.uid)) await pods.look()
        if (link.closed || peer !== undefined) return
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
    },
  })

  return {
    all: peers,
    heardMs: () => heardMs,
    trouble: () => trouble,
    refusedSome: () => refusedSome,
    nodeOf: pods.nodeOf,
    say(message) {
      for (const { link } of peers) link.send(message)
    },
    close() {
      clearInterval(timer)
      admission.close()
      for (const link of links) link.close()
    },
  }
}

function later(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.max(a, b)
}
