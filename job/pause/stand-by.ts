import type { OperationContext } from '../context/operation-context.ts'

/**
 * Waits until the guard of an operation that is about to pause stands by, and says what is not as it should be with it.
 * @returns what a window without a guard has to say of itself
 * @throws Failure where none comes; the signal's reason
 */
export async function standBy({
  events,
  guard,
  record,
  request,
  signal,
}: OperationContext<'backup' | 'pause'>): Promise<string[]> {
  if (!request.pause.guard) {
    const note = 'no guard stood by (--guard=false)'
    events.say(
      'note',
      `${note}: if this worker is killed in the pause, the servers stay paused until its Job has started another`,
      { level: 'warning' },
    )
    return [note]
  }
  const findings = await guard.arrival(signal)
  for (const finding of findings)
    events.say('finding', `${finding.check}, ${finding.subject}: ${finding.message}`, {
      level: 'warning',
      data: { ...finding },
    })
  if (findings.length > 0) await record.update((current) => current.findings.push(...findings))
  return []
}
