import { ExitCode } from '../../../operation/exit-code.ts'
import { Failure } from '../../../operation/failure.ts'
import type { PauseWindowRecord } from '../../../operation/record.ts'
import type { Terminal } from '../../terminal/terminal.ts'

/** The window of a pause that was ended, and the operation that held it. */
export interface EndedPause {
  operation: string
  window: PauseWindowRecord
}

/** Shows the verdict on each pause that was ended. */
export function showVerdicts(terminal: Terminal, ended: readonly EndedPause[]): void {
  for (const { operation, window } of ended) {
    const times = `${window.allPausedAt ?? '-'} to ${window.unpauseSentAt ?? '-'}`
    if (window.verdict === 'valid')
      terminal.note(
        `${terminal.style('green', '✔')} the pause of ${operation} is valid: ` +
          `${times}, restore point ${window.restorePoint ?? '-'}`,
      )
    else terminal.note(`${terminal.style('red', '✖')} the pause of ${operation} is void: ${window.reasons.join('; ')}`)
  }
}

/** @throws Failure (exit code 3) where one of them proves nothing */
export function refuseVoid(ended: readonly EndedPause[]): void {
  const spoilt = ended.find(({ window }) => window.verdict !== 'valid')
  if (spoilt === undefined) return
  throw new Failure(
    {
      what:
        `all serve again, but the pause of ${spoilt.operation} proves nothing: ` +
        'do not rely on a backup that was taken in it',
      why: spoilt.window.reasons.join('; '),
      next: 'pause again, and take the backup anew',
    },
    { exitCode: ExitCode.backupUnusable },
  )
}
