import { status, type ServiceError } from '@grpc/grpc-js'
import { adminErrorReason } from './admin-protocol.ts'

/**
 * What a Pause came to.
 * - `paused`: drained, gate closed, by us
 * - `timed-out`: requests in flight took too long; the gate is open again
 * - `timed-out-still-paused`: the same under an earlier pause of somebody else, which goes on
 * - `pause-in-progress`: somebody else's Pause is draining
 * - `gate-open`: somebody unpaused during the drain
 * - `unimplemented`: no admin service answers there
 * - `refused`: the server did not try
 * - `unknown`: the server answered, but with nothing that says whether it closed the gate
 * - `lost`: there was no answer, and the server may have closed the gate for us, or may do so yet
 */
export type PauseReply = {
  kind:
    | 'paused'
    | 'timed-out'
    | 'timed-out-still-paused'
    | 'pause-in-progress'
    | 'gate-open'
    | 'unimplemented'
    | 'refused'
    | 'unknown'
    | 'lost'
  /** for people; undefined for `paused` */
  why?: string
}

/** Whether the gate is, or may be, closed by us, so that it is ours to open. Only these may be unpaused. */
export function isOurs(outcome: PauseReply): boolean {
  return outcome.kind === 'paused' || outcome.kind === 'unknown' || outcome.kind === 'lost'
}

const byReason: Record<string, PauseReply> = {
  TIMED_OUT: {
    kind: 'timed-out',
    why: 'requests in flight were not finished in time, so the server gave the pause up',
  },
  TIMED_OUT_STILL_PAUSED: {
    kind: 'timed-out-still-paused',
    why: 'it is paused by somebody else, and requests in flight were not finished in time',
  },
  PAUSE_IN_PROGRESS: { kind: 'pause-in-progress', why: 'somebody else is pausing it at this moment' },
  GATE_OPEN: { kind: 'gate-open', why: 'somebody unpaused it while it was being paused' },
}

/** Statuses by which a server says that it has not even begun. */
const notBegun: readonly status[] = [
  status.INVALID_ARGUMENT,
  status.UNAUTHENTICATED,
  status.PERMISSION_DENIED,
  status.ABORTED,
]

/**
 * Reads the error of a Pause: status codes and reasons as the Ledger's own (ScalarDL 4.0) gives them. A
 * FAILED_PRECONDITION without its reason (older servers) says nothing of the gate, so it counts as unknown.
 */
export function pauseReplyOf(error: ServiceError): PauseReply {
  const trailer = error.metadata.get('grpc-status-details-bin')[0]
  const known = byReason[adminErrorReason(trailer) ?? '']
  if (known !== undefined) return known
  if (error.code === status.UNIMPLEMENTED)
    return { kind: 'unimplemented', why: 'no admin service answers on this port' }
  if (notBegun.includes(error.code)) return { kind: 'refused', why: error.details }
  if (error.code === status.FAILED_PRECONDITION)
    return {
      kind: 'unknown',
      why: `it could not be paused: ${error.details || 'requests in flight were not finished in time'}`,
    }
  return {
    kind: 'lost',
    why:
      error.code === status.DEADLINE_EXCEEDED ? 'it did not answer in time' : `the answer was lost: ${error.details}`,
  }
}
