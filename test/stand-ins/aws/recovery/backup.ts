import type { Item } from '../items/history.ts'
import type { Carried } from '../tables/table.ts'

/** A backup: what was carried over, and the items of its moment. */
export interface Backup {
  arn: string
  name: string
  type: 'USER' | 'SYSTEM'
  status: 'CREATING' | 'AVAILABLE' | 'DELETED'
  /** whether lists have it */
  appeared: boolean
  createdMs: number
  /** SYSTEM backups end by themselves, ms */
  expiresMs: number | undefined
  bytes: number
  source: { name: string; id: string; arn: string; createdMs: number; items: number; bytes: number }
  carried: Carried
  /** at backup time; described only */
  extras: { stream: object | undefined; timeToLive: object | undefined }
  /** undefined until it is made */
  items: readonly Item[] | undefined
  /** whether a restore from it is under way */
  restoring: boolean
}
