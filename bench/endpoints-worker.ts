import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { noGuard, type GuardLink } from '../job/guard/in-worker/guard-link.ts'
import { guardLink } from '../job/guard/in-worker/open-guard-link.ts'
import type { ReleasePod } from '../job/kubernetes/cluster.ts'
import { jsonLineEvents } from '../job/process/events.ts'
import { holdPause } from '../job/pause/hold-pause.ts'
import { closeAll, connectOrRefuse, serversOf } from '../job/servers/servers.ts'
import { freePort } from '../test/stand-ins/free-port.ts'
import { guardPod, key, workerPod } from '../test/unit/job/guard/two-pods.ts'
import { inMemoryCluster } from '../test/unit/job/in-memory-cluster.ts'
import { contextOf, pauseRequest, type PauseRequest } from '../test/unit/job/pausing-context.ts'
import { msBetween, type Parts } from './figures/phases.ts'

/**
 * How all servers are paused: by the worker's own pause window, with a guard in a process of its own beside it or
 * without; or as a plain program would, one after another over connections that stand, or all at once but each
 * connecting with its call.
 */
export type Way = 'worker' | 'worker without a guard' | 'one after another' | 'connecting with the call'

/** What the parent asks of a fresh process, in its first and only message. */
export interface Task {
  way: Way
  ports: readonly number[]
  /** ms */
  holdMs: number
  /** path of the guard's program */
  guard: string
}

const drainMs = 10_000

/** A guard as its Job runs it, in a process of its own, which holds every pause of this one. */
async function startGuard(program: string, pods: readonly ReleasePod[], request: PauseRequest) {
  const port = await freePort()
  const child = spawn(process.execPath, [program, JSON.stringify({ pods, request, port })], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  process.once('exit', () => child.kill())
  return { port, pid: child.pid, ended: once(child, 'exit') }
}

/** The same link, which notes how long it took until the guard was connected to every server. */
function timed(link: GuardLink, took: (ms: number) => void): GuardLink {
  return {
    ...link,
    async hold(...given) {
      const fromMs = performance.now()
      const held = await link.hold(...given)
      took(performance.now() - fromMs)
      return held
    },
  }
}

/** One pause as the worker makes it; only the API server is missing, which has no part in the window. */
async function pauseAsWorker({ ports, holdMs, way, guard: program }: Task): Promise<Parts> {
  const pods = ports.map((adminPort, index) => ({
    name: `ledger-${index}`,
    uid: `uid-${index}`,
    ip: '127.0.0.1',
    ready: true,
    restarts: 0,
    otherRestarts: 0,
    release: 'my-ledger',
    app: 'ledger',
    adminPort,
  }))
  const cluster = inMemoryCluster(pods)
  cluster.podsOfOperation = [workerPod, guardPod]
  const request = pauseRequest({ pause: { drainMs, maxPauseMs: 60_000, guard: way === 'worker' } })
  const { operation } = request
  const guard = request.pause.guard ? await startGuard(program, pods, request) : undefined
  let holdTookMs: number | undefined
  const link =
    guard === undefined
      ? noGuard
      : timed(
          guardLink({ cluster, events: jsonLineEvents(() => undefined), key, operation, port: guard.port }),
          (ms) => (holdTookMs = ms),
        )
  const { context } = await contextOf<'pause'>(request, cluster, link)
  // The journal is the last thing before the first Pause, the event the first after the last Unpause: finer than the
  // record's milliseconds.
  let from = { ms: 0, cpuMs: 0 }
  let until: typeof from | undefined
  const { writeJournal } = cluster
  cluster.writeJournal = async (journal) => {
    await writeJournal(journal)
    if (until === undefined) from = now()
  }
  const events = jsonLineEvents((line) => {
    if (line.includes('"unpaused"')) until = now()
  })
  let heldMs = 0
  const { window } = await holdPause({ ...context, events }, async () => {
    const fromMs = performance.now()
    await sleep(holdMs)
    heldMs = performance.now() - fromMs
  })
  if (window.verdict !== 'valid' || until === undefined)
    throw new Error(`the pause was not valid: ${window.reasons.join('; ')}`)
  const cpuMs = now().cpuMs
  const guardMiB = guard?.pid === undefined ? undefined : mostMemoryMiB(guard.pid)
  link.done()
  await guard?.ended
  link.close()
  return {
    ...(holdTookMs !== undefined && { 'guard takes hold': holdTookMs }),
    pause: msBetween(window.pauseSentAt, window.allPausedAt),
    unpause: msBetween(window.unpauseSentAt, window.allUnpausedAt),
    'above the hold': until.ms - from.ms - heldMs,
    'CPU in the pause': until.cpuMs - from.cpuMs,
    'CPU in all': cpuMs,
    memory: process.resourceUsage().maxRSS / 1024,
    ...(guardMiB !== undefined && { "guard's": guardMiB }),
  }
}

/** The most that a process had in memory so far (proc(5), VmHWM); undefined where the system does not tell. */
function mostMemoryMiB(pid: number): number | undefined {
  const file = `/proc/${pid}/status`
  const kib = existsSync(file) ? /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(file, 'utf8'))?.[1] : undefined
  return kib === undefined ? undefined : Number(kib) / 1024
}

/** Wall clock and CPU of this process, ms. */
function now(): { ms: number; cpuMs: number } {
  const { user, system } = process.cpuUsage()
  return { ms: performance.now(), cpuMs: (user + system) / 1000 }
}

async function pausePlainly({ ports, way }: Task): Promise<Parts> {
  const servers = serversOf(
    ports.map((port) => ({ host: '127.0.0.1', port })),
    undefined,
  )
  if (way === 'one after another') await connectOrRefuse(servers, undefined)
  const fromMs = performance.now()
  if (way === 'one after another') for (const { client } of servers) await client.pause(drainMs)
  else await Promise.all(servers.map(({ client }) => client.pause(drainMs)))
  const pause = performance.now() - fromMs
  await Promise.all(servers.map(({ client }) => client.unpause(drainMs)))
  closeAll(servers)
  return { pause }
}

process.once('message', async (task: Task) => {
  process.send?.(await (task.way.startsWith('worker') ? pauseAsWorker(task) : pausePlainly(task)))
  process.disconnect?.()
})
