import { formatDuration } from '../../../operation/duration.ts'
import type { Events } from '../../process/events.ts'

/** How often every part that is at work is told of again, ms. */
const everyMs = 30_000

/**
 * What becomes of each table or container, as events: one line for each whenever its phase changes, and every half
 * minute in between.
 */
export interface PartProgress {
  /**
   * a part comes into a phase, such as `restoring`, or is still in it
   * @param leftMs how much longer it will be, where something tells
   */
  enter(part: string, phase: string, leftMs?: number): void
  done(part: string): void
  end(): void
}

interface Place {
  phase: string
  sinceMs: number
  untilMs?: number
}

/**
 * @param sizes bytes by part. The service tells nothing of how far a restore is; what others of about that size and
 * more took is the only basis for an estimate, and without any there is none
 * @param unit what the parts are, for people
 */
export function partProgress(
  events: Events,
  sizes: ReadonlyMap<string, number>,
  unit: 'tables' | 'containers' | 'instances' | 'clusters' | 'servers' = 'tables',
): PartProgress {
  const places = new Map<string, Place>()
  const took: { phase: string; bytes: number; ms: number }[] = []
  let finished = 0

  function say(part: string, { phase, sinceMs, untilMs }: Place): void {
    const elapsedMs = Date.now() - sinceMs
    const basis = took.filter((one) => one.phase === phase && one.bytes >= (sizes.get(part) ?? 0)).map(({ ms }) => ms)
    const leftMs =
      untilMs !== undefined ? untilMs - Date.now() : basis.length === 0 ? undefined : Math.max(...basis) - elapsedMs
    const estimate = leftMs === undefined || leftMs <= 0 ? '' : `, about ${formatDuration(leftMs)} left`
    const data = {
      subject: part,
      phase,
      elapsedMs,
      done: finished,
      total: sizes.size,
      unit,
      ...(estimate === '' ? {} : { leftMs }),
    }
    events.say('progress', `${part} ${phase}${elapsedMs < 1000 ? '' : `, ${formatDuration(elapsedMs)}`}${estimate};`, {
      data,
    })
  }

  function leave(part: string): void {
    const place = places.get(part)
    if (place !== undefined)
      took.push({ phase: place.phase, bytes: sizes.get(part) ?? 0, ms: Date.now() - place.sinceMs })
    places.delete(part)
  }

  const timer = setInterval(() => places.forEach((place, part) => say(part, place)), everyMs)
  timer.unref()
  return {
    enter(part, phase, leftMs) {
      const until = leftMs === undefined ? {} : { untilMs: Date.now() + leftMs }
      const present = places.get(part)
      if (present?.phase === phase) {
        Object.assign(present, until)
        return
      }
      leave(part)
      const place: Place = { phase, sinceMs: Date.now(), ...until }
      places.set(part, place)
      say(part, place)
    },
    done(part) {
      leave(part)
      finished += 1
      say(part, { phase: 'done', sinceMs: Date.now() })
    },
    end: () => clearInterval(timer),
  }
}
