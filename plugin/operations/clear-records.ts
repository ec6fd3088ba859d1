import { pausedAmong } from '../../operation/outcome/pause-ownership.ts'
import type { PausedEndpoint } from '../../operation/record.ts'
import { isFinal } from '../../operation/outcome/outcome.ts'
import { pausingRecords } from '../kubernetes/records/operations.ts'
import { changeRecord } from '../kubernetes/records/records.ts'
import type { Session } from '../kubernetes/api/session.ts'

/** Corrects the records of operations that are over and still call these servers paused. */
export async function clearRecords(session: Session, serving: readonly PausedEndpoint[]): Promise<void> {
  for (const record of (await pausingRecords(session)).filter(isFinal)) {
    const { operation } = record
    const served = pausedAmong(record, serving)
    if (served.length === 0) continue
    await changeRecord(session, operation, (stored) => {
      const ended = isFinal(stored) ? stored : record
      return { ...ended, stillPaused: ended.stillPaused.filter((address) => !served.includes(address)) }
    })
  }
}
