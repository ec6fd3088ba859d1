// Room: the guard's own process: it ends a pause where the worker cannot.
// Read guard, held-pauses, signs-of-life, worker-connection.

import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '../../../operation/failure.ts'
import type { RequestOf } from '../../../operation/request.ts'
import type { Events } from '../../process/events.ts'
import { interruptedExitCode } from '../../process/interrupted.ts'
import { Unanswered } from '../../kubernetes/ask.ts'
import type { Cluster, OperationPod } from '../../kubernetes/cluster.ts'
import { adminTls } from '../../servers/servers.ts'
import { closeIfOver } from './close-record.ts'
import { heldPauses, type HeldPauses } from './held-pauses.ts'
import { hasEnded, journalledHolds } from './journalled-holds.ts'
import { watchLeases } from './lease-watch.ts'
import type { WorkerMessage } from '../protocol/messages.ts'
import type { OperationKey } from '../protocol/operation-key.ts'
import { reporting } from './report.ts'
import { signsOfLife } from './signs-of-life.ts'
import { addressOfWorker, connectToWorker, type WorkerConnection } from './worker-connection.ts'

export type GuardedRequest = RequestOf<'backup' | 'pause'>

export interface GuardContext {
  cluster: Cluster
  events: Events
  /** what tells its worker from others; without it there is only the journal and the Lease to go by */
  key: OperationKey | undefined
  /** SIGTERM: end, but not while something is held */
  signal: AbortSignal
  /** name of the pod that this runs in */
  pod: string
  /** where the worker listens */
  port: number
}

const tickMs = 250
const lookMs = 1000
/** How long a guard that is told to end goes on while it holds something, within the 60 s of its pod. ms */
const lastMs = 50_000
/** How long servers that were just unpaused are looked after in the end, ms. */
const settleMs = 5000
/** How long the last report may take, ms. */
const reportMs = 60_000

/**
 * Stands by while an operation pauses: holds each of its pauses beside the worker and ends it where the worker cannot.
 * @returns the process's exit code: 0 once the operation has ended, that of an interrupted process where it has not
 * @throws Failure where the API server refuses to show it its own pod
 */
export async function guard(
  request: GuardedRequest,
  { cluster, events, key, signal, pod, port }: GuardContext,
): Promise<number> {
  const { operation } = request
  const seen = await podsWith(pod, cluster, operation, signal)
  if (seen === undefined) return interruptedExitCode
  const { me } = seen
  const stop = new AbortController()
  const report = reporting(cluster, operation, { pod: me.name, node: me.node }, stop.signal)
  const signs = signsOfLife()
  const pauses = heldPauses({
    cluster,
    tls: adminTls(request.target),
    drainMs: request.pause.drainMs,
    events,
    report,
    hasEnded: (pause) => hasEnded(cluster, operation, pause),
    say: (message) => worker.say(message),
  })
  let done = false
  const worker: WorkerConnection = connectToWorker({
    cluster,
    events,
    key,
    operation,
    port,
    seenAt: addressOfWorker(seen.pods),
    hello: { say: 'hello', uid: me.uid, pod: me.name, node: me.node, run: randomUUID() },
    received(message) {
      signs.heard()
      if (message.say === 'hold' && pauses.empty) signs.reset()
      obey(message, pauses, worker)
      if (message.say === 'done') done = true
    },
    gone: (why) => pauses.fire(why),
  })
  const leases = watchLeases(
    cluster,
    operation,
    () => pauses.releases(),
    (versions) => signs.sawLeases(versions),
  )
  let over = false
  const looking = lookAfterTheDead(
    request,
    { cluster, events, worker, pauses, signs },
    stop.signal,
    () => (over = true),
  )

  const isOver = untilOver(
    signal,
    () => pauses.empty,
    () => done || over,
  )
  while (!isOver()) {
    await sleep(tickMs)
    if (pauses.empty) continue
    const why = signs.verdict()
    if (why !== undefined) pauses.fire(why)
    pauses.fireOverdue()
  }

  leases.stop()
  worker.close()
  await Promise.race([pauses.settled(), sleep(settleMs)])
  await report.written(signal.aborted ? tickMs : reportMs)
  stop.abort()
  await looking
  return done || over ? 0 : interruptedExitCode
}

