import * as z from 'zod'
import type { Failure } from '../../../operation/failure.ts'
import type { Finding } from '../../../operation/finding.ts'
import type { BackupTable, DatabaseBackup } from '../../../operation/record.ts'
import { formatTime } from '../../../operation/time.ts'
import { clockRecordSchema, type ClockRecord } from '../../clocks/clock-record.ts'
import type { ClockMeasurement } from '../../clocks/measure-clock.ts'
import type { StorageSettings } from '../../scalardb/storage-settings.ts'
import type { BackupContext, BackupSource, PauseMoment, Snapshot, Source } from '../database.ts'
import { findingOf } from '../errors.ts'
import { PointHold } from './held-point.ts'
import { partProgress } from './progress.ts'
import { waitUntilRestorable, type RestorableParts } from './wait-until-restorable.ts'

/** How long a service may be out of reach before the pause, when somebody waits to be told, ms. */
export const hastyMs = 15_000
/** The same once a point has been taken, which must not be lost, ms. */
export const patientMs = 1_800_000
/** ScalarDL's guide: ten seconds where a clock that nobody compared decides the point, ms. */
const unmeasuredMs = 10_000

/** By what a later worker knows the very one that a point was taken of. */
export type Mark = Record<string, z.core.util.JSONType>

/** A moment in a pause, and of what. */
export type Point<Known extends Mark> = Known & { atMs: number; clock?: ClockRecord | undefined }

/** The past of one database, whose service has been reached to keep a point of it. */
export interface ReachedPast {
  /** as their windows are waited for */
  parts: RestorableParts
  /** all that a later restore has to know, as it is just after the point */
  describe(): Promise<object>
}

/** What a kind of database gives for a backup: its names, and the calls to its service. */
export interface KeptPast<Found, Known extends Mark> {
  /** as DatabaseBackup.kind keeps it */
  kind: string
  title: string
  /** what people call it */
  noun: 'account' | 'cluster' | 'instance' | 'server'
  /** what people call the parts that are waited for */
  unit: 'containers' | 'clusters' | 'instances' | 'servers'
  settings: readonly StorageSettings[]
  /** measures the clock that decides; undefined where it could not be measured. @throws the signal's reason */
  measure(signal: AbortSignal): Promise<ClockMeasurement | undefined>
  /** what the release names */
  find(): Promise<Found>
  preflight(found: Found): Promise<Finding[]>
  mark(found: Found): Known
  markSchema: z.ZodType<Known>
  tablesOf(known: Known): BackupTable[]
  /** the parts whose pasts are kept one by one, by the names that people know */
  partsOf(known: Known): string[]
  reach(point: Point<Known>): Promise<ReachedPast>
  /** an error of the service as a person can use it. @throws the error itself where it is none of the service's */
  failure(what: string, error: unknown): Failure
  close(): void
}

/** A database being backed up whose service keeps its past: a backup is a moment of the clock that decides there. */
export class PastSource<Found, Known extends Mark> implements BackupSource {
  readonly #past: KeptPast<Found, Known>
  readonly #context: BackupContext
  readonly #hold: PointHold
  #found: Promise<Found> | undefined
  #point: Point<Known> | undefined

  constructor(past: KeptPast<Found, Known>, context: BackupContext) {
    this.#past = past
    this.#context = context
    const measure = (signal: AbortSignal) => past.measure(signal)
    this.#hold = new PointHold({ title: past.title, measure, unmeasuredMs }, context)
  }

  async describe(): Promise<Source> {
    const past = this.#past
    const tables = past.tablesOf(past.mark(await this.#look()))
    return { ...this.#names(), tables, estimatedBytes: 0 }
  }

  async preflight(): Promise<Finding[]> {
    const past = this.#past
    try {
      return await past.preflight(await this.#look())
    } catch (error) {
      this.#context.signal.throwIfAborted()
      return [findingOf(past.noun, past.title, past.failure('the preflight failed', error))]
    }
  }

  async prepare(): Promise<void> {
    await this.#look()
    await this.#hold.prepare()
  }

  holdMs(): number {
    return this.#hold.longestMs()
  }

  /** Whatever is there at the point comes back with it, so nothing is looked up inside the pause. */
  async snapshot(pause?: PauseMoment): Promise<Snapshot> {
    const known = this.#past.mark(await this.#look())
    const { atMs, ...clock } = await this.#hold.hold(pause)
    this.#point = { ...known, ...clock, atMs }
    return { at: formatTime(atMs), durable: { ...known, ...clock } }
  }

  resume({ at, durable }: Snapshot): void {
    const { clock } = z.object({ clock: clockRecordSchema.optional() }).parse(durable)
    this.#point = { ...this.#past.markSchema.parse(durable), clock, atMs: Date.parse(at) }
  }

  async complete(): Promise<DatabaseBackup> {
    const point = this.#point
    if (point === undefined) throw new Error('complete() before snapshot()')
    const { events, signal } = this.#context
    const past = this.#past
    const parts = past.partsOf(point)
    const progress = partProgress(events, new Map(parts.map((part) => [part, 0])), past.unit)
    try {
      const reached = await past.reach(point)
      await waitUntilRestorable(reached.parts, parts, point.atMs, { signal, progress })
      const details = await reached.describe()
      return {
        ...this.#names(),
        tables: past.tablesOf(point),
        snapshotAt: formatTime(point.atMs),
        details: JSON.parse(JSON.stringify(details)) as DatabaseBackup['details'],
      }
    } catch (error) {
      signal.throwIfAborted()
      throw past.failure(`the restore point in ${past.title} was lost`, error)
    } finally {
      progress.end()
    }
  }

  async close(): Promise<void> {
    this.#past.close()
  }

  #names() {
    const { kind, settings, title } = this.#past
    return { storages: settings.map(({ storage }) => storage), kind, title }
  }

  /** Looked up once: a preflight and its pause speak of the same one. */
  async #look(): Promise<Found> {
    this.#found ??= this.#find()
    return await this.#found
  }

  async #find(): Promise<Found> {
    const past = this.#past
    try {
      return await past.find()
    } catch (error) {
      this.#context.signal.throwIfAborted()
      throw past.failure(`the ${past.noun} of ${past.title} cannot be looked at`, error)
    }
  }
}
