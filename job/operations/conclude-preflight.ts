import type { OperationRequest } from '../../operation/request.ts'
import type { OperationContext } from '../context/operation-context.ts'
import { Failure } from '../../operation/failure.ts'
import type { Finding } from '../../operation/finding.ts'

/**
 * Records what the checks of an operation found and shows the warnings. An error ends the operation before it has
 * changed anything.
 * @param subject what does not begin, for people: `backup of my-ledger`
 * @throws Failure with the first error and how many more there are
 */
export async function concludePreflight(
  { events, record }: Pick<OperationContext<OperationRequest['kind']>, 'events' | 'record'>,
  subject: string,
  findings: Finding[],
): Promise<void> {
  await record.update((current) => {
    current.findings = findings
  })
  for (const finding of findings.filter(({ outcome }) => outcome === 'warning'))
    events.say('finding', `${finding.check}, ${finding.subject}: ${finding.message}`, {
      level: 'warning',
      data: { ...finding },
    })
  refuseOnErrors(subject, findings)
}

/**
 * Ends an operation before it has changed anything, where a check found an error.
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
