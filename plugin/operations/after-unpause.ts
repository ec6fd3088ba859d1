import { pausedAmong } from '../../operation/outcome/pause-ownership.ts'
import type { PausedEndpoint } from '../../operation/record.ts'
import { isFinal } from '../../operation/outcome/outcome.ts'
import { awaitRecord } from '../kubernetes/jobs/operation-outcome.ts'
import { listOperations } from '../kubernetes/records/operations.ts'
import { changeRecord } from '../kubernetes/records/records.ts'
import type { Session } from '../kubernetes/api/session.ts'
import type { Terminal } from '../terminal/terminal.ts'

/** A worker that holds a pause looks twice a second whether it has been ended. ms */
const noticeMs = 15_000

/**
 * Waits until the `pause` operations that held these releases have noticed that their pause is over. Until then their workers
 * and guards would take a pause that somebody else makes for their own, and end it.
 */
export async function awaitHolders(session: Session, terminal: Terminal, releases: readonly string[]): Promise<void> {
  const holding = (await listOperations(session, 'pause')).filter(
    ({ record }) =>
      record !== undefined && !isFinal(record) && record.releases.some((release) => releases.includes(release)),
  )
  const signal = AbortSignal.any([terminal.interrupted, AbortSignal.timeout(noticeMs)])
  await Promise.all(
    holding.map(async ({ operation }) => {
      try {
        await awaitRecord(session, operation, signal, isFinal)
      } catch {
        terminal.warning(
          `${operation} has not ended yet, and may end a pause that is made meanwhile; \`kubectl scalardl cancel ${operation} -n ${session.namespace}\` ends it`,
        )
      }
    }),
  )
}

/** Records of operations that are over must not go on calling servers paused that serve again. */
export async function clearRecords(session: Session, serving: readonly PausedEndpoint[]): Promise<void> {
  for (const { operation, record } of await listOperations(session)) {
    if (record === undefined || !isFinal(record)) continue
    const served = pausedAmong(record, serving)
    if (served.length === 0) continue
    await changeRecord(session, operation, (stored) => {
      const ended = isFinal(stored) ? stored : record
      return { ...ended, stillPaused: ended.stillPaused.filter((address) => !served.includes(address)) }
    })
  }
}
