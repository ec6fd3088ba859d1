import { formatDuration } from '../../operation/duration.ts'
import type { WorkerEvent } from '../../operation/event.ts'
import { findingSchema } from '../../operation/finding.ts'
import { findingLines } from './findings.ts'
import { progressBoard, type Board } from './progress-board.ts'
import type { Progress, Terminal } from './terminal.ts'

/** Shows a worker's events as they come. */
export interface EventView {
  show(event: WorkerEvent): void
  /** a warning that does not come from the worker; what moved by then is no longer true */
  interrupt(text: string): void
  /** ends a line that still moves; call it before anything else is shown */
  end(): void
}

function share(data: Record<string, unknown> | undefined): string {
  const { done, total, unit } = data ?? {}
  if (typeof done !== 'number' || typeof total !== 'number' || total <= 0) return ''
  const percent = Math.min(100, Math.floor((done / total) * 100))
  return unit === 'bytes'
    ? ` ${percent} % of ${(total / 1_000_000).toFixed(1)} MB`
    : ` ${done} of ${total}${typeof unit === 'string' ? ` ${unit}` : ''}`
}

/**
 * Events on stderr: a phase is a line that moves while it lasts, warnings and errors stay as lines of their own.
 * What the verdict will say again (failed, finished, still-paused) is left to it.
 */
export function eventView(terminal: Terminal): EventView {
  let phase: { name: string; progress: Progress; board: Board } | undefined

  /** Lines that stay; a spinner lets them pass above itself. */
  function line(text: string, level: WorkerEvent['level']): void {
    if (level === 'info') terminal.note(`  ${text}`)
    else if (level === 'warning') terminal.warning(text)
    else terminal.note(`${terminal.style('red', '✖')} ${text}`)
  }

  return {
    show(event) {
      const { code, data, message, level } = event
      if (code === 'phase') {
        phase?.progress.succeed(phase.name)
        phase = { name: message, progress: terminal.begin(message), board: progressBoard() }
      } else if (code === 'phase-done') {
        const took =
          typeof data?.['ms'] === 'number' ? ` ${terminal.style('dim', `(${formatDuration(data['ms'])})`)}` : ''
        if (data?.['failed'] === true) phase?.progress.fail(`${phase.name}${took}`)
        else phase?.progress.succeed(`${phase.name}${took}`)
        phase = undefined
      } else if (code === 'progress') {
        phase?.progress.update(
          `${phase.name}: ${message}${share(data)}`,
          phase.board.take(`${phase.name}:${share(data)}`, data),
        )
      } else if (code === 'finding') {
        const finding = findingSchema.safeParse(data)
        if (finding.success && finding.data.outcome !== 'ok')
          terminal.note(...findingLines(finding.data, terminal.style))
        else if (terminal.verbose || !finding.success) line(message, level)
      } else if (code === 'failed') {
        phase?.progress.fail(phase.name)
        phase = undefined
      } else if (code !== 'started' && code !== 'finished' && code !== 'still-paused') {
        line(message, level)
      }
    },
    interrupt(text) {
      phase?.progress.warn(`${phase.name} (interrupted)`)
      phase = undefined
      terminal.warning(text)
    },
    end() {
      phase?.progress.warn(`${phase.name} (goes on)`)
      phase = undefined
    },
  }
}
