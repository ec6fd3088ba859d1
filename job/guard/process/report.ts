import { setTimeout as sleep } from 'node:timers/promises'
import type { Intervention } from '../../../operation/record.ts'
import { coalesced } from '../../journal/one-save-at-a-time.ts'
import type { Records } from '../../kubernetes/cluster.ts'

/** What the guard did, written into the record. */
export interface Report {
  /** Adds an intervention, or replaces that of the same pause and time; never waits for the API server. */
  put(intervention: Intervention): void
  /** resolves once all is written, or after the time */
  written(timeoutMs: number): Promise<void>
}

const againMs = 1000

/** @param stop ends the tries to write it */
export function reporting(
  cluster: Records,
  operation: string,
  by: { pod: string; node: string },
  stop: AbortSignal,
): Report {
  const own: Intervention[] = []
  /** those of an earlier guard */
  let earlier: Intervention[] | undefined
  const write = coalesced(async () => {
    while (!stop.aborted) {
      try {
        earlier ??= (await cluster.findRecord(operation))?.guard?.interventions ?? []
        return await cluster.writeGuardReport(operation, {
          ...by,
          interventions: [...earlier, ...structuredClone(own)],
        })
      } catch {
        // The API server is away, or there is no record yet.
        await sleep(againMs, undefined, { signal: stop }).catch(() => undefined)
      }
    }
  })
  let writing = Promise.resolve()
  return {
    put(intervention) {
      const same = own.findIndex(({ at, pause }) => at === intervention.at && pause === intervention.pause)
      if (same === -1) own.push(intervention)
      else own[same] = intervention
      writing = write()
    },
    async written(timeoutMs) {
      await Promise.race([writing, sleep(timeoutMs, undefined, { ref: false })])
    },
  }
}
