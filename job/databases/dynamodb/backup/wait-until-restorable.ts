import { setTimeout as sleep } from 'node:timers/promises'
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { formatDuration } from '../../../../operation/duration.ts'
import { Failure } from '../../../../operation/failure.ts'
import { formatTime } from '../../../../operation/time.ts'
import { readWindow, type RecoveryWindow } from '../tables/recovery-window.ts'
import type { TableProgress } from '../tables/table-progress.ts'

interface Waiting {
  signal: AbortSignal
  progress: TableProgress
  /** how long a table's window may stand still, ms; it trails the present by 5 minutes or so */
  patienceMs?: number
}

const hourMs = 3_600_000
/** Shortest and longest time between two looks at one table, ms. */
const shortestMs = 1_000
const longestMs = 30_000

/**
 * Waits until point-in-time recovery can bring back the point in every table.
 * @param pointMs on AWS's clock
 * @returns each table's window then, in the order of the tables
 * @throws Failure where a table's window can never reach it: recovery was turned off, or on anew after the point, or
 * stands still
 */
export async function waitUntilRestorable(
  client: DynamoDBClient,
  tables: readonly string[],
  pointMs: number,
  waiting: Waiting,
): Promise<RecoveryWindow[]> {
  const failed = new AbortController()
  const signal = AbortSignal.any([waiting.signal, failed.signal])
  const each = tables.map(async (table) => {
    try {
      return await waitForOne(client, table, pointMs, { ...waiting, signal })
    } catch (error) {
      // The others need not be waited for.
      failed.abort(error)
      throw error
    }
  })
  const settled = await Promise.allSettled(each)
  signal.throwIfAborted()
  return settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
}

async function waitForOne(
  client: DynamoDBClient,
  table: string,
  pointMs: number,
  { signal, progress, patienceMs = hourMs }: Waiting,
): Promise<RecoveryWindow> {
  let furthest = { latestMs: -Infinity, seenMs: performance.now() }
  for (;;) {
    const window = await readWindow(client, table, signal)
    if (window === undefined) throw gone(table, 'its point-in-time recovery was turned off')
    const { earliestMs, latestMs = -Infinity } = window
    if (earliestMs !== undefined && earliestMs > pointMs)
      throw gone(
        table,
        `its point-in-time recovery reaches back to ${formatTime(earliestMs)} only: it was turned off and on again`,
      )
    if (latestMs >= pointMs) {
      progress.done(table)
      return window
    }
    const nowMs = performance.now()
    if (latestMs > furthest.latestMs) furthest = { latestMs, seenMs: nowMs }
    if (nowMs - furthest.seenMs > patienceMs)
      throw gone(table, `what can be restored of it has not advanced for ${formatDuration(patienceMs)}`)
    const remainingMs = Number.isFinite(latestMs) ? pointMs - latestMs : undefined
    progress.enter(table, 'waiting until the point can be restored', remainingMs)
    await sleep(Math.min(longestMs, Math.max(shortestMs, remainingMs ?? longestMs)), undefined, { signal })
  }
}

function gone(table: string, why: string): Failure {
  return new Failure({
    what: `table ${table} cannot be brought back to the restore point`,
    why,
    next: 'see that point-in-time recovery of every table is on and stays on, then back up again',
  })
}
