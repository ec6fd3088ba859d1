import { failureSchema } from '../record.ts'
import type { FailureText } from '../failure.ts'
import { parseEvent } from '../event.ts'

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
  status?: { phase?: string; containerStatuses?: { state?: { terminated?: { message?: string } } }[] }
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

/** Whether a worker's pod may still do something although its Job is over: it has its grace period to unpause in. */
export function mayStillWork({ metadata, status }: PodLike): boolean {
  const { deletionTimestamp } = metadata ?? {}
  // The timestamp is when its grace period ends.
  if (deletionTimestamp !== undefined && Date.now() > deletionTimestamp.getTime() + lostPodMs) return false
  return status?.phase === 'Running' || (status?.phase === 'Pending' && deletionTimestamp !== undefined)
}

/** The failure that the newest worker ended with, of the end of its log that the kubelet keeps in the pod's status. */
export function lastWords(newest: PodLike | undefined): FailureText | undefined {
  const lines =
    newest?.status?.containerStatuses?.flatMap(({ state }) => state?.terminated?.message?.split('\n') ?? []) ?? []
  const failed = lines.map(parseEvent).findLast((event) => event?.code === 'failed')
  return failureSchema.safeParse(failed?.data).data
}
