import { Failure } from '../../operation/failure.ts'
import type { Finding } from '../../operation/finding.ts'

/**
 * Ends an operation before it has touched anything, where a check found an error.
 * @param subject what does not begin, for people: `backup of my-ledger`
 * @throws Failure with the first error and how many more there are
 */
export function refuseOnErrors(subject: string, findings: readonly Finding[]): void {
  const [first, ...more] = findings.filter(({ outcome }) => outcome === 'error')
  if (first === undefined) return
  const others =
    more.length === 0
      ? ''
      : ` (and ${more.length} more: ${more.map((one) => `${one.check} of ${one.subject}`).join(', ')})`
  throw new Failure({
    what: `${subject} was not begun, nothing was touched`,
    why: `${first.check}, ${first.subject}: ${first.message}${others}`,
    next: first.cure ?? 'see all checks with `kubectl scalardl doctor`',
  })
}
