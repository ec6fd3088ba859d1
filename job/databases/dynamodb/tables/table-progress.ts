import { formatDuration } from '../../../../operation/duration.ts'
import type { Events } from '../../../process/events.ts'

/** How often every table that is at work is told of again, ms. */
const everyMs = 30_000

/**
 * What becomes of each table, as events: one line per table whenever its phase changes, and every half minute in
 * between.
 */
export interface TableProgress {
  /**
   * a table comes into a phase, such as `restoring`, or is still in it
   * @param leftMs how much longer it will be, where something tells
   */
  enter(table: string, phase: string, leftMs?: number): void
  done(table: string): void
  end(): void
}

interface Place {
  phase: string
  sinceMs: number
  untilMs?: number
}

/**
 * @param sizes bytes by table. AWS tells nothing of how far a restore is; what others of about that size and more took
 * is the only basis for an estimate, and without any there is none
 */
export function tableProgress(events: Events, sizes: ReadonlyMap<string, number>): TableProgress {
  const places = new Map<string, Place>()
  const took: { phase: string; bytes: number; ms: number }[] = []
  let finished = 0

  function say(table: string, { phase, sinceMs, untilMs }: Place): void {
    const elapsedMs = Date.now() - sinceMs
    const basis = took.filter((one) => one.phase === phase && one.bytes >= (sizes.get(table) ?? 0)).map(({ ms }) => ms)
    const leftMs =
      untilMs !== undefined ? untilMs - Date.now() : basis.length === 0 ? undefined : Math.max(...basis) - elapsedMs
    const estimate = leftMs === undefined || leftMs <= 0 ? '' : `, about ${formatDuration(leftMs)} left`
    const data = {
      subject: table,
      phase,
      elapsedMs,
      done: finished,
      total: sizes.size,
      unit: 'tables',
      ...(estimate === '' ? {} : { leftMs }),
    }
    events.say('progress', `${table} ${phase}${elapsedMs < 1000 ? '' : `, ${formatDuration(elapsedMs)}`}${estimate};`, {
      data,
    })
  }

  function leave(table: string): void {
    const place = places.get(table)
    if (place !== undefined)
      took.push({ phase: place.phase, bytes: sizes.get(table) ?? 0, ms: Date.now() - place.sinceMs })
    places.delete(table)
  }

  const timer = setInterval(() => places.forEach((place, table) => say(table, place)), everyMs)
  timer.unref()
  return {
    enter(table, phase, leftMs) {
      const until = leftMs === undefined ? {} : { untilMs: Date.now() + leftMs }
      const present = places.get(table)
      if (present?.phase === phase) {
        Object.assign(present, until)
        return
      }
      leave(table)
      const place: Place = { phase, sinceMs: Date.now(), ...until }
      places.set(table, place)
      say(table, place)
    },
    done(table) {
      leave(table)
      finished += 1
      say(table, { phase: 'done', sinceMs: Date.now() })
    },
    end: () => clearInterval(timer),
  }
}
