import type { OperationRecord } from '../operation/record.ts'

/** The operation's record while the worker owns it. */
export interface RecordStore {
  /** the record as it stands; change it only through update() */
  readonly current: Readonly<OperationRecord>
  /** Changes the record and saves it; answers when it is saved. Several calls at once are saved in order, the last may cover the earlier. */
  update(change: (record: OperationRecord) => void): Promise<void>
}
