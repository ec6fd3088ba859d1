import type { Finding } from '../../../operation/finding.ts'

/** What a restore leaves to be done by hand. */
export function checkLeftOut(title: string, leftOut: readonly string[]): Finding[] {
  return leftOut.map((message) => ({
    check: 'not restored',
    subject: title,
    outcome: 'warning',
    message,
    cure: 'see to it after a restore; the backup does not need it',
  }))
}
