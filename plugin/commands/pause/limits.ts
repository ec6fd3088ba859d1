import { parseDuration } from '../../../operation/duration.ts'
import { ExitCode } from '../../../operation/exit-code.ts'
import { Failure } from '../../../operation/failure.ts'
import type { PauseLimits } from '../../../operation/request.ts'
import { readPauseLimits } from '../../operations/pause-limits.ts'

/** How much longer than --duration a pause may last, ms, for the drain and the calls. */
const marginMs = 60_000
const heldMaxPause = '5m'

/**
 * How long a pause by hand lasts, and its longest time.
 * @throws Failure (usage) where --max-pause would end it before --duration
 */
export function readPauseLength(flags: {
  duration: string | undefined
  maxPause: string | undefined
  maxPauseWait: string
  guard: boolean
  guardTimeout?: string | undefined
}): { pause: PauseLimits; durationMs?: number } {
  if (flags.duration === undefined)
    return { pause: readPauseLimits({ ...flags, maxPause: flags.maxPause ?? heldMaxPause }) }
  const durationMs = Math.round(parseDuration(flags.duration))
  const pause = readPauseLimits({ ...flags, maxPause: flags.maxPause ?? `${durationMs + marginMs}ms` })
  if (durationMs > 0 && durationMs < pause.maxPauseMs) return { pause, durationMs }
  throw new Failure(
    {
      what: `--duration ${flags.duration} cannot be kept`,
      why:
        durationMs > 0
          ? `--max-pause ${flags.maxPause ?? ''} would end the pause before`
          : 'a pause has to last longer than nothing',
      next: 'give a longer --max-pause or another --duration',
    },
    { exitCode: ExitCode.usage },
  )
}
