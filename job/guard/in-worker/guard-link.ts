// Room: the worker's end of the link to its guard.
// Read guard-link (the interface), open-guard-link, guarded-pause.

import type { Finding } from '../../../operation/finding.ts'
import type { Hold } from '../protocol/messages.ts'

/** The worker's end of the link to its guard. */
export interface GuardLink {
  /**
   * Waits until a guard of this operation has connected.
   * @returns what is not as it should be with it
   * @throws Failure saying what it waits for, once the time is up; the signal's reason
   */
  arrival(signal: AbortSignal): Promise<Finding[]>
  /**
   * Puts a pause that is about to begin into the guard's hands. From here on a worker that dies has it ended.
   * @throws Failure where the guard cannot hold it; the signal's reason
   */
  hold(hold: Hold, lease: LeaseLife, signal: AbortSignal): Promise<GuardedPause>
  /** Nothing of a pause of an earlier worker is left; whichever guard connects from now on is told. */
  standDown(pause: number): void
  /**
   * The operation has ended, or no pause of it comes any more: the guard ends as well, also one that connects later.
   */
  done(): void
  /** lets the guard go on without this worker */
  close(): void
}

/** What a held Lease tells of its own life. */
export interface LeaseLife {
  /** when the last renewal that succeeded was sent, ms of performance.now(); undefined where there is no Lease */
  renewedMs(): number | undefined
}

/** A pause that a guard holds beside the worker. */
export interface GuardedPause {
  /** false where the request wants none */
  readonly guarded: boolean
  /** aborted with a Failure when the pause is no longer safe, or has been ended by the guard */
  readonly ended: AbortSignal
  /** addresses that the guard has unpaused */
  readonly unpaused: ReadonlySet<string>
  /** to be called right before the first Pause is sent. @param restMs until the longest pause is over */
  begin(restMs: number): void
  /** Some server does not answer the Unpause: let the guard try as well. */
  help(): void
  /** Something is still paused: the guard goes on with it. */
  leave(): void
  /** Ends the guard's part, once nothing is paused any longer. Never throws. */
  release(): Promise<GuardWord>
}

/** What a guard says of a pause that is over. */
export interface GuardWord {
  /** why it had ended the pause before */
  fired?: string
  /** nobody can say whether it had: a guard that held it is gone without a word */
  unknown: boolean
}

/** In place of a guard where none was asked for. */
export const noGuard: GuardLink = {
  arrival: () => Promise.resolve([]),
  hold: () =>
    Promise.resolve({
      guarded: false,
      ended: new AbortController().signal,
      unpaused: new Set<string>(),
      begin: () => undefined,
      help: () => undefined,
      leave: () => undefined,
      release: () => Promise.resolve({ unknown: false }),
    }),
  standDown: () => undefined,
  done: () => undefined,
  close: () => undefined,
}
