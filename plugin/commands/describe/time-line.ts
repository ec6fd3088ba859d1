import type { OperationRecord } from '../../../operation/record.ts'
import { formatDuration } from '../../../operation/duration.ts'
import { endedByGuardAt } from '../../presentation/interventions.ts'

const width = 48

interface Span {
  name: string
  fromMs: number
  /** undefined: not over */
  untilMs: number | undefined
  mark: string
}

function spansOf(record: OperationRecord): Span[] {
  const phases = record.phases.map((phase): Span => ({
    name: phase.name,
    fromMs: Date.parse(phase.startedAt),
    untilMs: at(phase.finishedAt),
    mark: '━',
  }))
  const windows = record.windows.map((window, index): Span => {
    const byGuard = endedByGuardAt(record, index)
    const end = window.allUnpausedAt ?? byGuard ?? (window.verdict === 'open' ? undefined : window.unpauseSentAt)
    const title = record.windows.length === 1 ? '▸ paused' : `▸ paused ${index + 1}`
    const name = `${title}${byGuard === undefined ? '' : ', the guard ended it'}`
    return { name, fromMs: Date.parse(window.pauseSentAt), untilMs: at(end), mark: '█' }
  })
  // A window begins within its phase, and stands below it.
  return [...phases, ...windows].sort((a, b) => a.fromMs - b.fromMs)
}

function at(time: string | undefined): number | undefined {
  return time === undefined ? undefined : Date.parse(time)
}

/**
 * The phases of an operation and its pauses on one scale: name, beginning from the start, length, and a bar.
 * @param nowMs the end of what has not ended
 */
export function timeLine(record: OperationRecord, nowMs = Date.now()): string[] {
  const spans = spansOf(record)
  if (spans.length === 0) return []
  const startMs = Math.min(...spans.map((span) => span.fromMs))
  const endMs = Math.max(startMs + 1, ...spans.map((span) => span.untilMs ?? at(record.finishedAt) ?? nowMs))
  const column = (ms: number): number => Math.round(((ms - startMs) / (endMs - startMs)) * width)
  const rows = spans.map((span) => {
    const untilMs = span.untilMs ?? at(record.finishedAt) ?? nowMs
    const from = Math.min(column(span.fromMs), width - 1)
    const bar = span.mark.repeat(Math.max(1, column(untilMs) - from))
    return {
      name: span.name,
      offset: `+${formatDuration(span.fromMs - startMs)}`,
      length: `${formatDuration(untilMs - span.fromMs)}${span.untilMs === undefined ? '…' : ''}`,
      bar: ' '.repeat(from) + bar,
    }
  })
  const widest = (key: 'name' | 'offset' | 'length') => Math.max(...rows.map((row) => row[key].length))
  const [names, offsets, lengths] = [widest('name'), widest('offset'), widest('length')]
  return rows.map(
    (row) =>
      `${row.name.padEnd(names)}  ${row.offset.padStart(offsets)}  ${row.length.padStart(lengths)}  ` +
      `│${row.bar.padEnd(width)}│`,
  )
}
