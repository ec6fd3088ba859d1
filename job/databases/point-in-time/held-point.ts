// Room: databases whose service keeps their past: a moment is held in a pause, waited for, and found again.
// Read past-source (a backup of such a database), held-point, recovery-window, wait-until-restorable, check-point,
// progress, restored-name, loses.

import { setTimeout as sleep } from 'node:timers/promises'
import { formatDuration } from '../../../operation/duration.ts'
import { formatTime } from '../../../operation/time.ts'
import { clockRecord, type ClockRecord } from '../../clocks/clock-record.ts'
import { holdUntilSafe } from '../../clocks/hold-until-safe.ts'
import type { ClockMeasurement } from '../../clocks/measure-clock.ts'
import { longestHoldMs, unmeasuredMs as usualUnmeasuredMs } from '../../clocks/safe-point.ts'
import type { DatabaseContext, PauseMoment } from '../database.ts'

/**
 * Restore points are whole seconds, and which moment of its second one brings back the services do not say: all of it
 * has to be safe.
 */
const secondMs = 1000

interface Service {
  title: string
  /** measures the clock that decides; undefined where it could not be measured. @throws the signal's reason */
  measure(signal: AbortSignal): Promise<ClockMeasurement | undefined>
  /** how long a pause is held where the clock could not be measured, ms */
  unmeasuredMs?: number
}

/** A whole second of the service's clock in which everything stood still. */
export interface HeldPoint {
  atMs: number
  /** by which its time is one; absent where it could not be measured */
  clock?: ClockRecord
}

/** Holds a pause by the clock that decides the restore point: measured before it, waited for inside it. */
export class PointHold {
  readonly #service: Service
  readonly #context: DatabaseContext
  #measurement: ClockMeasurement | undefined

  constructor(service: Service, context: DatabaseContext) {
    this.#service = service
    this.#context = context
  }

  /** Measures the clock, before the pause. */
  async prepare(): Promise<void> {
    const { signal, events } = this.#context
    const { title, measure } = this.#service
    this.#measurement = await measure(signal)
    if (this.#measurement === undefined)
      events.say(
        'note',
        `the clock of ${title} could not be measured; the pause will be held for ` +
          `${formatDuration(this.#unmeasuredMs)}, and its middle taken`,
        { level: 'warning' },
      )
  }

  /** how long a pause may have to last, ms */
  longestMs(): number {
    return longestHoldMs(this.#measurement, secondMs, this.#unmeasuredMs) + this.#wholeSecondMs()
  }

  /**
   * Waits inside the pause until it holds a whole second.
   * @param pause absent where none is needed: nothing keeps others from writing, and the point is only as good as that
   * @throws Failure, at once, where the pause may not last so long; the signal's reason
   */
  async hold(pause: PauseMoment | undefined): Promise<HeldPoint> {
    const { allPausedAt, endsAtMs, signal } = pause ?? {
      allPausedAt: formatTime(Date.now()),
      endsAtMs: Infinity,
      signal: this.#context.signal,
    }
    const measurement = this.#measurement
    const { pointMs } = await holdUntilSafe({
      fromMs: Date.parse(allPausedAt),
      endsAtMs: endsAtMs - this.#wholeSecondMs(),
      measurement,
      granularityMs: secondMs,
      unmeasuredMs: this.#unmeasuredMs,
      signal,
    })
    await sleep(this.#wholeSecondMs(), undefined, { signal })
    return { atMs: pointMs, ...(measurement === undefined ? {} : { clock: clockRecord(measurement) }) }
  }

  get #unmeasuredMs(): number {
    return this.#service.unmeasuredMs ?? usualUnmeasuredMs
  }

  /**
   * What a pause has to go on for after its point; the middle of one without a measurement has seconds to both sides.
   */
  #wholeSecondMs(): number {
    return this.#measurement === undefined ? 0 : secondMs
  }
}
