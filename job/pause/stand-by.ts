import type { OperationContext } from '../context/operation-context.ts'

/**
 * Waits until the guard stands by before a pause, and says what is wrong with it.
 * @returns the notes for the window where no guard is wanted
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
