import { Failure, messageOf } from '../../operation/failure.ts'
import type { Events } from '../process/events.ts'

/**
 * Waits until what an operation that is given up has made is removed. A failure is told as a warning and not thrown: it
 * costs space, and must not hide why the operation was given up.
 * @returns what could not be removed, a line for people each
 */
export async function tidyUp(
  { events }: { events: Events },
  removals: readonly (Promise<unknown> | undefined)[],
): Promise<string[]> {
  const settled = await Promise.allSettled(removals)
  const left = settled.flatMap((one) => (one.status === 'rejected' ? [leftText(one.reason)] : []))
  for (const text of left) events.say('note', text, { level: 'warning' })
  return left
}

function leftText(error: unknown): string {
  return error instanceof Failure ? `${error.what}: ${error.why}; ${error.next}` : messageOf(error)
}
