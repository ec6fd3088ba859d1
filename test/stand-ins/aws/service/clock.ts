/** The service's own clock: this machine's plus an offset. All times of the service are its. */
export class Clock {
  readonly #offsetMs: () => number

  /** @param offsetMs the service's time minus this machine's, ms */
  constructor(offsetMs: () => number) {
    this.#offsetMs = offsetMs
  }

  /** ms since 1970 */
  now(): number {
    return Date.now() + this.#offsetMs()
  }
}

/** Seconds since 1970, as times are in the JSON of the wire. */
export const seconds = (ms: number): number => ms / 1000

/** Milliseconds of a time in the JSON of the wire, which the client's types call a Date. */
export const wireMs = (time: Date | undefined): number | undefined =>
  time === undefined ? undefined : Number(time) * 1000

/** Label of a stream that begins now, of the form of the real ones. */
export const streamLabel = (ms: number): string => new Date(ms).toISOString().replace('Z', '')
