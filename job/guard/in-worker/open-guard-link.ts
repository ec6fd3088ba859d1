import { hostname } from 'node:os'
import type { Finding } from '../../../operation/finding.ts'
import { guardPort } from '../../../operation/names.ts'
import type { Events } from '../../process/events.ts'
import type { OperationJobs } from '../../kubernetes/cluster.ts'
import { absentGuard, blindGuard, withoutKey } from './absent-guard.ts'
import { noGuard, type GuardLink } from './guard-link.ts'
import type { OperationKey } from '../protocol/operation-key.ts'
import { listenForGuards, type GuardPeer, type GuardPeers } from './guard-peers.ts'
import { guardedPause, type Guarded } from './guarded-pause.ts'
import { waiters } from './waiters.ts'

export interface GuardLinkOptions {
  cluster: OperationJobs
  events: Events
  /** undefined where none was mounted: then no guard can be told from a stranger */
  key: OperationKey | undefined
  operation: string
  port?: number
  /** how long a guard may take to come, and then to connect to the servers, ms */
  patienceMs?: number
}

const usualPatienceMs = 60_000

/** Listens for the guard of an operation, from the worker's beginning to its end. */
export function guardLink(options: GuardLinkOptions): GuardLink {
  const { key } = options
  return key === undefined ? refusingLink(options.operation) : listeningLink({ ...options, key })
}

/** No pause begins; what an earlier worker left is ended all the same. */
function refusingLink(operation: string): GuardLink {
  const refuse = () => Promise.reject(withoutKey(operation))
  return { ...noGuard, arrival: refuse, hold: refuse }
}

function listeningLink({
  cluster,
  events,
  key,
  operation,
  port = guardPort,
  patienceMs = usualPatienceMs,
}: GuardLinkOptions & { key: OperationKey }): GuardLink {
  const changed = waiters()
  const over = new Set<number>()
  let isDone = false
  let current: { pause: number; guarded: Guarded } | undefined
  const peers = listenForGuards({
    cluster,
    key,
    port,
    connected(peer) {
      sayConnected(events, peer)
      for (const pause of over) peer.link.send({ say: 'release', pause })
      if (isDone) peer.link.send({ say: 'done' })
      // A pause that was released stays so, whichever guard comes next.
      if (current !== undefined && !over.has(current.pause)) current.guarded.handTo(peer)
      changed.tell()
    },
    received(peer, message) {
      current?.guarded.heard(peer, message)
      changed.tell()
    },
    closed: () => changed.tell(),
  })

  const absent = () =>
    absentGuard(cluster, {
      operation,
      waitedMs: patienceMs,
      trouble: peers.trouble(),
      refusedSome: peers.refusedSome(),
      port,
    })
  return {
    async arrival(signal) {
      const here = await changed.until(() => peers.all.size > 0, signal, patienceMs)
      if (!here) throw await absent()
      return nodeFindings(peers)
    },
    async hold(hold, lease, signal) {
      const guarded = guardedPause({ hold, lease, peers, events, changed })
      current = { pause: hold.pause, guarded }
      const release = () => {
        over.add(hold.pause)
        return guarded.release()
      }
      for (const peer of peers.all) guarded.handTo(peer)
      try {
        await guarded.held(signal, patienceMs, async () => {
          const [peer] = peers.all
          const blind = guarded.blindness()
          return blind === undefined || peer === undefined ? absent() : blindGuard(peer.hello.pod, blind)
        })
      } catch (error) {
        await release()
        throw error
      }
      return { ...guarded, release }
    },
    standDown(pause) {
      over.add(pause)
      peers.say({ say: 'release', pause })
    },
    done() {
      isDone = true
      peers.say({ say: 'done' })
    },
    close() {
      current?.guarded.leave()
      peers.close()
    },
  }
}

function sayConnected(events: Events, { hello: { pod, node } }: GuardPeer): void {
  events.say('guard', `guard ${pod} stands by on ${node}`, { data: { state: 'connected', pod, node } })
}

/** Warns where the death of one node would take worker and guard together. */
function nodeFindings({ all, nodeOf }: GuardPeers): Finding[] {
  const mine = nodeOf(hostname())
  return [...all]
    .filter(({ hello }) => hello.node === mine)
    .map(({ hello }) => ({
      check: 'guard',
      subject: `pod ${hello.pod}`,
      outcome: 'warning',
      message:
        `it shares node ${hello.node} with the worker: ` +
        'if that node dies in the pause, the servers stay paused until the Job has another worker elsewhere',
      cure:
        'let the operation run where there is a second node, see --node-selector, ' +
        '--guard-node-selector and --toleration',
    }))
}
