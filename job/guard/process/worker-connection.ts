import { setTimeout as sleep } from 'node:timers/promises'
import type { Events } from '../../process/events.ts'
import type { OperationJobs, OperationPod } from '../../kubernetes/cluster.ts'
import { openLink, type Link } from '../protocol/link.ts'
import { pace } from '../protocol/pace.ts'
import { connectWithKey, type OperationKey } from '../protocol/operation-key.ts'
import { workerMessageSchema, type GuardMessage, type WorkerMessage } from '../protocol/messages.ts'

/** The guard's connection to the operation's worker, whichever pod that is at the time. */
export interface WorkerConnection {
  /** a worker has spoken over the connection that stands now */
  readonly connected: boolean
  /** lost where there is no connection */
  say(message: GuardMessage): void
  close(): void
}

export interface WorkerConnectionOptions {
  cluster: OperationJobs
  events: Events
  /** without one there is no connection, since nobody could be told from a stranger */
  key: OperationKey | undefined
  operation: string
  port: number
  /** where its pod has just been seen */
  seenAt: string | undefined
  /** said first on every connection */
  hello: GuardMessage
  received(message: WorkerMessage): void
  /** called when its process is gone: the connection broke, or nobody listens where its pod is */
  gone(why: string): void
}

/**
 * How a connection ended. `dead`: nobody listens, or what took the connection closed it before a word although a worker
 * had spoken there before, so no worker's process is there. `refused`: closed before the first word ever.
 */
type End = 'dead' | 'refused' | 'unreachable' | 'closed' | 'silent'

const dropMs = 500
const connectMs = 1500
/** Five beats, ms. A silent worker is connected to again: perhaps only the connection died. */
const silentMs = 2500
/** How long to wait for the API server, ms. Without an answer the guard tries where the worker was. */
const askMs = 2000

/** Where the operation's worker is, of its pods; undefined where none runs, or nobody has told its address yet. */
export function addressOfWorker(pods: readonly OperationPod[]): string | undefined {
  return pods.findLast(({ role, running, ip }) => role === 'worker' && running && ip !== '')?.ip
}

export function connectToWorker({
  cluster,
  events,
  key,
  operation,
  port,
  seenAt,
  hello,
  received,
  gone,
}: WorkerConnectionOptions): WorkerConnection {
  const stop = new AbortController()
  let link: Link<GuardMessage> | undefined
  let connected = false
  let everConnected = false
  let hasComplained = false
  const everyMs = pace()

  /** where the worker's pod is; undefined where there is none, or no answer */
  async function find(): Promise<string | undefined> {
    const asked = cluster.operationPods(operation).catch(() => [])
    return addressOfWorker(await Promise.race([asked, sleep(askMs, [], { ref: false })]))
  }

  function complain(why: string): void {
    if (hasComplained) return
    hasComplained = true
    events.say('note', `no connection to the worker: ${why}; the journal and the Lease tell what to do`, {
      level: 'warning',
    })
  }

  /** One connection, from its first word to its end. */
  function converse(host: string, key: OperationKey): Promise<End> {
    return new Promise((resolve) => {
      let end: End | undefined
      const socket = connectWithKey(host, port, key)
      const giveUp = (as: End) => {
        end ??= as
        socket.destroy()
      }
      let timer = setTimeout(giveUp, connectMs, 'unreachable')
      socket.once('connect', () => {
        clearTimeout(timer)
        timer = setTimeout(giveUp, silentMs, 'silent')
      })
      socket.once('secureConnect', () => link?.send(hello))
      socket.once('error', (error: NodeJS.ErrnoException) => {
        // Without a route nothing is known of the process. A reset after the first word is an ordinary close.
        if (error.code === 'ECONNREFUSED') end ??= 'dead'
        if (error.code?.startsWith('ERR_SSL') === true)
          complain(`what answers at ${host} does not have this operation's key`)
        if (error.code === 'EHOSTUNREACH' || error.code === 'ENETUNREACH') end ??= 'unreachable'
      })
      link = openLink(socket, workerMessageSchema, {
        received(message) {
          connected = everConnected = true
          timer.refresh()
          received(message)
        },
        closed() {
          clearTimeout(timer)
          resolve(end ?? (connected ? 'closed' : everConnected ? 'dead' : 'refused'))
          connected = false
          link = undefined
        },
      })
    })
  }

  async function keepConnected(key: OperationKey): Promise<void> {
    let host = seenAt
    let before: End | undefined
    while (!stop.signal.aborted) {
      host ??= await find()
      if (host !== undefined) {
        const sinceMs = performance.now()
        const end = await converse(host, key)
        if (stop.signal.aborted) return
        if (end === 'closed') {
          // A living process takes a new connection at once, at the same place. One that drops every connection is
          // tried more slowly.
          if (before === 'closed' && performance.now() - sinceMs < dropMs) await sleep(dropMs)
          before = end
          continue
        }
        if (end === 'dead' || (end === 'unreachable' && before === 'closed'))
          gone(
            end === 'dead'
              ? 'the worker is gone (nobody listens where it was)'
              : 'the worker is gone (its connection broke, and its pod cannot be reached)',
          )
        before = end
        host = (await find()) ?? (end === 'dead' ? undefined : host)
      }
      await sleep(everyMs(), undefined, { signal: stop.signal }).catch(() => undefined)
    }
  }

  if (key === undefined) complain('the key of this operation is not mounted')
  else void keepConnected(key)
  return {
    get connected() {
      return connected
    },
    say: (message) => link?.send(message),
    close() {
      stop.abort()
      link?.close()
    },
  }
}
