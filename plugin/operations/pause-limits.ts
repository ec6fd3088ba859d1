import { ExitCode } from '../../operation/exit-code.ts'
import { Failure } from '../../operation/failure.ts'
import type { PauseLimits } from '../../operation/request.ts'
import { timeSpan } from '../flags/numbers.ts'
import type { Terminal } from '../terminal/terminal.ts'

/**
 * How long servers may drain and stay paused.
 * @throws Failure (usage) where --max-pause leaves no time for the drain
 */
export function readPauseLimits(flags: {
  maxPause: string
  maxPauseWait: string
  guard: boolean
  guardTimeout?: string | undefined
}): PauseLimits {
  const limits = {
    drainMs: timeSpan('--max-pause-wait', flags.maxPauseWait, 1),
    maxPauseMs: timeSpan('--max-pause', flags.maxPause, 1),
    guard: flags.guard,
    ...(flags.guardTimeout === undefined ? {} : { guardWaitMs: timeSpan('--guard-timeout', flags.guardTimeout, 1) }),
  }
  if (limits.drainMs < limits.maxPauseMs) return limits
  throw new Failure(
    {
      what: `--max-pause ${flags.maxPause} is too short`,
      why:
        `servers may take ${flags.maxPauseWait} (--max-pause-wait) to finish what they are doing, ` +
        'and stay paused only after that',
      next: 'give a longer --max-pause or a shorter --max-pause-wait',
    },
    { exitCode: ExitCode.usage },
  )
}

/**
 * The least length of a pause, ms.
 * @throws Failure (usage) where --max-pause may end it before
 */
export function readHold(hold: string, flags: { maxPause: string; maxPauseWait: string; guard: boolean }): number {
  const holdMs = timeSpan('--hold', hold, 1)
  const { drainMs, maxPauseMs } = readPauseLimits(flags)
  if (drainMs + holdMs < maxPauseMs) return holdMs
  throw new Failure(
    {
      what: `--hold ${hold} cannot be kept`,
      why:
        `--max-pause ${flags.maxPause} would end the pause before: ` +
        `servers may take ${flags.maxPauseWait} (--max-pause-wait) until all are paused`,
      next: 'give a longer --max-pause, or a shorter --hold or --max-pause-wait',
    },
    { exitCode: ExitCode.usage },
  )
}

/** Warns of what --guard=false gives up. */
export function warnWithoutGuard(terminal: Terminal, guard: boolean): void {
  if (!guard)
    terminal.warning('--guard=false: if the worker dies, what it paused stays paused until another worker has started')
}
