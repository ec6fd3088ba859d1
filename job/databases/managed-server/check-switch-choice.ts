import type { Finding } from '../../../operation/finding.ts'
import type { RestoreChoice } from '../../../operation/restore-options.ts'
import type { WorkContext } from '../point-in-time/work-context.ts'
import type { ServerRepointing } from './server-repointing.ts'

interface Restore {
  title: string
  choice: RestoreChoice
  context: WorkContext
}

/**
 * Whether the releases can be pointed to the restored server as it was chosen. A restore removes no former one.
 * @param kept why the former one is not removed, and what to do about it
 */
export async function checkSwitchChoice(
  { title, choice, context }: Restore,
  repointing: ServerRepointing,
  noun: string,
  kept: { message: string; cure: string },
): Promise<Finding[]> {
  const printed: Finding = {
    check: 'pointing the releases',
    subject: title,
    outcome: 'ok',
    message: `shown once the ${noun} is whole; the releases serve on`,
  }
  const refused: Finding = { check: `former ${noun}`, subject: title, outcome: 'error', ...kept }
  return [
    ...(choice.repoint === 'print' ? [printed] : await repointing.findings()),
    ...(context.dropPrevious === true ? [refused] : []),
  ]
}
