/** A line of a container's log. */
export interface LogLine {
  /** RFC 3339 with ns, as the node stamped it; undefined for a word of the kubelet's own */
  time: string | undefined
  text: string
}

const stamp = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2}) ?/
/** The node stamps stdout and stderr apart, so neighbours may be out of order by a little. ms */
const slackMs = 1000
/** Most of what is remembered to tell repeated lines, characters; all that came within 2 s is far less. */
const mostRemembered = 1 << 24
/** What a remembered line costs beside its text, as characters. */
const costOfOne = 100

/**
 * How far one container's log has been read. The API server's `sinceTime` knows only whole seconds, so every
 * reconnection repeats lines; which of them were seen is told by counting equal ones, timestamp included, over the part
 * that is asked for again. A log that writes faster than `mostRemembered` may have lines shown twice after a cut.
 */
export class LogPosition {
  #seen = new Map<string, number>()
  #remembered = 0
  #repeated = new Map<string, number>()
  #newestMs = Number.NEGATIVE_INFINITY

  /** What to ask for next: RFC 3339, whole seconds; undefined for everything. */
  get sinceTime(): string | undefined {
    return Number.isFinite(this.#newestMs) ? new Date(this.#floorMs).toISOString().replace('.000Z', 'Z') : undefined
  }

  get #floorMs(): number {
    return Math.floor((this.#newestMs - slackMs) / 1000) * 1000
  }

  /** To be called before each connection. */
  reconnect(): void {
    for (const raw of this.#seen.keys()) {
      const ms = timeOf(raw)
      if (ms !== undefined && ms < this.#floorMs) this.#forget(raw)
    }
    this.#repeated = new Map(this.#seen)
  }

  /** The line if it has not been seen, else undefined. */
  accept(raw: string): LogLine | undefined {
    const left = this.#repeated.get(raw) ?? 0
    if (left > 0) {
      this.#repeated.set(raw, left - 1)
      return undefined
    }
    this.#remember(raw)
    const ms = timeOf(raw)
    if (ms !== undefined && ms > this.#newestMs) this.#newestMs = ms
    return parseLine(raw)
  }

  #remember(raw: string): void {
    const times = this.#seen.get(raw) ?? 0
    this.#seen.set(raw, times + 1)
    if (times > 0) return
    this.#remembered += raw.length + costOfOne
    if (this.#remembered <= mostRemembered) return
    // The older half at once, so that it need not be done for each line.
    for (const old of this.#seen.keys()) {
      if (this.#remembered <= mostRemembered / 2) break
      this.#forget(old)
    }
  }

  #forget(raw: string): void {
    this.#seen.delete(raw)
    this.#remembered -= raw.length + costOfOne
  }
}

/** A line as the API server gives it with `timestamps=true`. */
export function parseLine(raw: string): LogLine {
  const prefix = stamp.exec(raw)?.[0]
  return prefix === undefined
    ? { time: undefined, text: raw }
    : { time: prefix.trimEnd(), text: raw.slice(prefix.length) }
}

function timeOf(raw: string): number | undefined {
  const match = stamp.exec(raw)
  return match === null ? undefined : Date.parse(match[0].trimEnd())
}
