/** A time during which the gate was closed, ms since the epoch; without an end it still is. */
export interface Closed {
  from: number
  until?: number
}

/** When a gate was closed, for whoever measures how long a pause lasted. */
export class GateHistory {
  readonly closed: Closed[] = []

  /** Notes that the gate is closed or open from now on; saying what is known already changes nothing. */
  note(state: 'closed' | 'open'): void {
    const last = this.closed.at(-1)
    const isClosed = last !== undefined && last.until === undefined
    if (state === 'closed' && !isClosed) this.closed.push({ from: Date.now() })
    if (state === 'open' && isClosed) last.until = Date.now()
  }
}
