import type { Finding } from '../../operation/finding.ts'
import type { Terminal } from './terminal.ts'

const marks = { ok: ['green', '✔'], warning: ['yellow', '⚠'], error: ['red', '✖'] } as const

/** One check on one line, with its cure where it found something. */
export function findingLine(finding: Finding, style: Terminal['style']): string {
  const [color, mark] = marks[finding.outcome]
  const cure = finding.cure === undefined ? '' : `\n    ${style('bold', 'cure:')} ${finding.cure}`
  return `${style(color, mark)} ${finding.check}, ${finding.subject}: ${finding.message}${cure}`
}