function obey(message: WorkerMessage, pauses: HeldPauses, worker: WorkerConnection): void {
  switch (message.say) {
    case 'beat':
      return worker.say({ say: 'echo', number: message.number })
    case 'hold':
      return pauses.take(message.hold)
    case 'begin':
      return pauses.begin(message.pause, message.restMs)
    case 'help':
      return pauses.help(message.pause)
    case 'release':
      return pauses.release(message.pause)
    case 'done':
      return pauses.releaseAll()
  }
}

/**
 * Waits for the end: the operation has ended or SIGTERM came, and nothing is held any more. After SIGTERM it waits no
 * longer than a pod may.
 */
function untilOver(signal: AbortSignal, nothingHeld: () => boolean, ended: () => boolean): () => boolean {
  let stoppedMs: number | undefined
  return () => {
    if (signal.aborted) stoppedMs ??= performance.now()
    if (stoppedMs !== undefined && performance.now() - stoppedMs > lastMs) return true
    return nothingHeld() && (ended() || signal.aborted)
  }
}

interface Watched {
  cluster: Cluster
  events: Events
  worker: WorkerConnection
  pauses: HeldPauses
  signs: ReturnType<typeof signsOfLife>
}

/**
 * While no worker is connected: takes over what the journal says is paused, and looks whether another worker will come.
 * Once none will, ends what is held and closes the record.
 */
async function lookAfterTheDead(
  request: GuardedRequest,
  { cluster, events, worker, pauses, signs }: Watched,
  signal: AbortSignal,
  over: () => void,
): Promise<void> {
  let trouble = ''
  const warn = (error: unknown) => {
    if (messageOf(error) !== trouble) events.say('note', messageOf(error), { level: 'warning' })
    trouble = messageOf(error)
  }
  while (!signal.aborted) {
    await sleep(lookMs, undefined, { signal }).catch(() => undefined)
    if (worker.connected || signal.aborted) continue
    try {
      if (pauses.empty) {
        const holds = await journalledHolds(cluster, request).catch((error: unknown) => {
          if (error instanceof Unanswered) throw error
          // An unreadable journal must not keep the guard from ending the pause.
          warn(error)
          return []
        })
        // A worker that has connected meanwhile ends its pauses itself.
        if (worker.connected) continue
        if (holds.length > 0) signs.reset()
        for (const hold of holds) {
          pauses.take(hold)
          pauses.begin(hold.pause, request.pause.maxPauseMs)
        }
      }
      const pods = await cluster.operationPods(request.operation)
      // Pods on a node out of reach are still shown as running, so a pod that is not has ended.
      if (!pods.some(({ role, running }) => role === 'worker' && running))
        pauses.fire('the worker is gone (no pod of it runs)')
      if ((await cluster.workerJob(request.operation)).phase === 'active') continue
      pauses.fire('the worker is gone, and its Job starts no other')
      if (pauses.empty && (await closeIfOver(cluster, request.operation))) return over()
    } catch (error) {
      warn(error)
    }
  }
}

/**
 * The operation's pods, with this guard's own; undefined where SIGTERM came before the API server answered.
 * @throws Failure where the API server refuses
 */
async function podsWith(
  pod: string,
  cluster: Cluster,
  operation: string,
  signal: AbortSignal,
): Promise<{ me: OperationPod; pods: OperationPod[] } | undefined> {
  while (!signal.aborted) {
    const pods = await cluster.operationPods(operation).catch((error: unknown) => {
      if (error instanceof Unanswered) return []
      throw error
    })
    const me = pods.find(({ name }) => name === pod)
    if (me !== undefined) return { me, pods }
    await sleep(lookMs, undefined, { signal }).catch(() => undefined)
  }
  return undefined
}
