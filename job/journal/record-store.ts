import type { OperationRecord } from '../../operation/record.ts'
import { coalesced } from './one-save-at-a-time.ts'

/** The operation's record while the worker owns it. */
export interface RecordStore {
  /** the record as it stands; change it only through update() */
  readonly current: Readonly<OperationRecord>
  /**
   * Changes the record and saves it; answers when it is saved. Several calls at once are saved in order, the last may
   * cover the earlier.
   */
  update(change: (record: OperationRecord) => void): Promise<void>
}

/**
 * A record that is saved with every change; changes that come while one is being saved go together into the next save.
 * @param write saves the whole record; what it throws, the update() that waited for it throws
 */
export function recordStore(record: OperationRecord, write: (record: OperationRecord) => Promise<void>): RecordStore {
  const save = coalesced(() => write(structuredClone(record)))
  return {
    current: record,
    update(change) {
      change(record)
      return save()
    },
  }
}
