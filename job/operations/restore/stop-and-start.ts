import * as z from 'zod'
import { formatDuration } from '../../../operation/duration.ts'
import { keepRequestsOut } from './keep-requests-out.ts'
import type { StoppedReleases } from './keep-stopped.ts'
import type { OperationContext } from '../../context/operation-context.ts'

type Context = OperationContext<'restore' | 'undo' | 'resume'>

const notedStep = 'note replicas'
const notedSchema = z.array(z.object({ name: z.string(), replicas: z.int() }))

/** How much longer than their own grace period pods may take to end, for the kubelet and the API server, ms. */
const marginMs = 60_000

/**
 * Scales every Deployment of the releases to 0 and waits until no pod is left, so that nothing writes and no connection
 * is open. No request gets in meanwhile. The number of replicas of each is journaled first, since a killed worker's
 * successor finds them at 0.
 * @throws Failure where the pods do not end, or somebody starts them again
 */
export async function stopReleases(context: Context, stopped: StoppedReleases): Promise<void> {
  const { cluster, events, journal } = context
  const releases = context.request.target.releases.map((release) => release.name)
  const found = await cluster.workloads(releases)
  const noted = await journal.once(notedStep, async () => found.map(({ name, replicas }) => ({ name, replicas })))
  const graceMs = Math.max(0, ...found.map((workload) => workload.graceMs ?? 0))
  await stopped.watch()
  await keepRequestsOut(context, async (signal) => {
    for (const { name, replicas } of noted) events.say('scaling', `scaling ${name} from ${replicas} to 0`)
    await Promise.all(noted.map(({ name }) => cluster.scale(name, 0)))
    const given = AbortSignal.any([signal, stopped.broughtBack])
    await cluster.waitForNoPods(releases, graceMs + marginMs, given, tellEnding(events))
  })
}

/** `2 of 3 pods have ended, 12 s` */
function tellEnding(events: Context['events']): (left: number) => void {
  const sinceMs = performance.now()
  let all = 0
  return (left) => {
    all = Math.max(all, left)
    const passed = formatDuration(Math.round((performance.now() - sinceMs) / 1000) * 1000)
    events.say('progress', `${all - left} of ${all} pods have ended, ${passed}`)
  }
}

/** Whether an earlier worker of this operation began to stop the releases. */
export function wasStopping({ journal }: Pick<Context, 'journal'>): boolean {
  return journal.resumed && journal.begun(notedStep)
}

/** The number of replicas that each Deployment had before this operation stopped it; empty where it has not. */
export function notedReplicas({ journal }: Pick<Context, 'journal'>): Record<string, number> {
  const noted = notedSchema.safeParse(journal.result(notedStep)).data ?? []
  return Object.fromEntries(noted.filter(({ replicas }) => replicas > 0).map(({ name, replicas }) => [name, replicas]))
}

/**
 * Scales the Deployments to the replicas that they had, and waits until their pods serve. Does nothing without a stop.
 * @param earlier the replicas that they had before an earlier operation left them at 0
 */
export async function startReleases(context: Context, earlier: Record<string, number> = {}): Promise<void> {
  const noted = notedSchema.safeParse(context.journal.result(notedStep))
  if (!noted.success) return
  const wanted = noted.data.map(({ name, replicas }) => ({
    name,
    replicas: replicas === 0 ? (context.request.replicas ?? earlier[name] ?? 0) : replicas,
  }))
  for (const { name, replicas } of wanted) {
    const hint = replicas === 0 ? '; it had none before (--replicas says how many to start)' : ''
    context.events.say('scaling', `scaling ${name} to ${replicas}${hint}`, {
      level: replicas === 0 ? 'warning' : 'info',
    })
  }
  await Promise.all(wanted.map(({ name, replicas }) => context.cluster.scale(name, replicas)))
  await context.cluster.waitForReady(
    wanted.map(({ name }) => name),
    context.request.readyMs,
    context.signal,
  )
}
