// Room: the flexible server of one release being backed up.
// Read source, preflight.

import * as z from 'zod'
import { Failure } from '../../../../operation/failure.ts'
import type { Finding } from '../../../../operation/finding.ts'
import type { DatabaseBackup } from '../../../../operation/record.ts'
import { formatTime } from '../../../../operation/time.ts'
import { ResourceManager } from '../../../azure/resource-manager.ts'
import { clockRecordSchema } from '../../../clocks/clock-record.ts'
import type { StorageSettings } from '../../../scalardb/storage-settings.ts'
import type { BackupContext, BackupSource, PauseMoment, Snapshot, Source } from '../../database.ts'
import { checkServerClock, measureIfReached } from '../../managed-server/measure-server-clock.ts'
import { PointHold } from '../../point-in-time/held-point.ts'
import { partProgress } from '../../point-in-time/progress.ts'
import { waitUntilRestorable, type RestorableParts } from '../../point-in-time/wait-until-restorable.ts'
import { accessOf, serverOf, titleOf, type Access } from '../access.ts'
import { serverFailure } from '../server-failure.ts'
import type { Details } from '../details.ts'
import type { FlexibleService } from '../service.ts'
import { findServer } from '../servers/find-server.ts'
import { readSettings } from '../servers/read-settings.ts'
import { createdAt, sameServer, type FlexibleServer } from '../servers/server.ts'
import { windowOf } from '../servers/window.ts'
import { checkLeftOut, checkPast, checkRights, checkServer } from './preflight.ts'

/**
 * How long Azure may be out of reach: before the pause, when somebody waits to be told, and once the point must not be
 * lost, ms.
 */
const hastyMs = 15_000
const patientMs = 1_800_000
/** ScalarDL's guide: ten seconds where a clock that nobody compared decides the point, ms. */
const unmeasuredMs = 10_000
const dayMs = 86_400_000

/** What a later worker needs of a snapshot: of which server it is. */
const durableSchema = z.object({ id: z.string(), createdAt: z.string(), clock: clockRecordSchema.optional() })
type Point = z.infer<typeof durableSchema> & { atMs: number }

/** A flexible server being backed up: the service keeps its past, so a backup is a moment of its own clock. */
export class FlexibleServerSource implements BackupSource {
  readonly #service: FlexibleService
  readonly #settings: StorageSettings[]
  readonly #first: StorageSettings
  readonly #context: BackupContext
  readonly #title: string
  readonly #hold: PointHold
  #access: Promise<Access> | undefined
  #found: Promise<FlexibleServer> | undefined
  #point: Point | undefined

  constructor(service: FlexibleService, settings: StorageSettings[], context: BackupContext) {
    const [first] = settings
    if (first === undefined) throw new Error('a database without storages')
    this.#service = service
    this.#settings = settings
    this.#first = first
    this.#context = context
    this.#title = titleOf(service, serverOf(first))
    const measure = (signal: AbortSignal) => measureIfReached(settings, signal)
    this.#hold = new PointHold({ title: this.#title, measure, unmeasuredMs }, context)
  }

