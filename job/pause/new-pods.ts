import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '../../operation/failure.ts'
import type { ReleaseChange, ReleasePod, ReleaseState } from '../kubernetes/cluster.ts'
import type { OperationContext } from '../context/operation-context.ts'
import { adminTls, closeAll, serversOf, type Server } from '../servers/servers.ts'
import { formatAddress } from '../servers/client.ts'
import type { Joined } from './proof/judge-changes.ts'
import { pauseOne, type OurPauses } from '../servers/pause-all.ts'
import { journalJoined, type PauseIntent } from '../journal/pause-steps.ts'

/** The pods that join in a pause. Each is paused as soon as it listens, which is before it is ready and serves. */
export interface JoinedPods {
  /** told of every change of the releases */
  notice(change: ReleaseChange): void
  /**
   * The pause begins.
   * @param ours also gets the servers that join
   * @param hold tells the guard of a server before it is paused
   */
  begin(pause: number, ours: OurPauses, hold: (joined: PauseIntent) => Promise<void>): void
  /** The pause is about to end: nothing more is paused. @returns the servers that were */
  end(): Server[]
  /** What joined, by uid, judged by a look at the releases after the end. */
  outcome(after: ReleaseState | undefined): Promise<Map<string, Joined>>
  close(): void
}

interface Joining {
  pod: ReleasePod
  begun: boolean
  /** the watch has shown it ready before it was known to be paused */
  wasReady: boolean
  paused: boolean
  /** paused before it can have served anybody */
  held: boolean
  server?: Server
}

const retryMs = 50
const connectMs = 5000

/** @param known uids of the pods that are paused anyway */
export function joinedPods(context: OperationContext<'backup' | 'pause'>, known: ReadonlySet<string>): JoinedPods {
  const { cluster, events, request } = context
  const joining = new Map<string, Joining>()
  const ended = new AbortController()
  const tasks: Promise<void>[] = []
  let pauseIt: ((one: Joining) => Promise<void>) | undefined

  function start(one: Joining): void {
    if (pauseIt === undefined || one.begun || one.pod.ip === '' || one.pod.deleting === true || ended.signal.aborted)
      return
    one.begun = true
    const run = pauseIt(one).catch((error: unknown) => {
      if (!ended.signal.aborted)
        events.say('note', `pod ${one.pod.name} joined in the pause and could not be paused: ${messageOf(error)}`, {
          level: 'warning',
        })
    })
    tasks.push(run)
  }

  async function pauseJoined(
    one: Joining,
    pause: number,
    ours: OurPauses,
    hold: (joined: PauseIntent) => Promise<void>,
  ): Promise<void> {
    const { pod } = one
    const at = { host: pod.ip, port: request.target.adminPort ?? pod.adminPort }
    const intent: PauseIntent = {
      servers: [{ address: formatAddress(at), uid: pod.uid }],
      restarts: { [pod.uid]: pod.restarts },
    }
    await Promise.all([listening(at, ended.signal), journalJoined(context, pause, intent)])
    await hold(intent)
    const [server] = serversOf([{ ...at, pod }], adminTls(request.target))
    if (server === undefined) return
    one.server = server
    await server.client.connect(connectMs)
    ended.signal.throwIfAborted()
    const outcome = await pauseOne(server, request.pause.drainMs, ours)
    if (outcome.kind !== 'paused') throw new Error(outcome.why)
    one.paused = true
    // Read anew after the answer: where it is not ready now, no Service can have led anybody to it before.
    const now = (await cluster.scalarPods()).find(({ uid }) => uid === pod.uid)
    one.held = now?.ready === false && now.restarts + now.otherRestarts === 0 && !one.wasReady
    events.say(
      'note',
      `pod ${pod.name} joined in the pause and was paused${one.held ? ' before it served' : ', maybe too late'}`,
      one.held ? {} : { level: 'warning' },
    )
  }

  function noteOf(one: Joining, uid: string, after: ReleaseState | undefined): string | undefined {
    if (one.held) return `pod ${one.pod.name} joined in the pause and was paused before it served`
    const now = after?.pods.find((pod) => pod.uid === uid)
    if (now === undefined || now.ready || now.restarts + now.otherRestarts > 0 || one.wasReady) return undefined
    return `pod ${one.pod.name} joined in the pause and had not begun to serve when it ended`
  }

  return {
    notice(change) {
      if (change.of !== 'pod' || change.now === undefined || known.has(change.now.uid)) return
      const pod = change.now
      const one = joining.get(pod.uid) ?? { pod, begun: false, wasReady: false, paused: false, held: false }
      joining.set(pod.uid, one)
      one.pod = pod
      if (pod.ready && !one.held) one.wasReady = true
      start(one)
    },
    begin(pause, ours, hold) {
      pauseIt = (one) => pauseJoined(one, pause, ours, hold)
      for (const one of joining.values()) start(one)
    },
    end() {
      ended.abort(new Error('the pause has ended'))
      return [...joining.values()].flatMap(({ paused, server }) => (paused && server !== undefined ? [server] : []))
    },
    async outcome(after) {
      ended.abort(new Error('the pause has ended'))
      await Promise.all(tasks)
      for (const pod of after?.pods ?? []) {
        if (!known.has(pod.uid) && !joining.has(pod.uid))
          joining.set(pod.uid, { pod, begun: false, wasReady: pod.ready, paused: false, held: false })
      }
      return new Map(
        [...joining].map(([uid, one]) => {
          const note = noteOf(one, uid, after)
          return [uid, { ip: one.pod.ip, ...(note !== undefined && { note }) }]
        }),
      )
    },
    close() {
      closeAll([...joining.values()].flatMap(({ server }) => server ?? []))
    },
  }
}

/** Answers when the port takes connections. @throws the signal's reason */
async function listening(at: { host: string; port: number }, signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted()
    const took = await new Promise<boolean>((resolve) => {
      const socket = connect({ ...at, timeout: 1000 })
      const answer = (yes: boolean) => {
        socket.destroy()
        resolve(yes)
      }
      socket.once('connect', () => answer(true))
      socket.once('timeout', () => answer(false))
      socket.once('error', () => answer(false))
    })
    if (took) return
    await sleep(retryMs)
  }
}
