import type { WorkerEvent } from '../../../operation/event.ts'
import type { Terminal } from '../../terminal/terminal.ts'

/**
 * An event as one line: when and what, coloured by its level. The message of progress holds `done` and `total` already.
 */
export function eventLine(event: WorkerEvent, style: Terminal['style']): string {
  const time = style('dim', event.time.slice(0, 19).replace('T', ' ') + 'Z')
  const { cure } = event.data ?? {}
  const hint = event.level !== 'info' && typeof cure === 'string' ? ` — ${cure}` : ''
  return `${time} ${paint(event, `${event.message}${hint}`, style)}`
}

function paint(event: WorkerEvent, text: string, style: Terminal['style']): string {
  if (event.code === 'still-paused') return style('alarm', text)
  if (event.level === 'error') return style('red', text)
  if (event.level === 'warning') return style('yellow', text)
  return event.code === 'phase' ? style('bold', text) : text
}
