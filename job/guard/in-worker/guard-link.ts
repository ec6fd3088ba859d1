// Room: the worker's end of the link to its guard.
// Read guard-link (the interface), open-guard-link, guarded-pause.

import type { Finding } from '../../../operation/finding.ts'
import type { Hold } from '../protocol/messages.ts'

/** The worker's end of the link to its guard. */
export interface GuardLink {
  /**
   * Waits until a guard of this operation has connected.
   * @returns what is wrong with it
   * @throws Failure saying what it waits for, once the time is up; the signal's reason
   */
  arrival(signal: AbortSignal): Promise<Finding[]>
  /**
   * Puts a pause that is about to begin into the guard's hands. From here on the guard ends it if the worker dies.
   * @throws Failure where the guard cannot hold it; the signal's reason
   */
  hold(hold: Hold, lease: LeaseLife, signal: AbortSignal): Promise<GuardedPause>
  /** Says that nothing of an earlier worker's pause is left; a guard that connects later is told too. */
  standDown(pause: number): void
  /**
   * Says that no pause comes any more, perhaps because the operation has ended. The guard ends then, also one that
   * connects later.
   */
  done(): void
  /** lets the guard go on without this worker */
  close(): void
}

/** When a held Lease was last renewed. */
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
  /** Lets the guard unpause as well, where a server does not answer. */
  help(): void
  /** Leaves what is still paused to the guard. */
  leave(): void
  /** Ends the guard's part, once nothing is paused any longer. Never throws. */
  release(): Promise<GuardWord>
}

/** What a guard says of a pause that is over. */
export interface GuardWord {
  /** why it had ended the pause before */
  fired?: string
  /** nobody can say whether it had: the guard that held it is gone */
  unknown: boolean
}

/** Stands in for a guard where none was asked for. */
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
