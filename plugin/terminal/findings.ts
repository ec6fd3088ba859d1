import type { Finding } from '../../operation/finding.ts'
import type { Terminal } from './terminal.ts'

const marks = { ok: ['green', '✔'], warning: ['yellow', '⚠'], error: ['red', '✖'] } as const

/** One check on one line, and its cure on the next where it found something. */
export function findingLines(finding: Finding, style: Terminal['style']): string[] {
  const [color, mark] = marks[finding.outcome]
  return [
    `${style(color, mark)} ${finding.check}, ${finding.subject}: ${finding.message}`,
    ...(finding.cure === undefined ? [] : [`    ${style('bold', 'cure:')} ${finding.cure}`]),
  ]
}
