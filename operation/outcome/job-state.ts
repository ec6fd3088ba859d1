import { failureSchema } from '../record.ts'
import type { FailureText } from '../failure.ts'
import { parseEvent } from '../event.ts'
import type { Role } from '../names.ts'

/** How the Job of an operation stands. */
export interface JobState {
  /** active: may still do something; gone: there is no Job */
  phase: 'active' | 'complete' | 'failed' | 'suspended' | 'gone'
  /** the condition's reason and message */
  reason?: string
  message?: string
  /** what the worker itself gave as the cause, where it could write no record of it */
  said?: FailureText
}

/** What this needs of a batch/v1 Job. */
export interface JobLike {
  status?: { conditions?: { type: string; status: string; reason?: string; message?: string }[] }
}

/** What this needs of a v1 Pod. */
export interface PodLike {
  metadata?: { deletionTimestamp?: Date }
  status?: {
    phase?: string
    containerStatuses?: ContainerLike[]
    conditions?: { type: string; status: string }[]
  }
}

interface ContainerLike {
  name?: string
  state?: {
    running?: object
    waiting?: object
    terminated?: { exitCode?: number; finishedAt?: Date; message?: string }
  }
}

/** What the Job's conditions say. A suspended Job does nothing more, which is how `cancel` ends one. */
export function jobState(job: JobLike | undefined): JobState {
  if (job === undefined) return { phase: 'gone' }
  const met = (type: string) =>
    job.status?.conditions?.find((condition) => condition.type === type && condition.status === 'True')
  const [phase, condition] =
    met('Complete') === undefined
      ? met('Failed') === undefined
        ? (['suspended', met('Suspended')] as const)
        : (['failed', met('Failed')] as const)
      : (['complete', met('Complete')] as const)
  if (condition === undefined) return { phase: 'active' }
  return {
    phase,
    ...(condition.reason === undefined ? {} : { reason: condition.reason }),
    ...(condition.message === undefined ? {} : { message: condition.message }),
  }
}

/** A pod that outlives its grace period by this is on a node that no longer answers; nobody waits for it. ms */
const lostPodMs = 30_000
/** A sidecar that ends with the worker does so within this; one that runs on for longer will not end by itself. ms */
const sidecarMs = 30_000
/** The exit codes by which a worker says that it has ended; any other is that of one that was killed. */
const highestVerdict = 6

/** The pod's container that does the work of its role; whatever else is in the pod was injected. */
export function ownContainer(pod: PodLike, role: Role): ContainerLike | undefined {
  return pod.status?.containerStatuses?.find(({ name }) => name === role)
}

/** Whether the container that does the work has ended, even if a sidecar keeps its pod `Running`. */
export function hasEnded(pod: PodLike, role: Role): boolean {
  return ownContainer(pod, role)?.state?.terminated !== undefined
}

/** Containers of a worker's pod that run on although the worker has ended; the Job never notices the end. */
export function lingeringSidecars(pod: PodLike | undefined): string[] {
  if (pod?.status?.phase !== 'Running' || !hasEnded(pod, 'worker')) return []
  return (pod.status.containerStatuses ?? []).flatMap(({ name, state }) =>
    state?.terminated === undefined && name !== undefined ? [name] : [],
  )
}

/**
 * The end of a worker as its Job is going to tell it, seconds after the container's own state does, and never where
 * sidecars keep the pod alive; undefined while another worker may follow this one. The Job's podFailurePolicy has none
 * follow a worker that gave its verdict, unless it was evicted.
 */
function endOfWorker(newest: PodLike | undefined): JobState | undefined {
  const ended = newest === undefined ? undefined : ownContainer(newest, 'worker')?.state?.terminated
  if (newest === undefined || ended === undefined) return undefined
  const { exitCode = 0, finishedAt } = ended
  const sidecars = lingeringSidecars(newest)
  if (sidecars.length === 0 && mayBeReplaced(newest)) return undefined
  if (exitCode === 0) return { phase: 'complete' }
  if (sidecars.length === 0)
    return exitCode > highestVerdict ? undefined : { phase: 'failed', reason: 'PodFailurePolicy' }
  if (exitCode > highestVerdict && Date.now() - (finishedAt?.getTime() ?? 0) < sidecarMs) return undefined
  const message = `${sidecars.join(', ')} runs on in its pod, so that no other worker is started`
  return { phase: 'failed', reason: 'SidecarRunning', message }
}

/** Whether a pod was told to go by somebody else, so that its Job makes another in its place. */
function mayBeReplaced({ metadata, status }: PodLike): boolean {
  const disrupted = status?.conditions?.some((one) => one.type === 'DisruptionTarget' && one.status === 'True')
  return metadata?.deletionTimestamp !== undefined || disrupted === true
}

/**
 * How the worker of an operation stands: as its Job says, except where pods know better. A Job that is over counts as
 * active while a pod has its grace period to unpause in; one whose worker has ended with a verdict counts as over.
 * @param pods of the worker, oldest first
 */
export function workerState(job: JobLike | undefined, pods: readonly PodLike[]): JobState {
  const state = jobState(job)
  const ended = state.phase === 'active' ? endOfWorker(pods.at(-1)) : state
  if (ended === undefined || ended.phase === 'complete') return ended ?? state
  if (pods.some(mayStillWork)) return { phase: 'active' }
  const said = lastWords(pods.at(-1))
  return said === undefined ? ended : { ...ended, said }
}

/** Whether a worker's pod may still do something although its Job is over: it has its grace period to unpause in. */
function mayStillWork(pod: PodLike): boolean {
  const { deletionTimestamp } = pod.metadata ?? {}
  // The timestamp is when its grace period ends.
  if (deletionTimestamp !== undefined && Date.now() > deletionTimestamp.getTime() + lostPodMs) return false
  if (hasEnded(pod, 'worker')) return false
  return pod.status?.phase === 'Running' || (pod.status?.phase === 'Pending' && deletionTimestamp !== undefined)
}

/** The failure that the newest worker ended with, of the end of its log that the kubelet keeps in the pod's status. */
function lastWords(newest: PodLike | undefined): FailureText | undefined {
  const lines =
    newest === undefined ? [] : (ownContainer(newest, 'worker')?.state?.terminated?.message?.split('\n') ?? [])
  const failed = lines.map(parseEvent).findLast((event) => event?.code === 'failed')
  return failureSchema.safeParse(failed?.data).data
}
