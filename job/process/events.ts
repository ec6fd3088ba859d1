// Room: what every process of ours has: its events and the way it is asked to end.
// Read events, then interrupted.

import type { EventCode, WorkerEvent } from '../../operation/event.ts'
import { printable } from '../../operation/text/printable.ts'

/** What the worker says while it works. Each call is one line of its log, in the form of operation/event.ts. */
export interface Events {
  say(
    code: EventCode,
    message: string,
    options?: { level?: WorkerEvent['level']; data?: Record<string, unknown> },
  ): void
}

/**
 * Events as JSON lines.
 * @param write takes one line with its newline; process.stdout.write in the worker
 */
export function jsonLineEvents(write: (line: string) => void): Events {
  let seq = 0
  return {
    say(code, message, { level = 'info', data } = {}) {
      seq += 1
      const event: WorkerEvent = {
        seq,
        time: new Date().toISOString(),
        level,
        code,
        message,
        ...(data === undefined ? {} : { data }),
      }
      // Whoever reads the log on a terminal has no plugin before it.
      write(`${printable(JSON.stringify(event))}\n`)
    },
  }
}