  async describe(): Promise<Source> {
    await this.#look()
    const storages = this.#settings.map(({ storage }) => storage)
    return { title: this.#title, kind: this.#service.name, storages, tables: [], estimatedBytes: 0 }
  }

  async preflight(): Promise<Finding[]> {
    const title = this.#title
    try {
      const server = await this.#look()
      const serves = checkServer(this.#service, title, server)
      if (serves.outcome === 'error') return [serves]
      const past = checkPast(title, server)
      if (past.outcome === 'error') return [serves, past]
      const arm = await this.#open(hastyMs)
      return [
        serves,
        past,
        await checkServerClock(title, this.#settings, this.#context.signal),
        await checkRights(this.#service, arm, title, server),
        ...checkLeftOut(title, await readSettings(this.#service, arm, server)),
      ]
    } catch (error) {
      this.#context.signal.throwIfAborted()
      const { what, why, next } = serverFailure(this.#service, 'the preflight failed', error)
      return [{ check: 'server', subject: title, outcome: 'error', message: `${what}: ${why}`, cure: next }]
    }
  }

  async prepare(): Promise<void> {
    await this.#look()
    await this.#hold.prepare()
  }

  holdMs(): number {
    return this.#hold.longestMs()
  }

  /** Whatever the server holds at the point comes back with it, so nothing is looked up inside the pause. */
  async snapshot(pause?: PauseMoment): Promise<Snapshot> {
    const server = await this.#look()
    const { atMs, ...clock } = await this.#hold.hold(pause)
    const durable = { id: server.id, createdAt: createdAt(server), ...clock }
    this.#point = { atMs, ...durable }
    return { at: formatTime(atMs), durable }
  }

  resume({ at, durable }: Snapshot): void {
    this.#point = { ...durableSchema.parse(durable), atMs: Date.parse(at) }
  }

  async complete(): Promise<DatabaseBackup> {
    const point = this.#point
    if (point === undefined) throw new Error('complete() before snapshot()')
    const { events, signal } = this.#context
    const title = this.#title
    const progress = partProgress(events, new Map([[title, 0]]), 'servers')
    try {
      const arm = await this.#open(patientMs)
      await waitUntilRestorable(restorable(arm, title, point), [title], point.atMs, { signal, progress })
      const details = await this.#describeBackup(arm, point)
      return {
        storages: this.#settings.map(({ storage }) => storage),
        kind: this.#service.name,
        title,
        tables: [],
        snapshotAt: formatTime(point.atMs),
        details: JSON.parse(JSON.stringify(details)) as DatabaseBackup['details'],
      }
    } catch (error) {
      signal.throwIfAborted()
      throw serverFailure(this.#service, `the restore point in ${title} was lost`, error)
    } finally {
      progress.end()
    }
  }

  close = () => Promise.resolve()

  /** All that a later restore has to know of the server, as it is just after the point. */
  async #describeBackup(arm: ResourceManager, point: Point): Promise<Details> {
    const server = await sameServer(arm, point)
    if (server === undefined) throw gone(this.#title)
    const { port } = serverOf(this.#first)
    const { earliestMs, periodDays } = windowOf(server)
    return {
      version: 1,
      id: server.id,
      createdAt: point.createdAt,
      host: server.properties.fullyQualifiedDomainName ?? '',
      port,
      ...(point.clock === undefined ? {} : { clock: point.clock }),
      ...(earliestMs === undefined ? {} : { restorableFrom: formatTime(earliestMs) }),
      ...(periodDays === undefined ? {} : { restorableUntil: formatTime(point.atMs + periodDays * dayMs) }),
      settings: await readSettings(this.#service, arm, server),
    }
  }

  async #open(patienceMs: number): Promise<ResourceManager> {
    const { signal } = this.#context
    return new ResourceManager((await this.#place()).cloud, { patienceMs, signal })
  }

  async #place(): Promise<Access> {
    const { flags, signal } = this.#context
    this.#access ??= accessOf(this.#service, this.#first, flags?.own, signal)
    return await this.#access
  }

  /** Looked up once: a preflight and its pause speak of the same server. */
  async #look(): Promise<FlexibleServer> {
    this.#found ??= this.#find()
    return await this.#found
  }

  async #find(): Promise<FlexibleServer> {
    const { signal } = this.#context
    try {
      const arm = await this.#open(hastyMs)
      return await findServer(this.#service, arm, await this.#place())
    } catch (error) {
      signal.throwIfAborted()
      throw serverFailure(this.#service, `the flexible server of ${this.#title} cannot be looked at`, error)
    }
  }
}

/** A server, as its log is waited for, which is in its backup some minutes after it was written. */
function restorable(arm: ResourceManager, title: string, point: Point): RestorableParts {
  return {
    noun: 'server',
    keeper: 'past',
    cure: 'see that nobody deletes the server, then back up again',
    readWindow: async () => {
      const server = await sameServer(arm, point)
      if (server === undefined) throw gone(title)
      return windowOf(server, point.clock?.lowMs)
    },
  }
}

function gone(title: string): Failure {
  return new Failure({
    what: `${title} cannot be brought back to the restore point`,
    why: 'the server is gone, or another has its name now',
    next: 'see that nobody deletes the server, then back up again',
  })
}
