import * as z from 'zod'
import type { ClockMeasurement } from './measure-clock.ts'

/** What a record keeps of a measured clock (in DatabaseBackup.details). */
export const clockRecordSchema = z.object({
  /** by how much the service's clock was ahead of the worker's: between these, ms */
  lowMs: z.number(),
  highMs: z.number(),
  samples: z.int().positive(),
  /** RFC 3339, worker's clock */
  measuredAt: z.string(),
})
export type ClockRecord = z.infer<typeof clockRecordSchema>

export function clockRecord({ lowMs, highMs, samples, takenAt }: ClockMeasurement): ClockRecord {
  return { lowMs, highMs, samples, measuredAt: new Date(takenAt.wallMs).toISOString() }
}
