import { formatDuration } from '../../operation/duration.ts'
import type { Events } from '../process/events.ts'
import type { OperationContext } from './operation-context.ts'
import type { RecordStore } from '../journal/record-store.ts'

/**
 * The time line: each phase with its beginning and end, in the record and as events. The record is saved beside the
 * phase's work and never waited for, since a phase may be a pause; the operation's last save covers them all.
 */
export function phases(record: RecordStore, events: Events): OperationContext<'backup'>['phase'] {
  const save = (change: Parameters<RecordStore['update']>[0]) => {
    record.update(change).catch(() => undefined)
  }
  return async (name, run) => {
    const startMs = Date.now()
    const phase: (typeof record.current.phases)[number] = { name, startedAt: new Date(startMs).toISOString() }
    events.say('phase', name, { data: { name } })
    save((current) => current.phases.push(phase))
    let failed = true
    try {
      const result = await run()
      failed = false
      return result
    } finally {
      const endMs = Date.now()
      save(() => {
        phase.finishedAt = new Date(endMs).toISOString()
      })
      events.say('phase-done', `${name}: ${formatDuration(endMs - startMs)}`, {
        data: { name, ms: endMs - startMs, failed },
      })
    }
  }
}
