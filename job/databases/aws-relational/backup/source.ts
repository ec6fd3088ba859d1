// Room: the instance or cluster of one release being backed up.
// Read source, preflight.

import type { RDSClient } from '@aws-sdk/client-rds'
import * as z from 'zod'
import { Failure } from '../../../../operation/failure.ts'
import type { Finding } from '../../../../operation/finding.ts'
import type { DatabaseBackup } from '../../../../operation/record.ts'
import { formatTime } from '../../../../operation/time.ts'
import { clockRecordSchema } from '../../../clocks/clock-record.ts'
import type { StorageSettings } from '../../../scalardb/storage-settings.ts'
import type { BackupContext, BackupSource, PauseMoment, Snapshot, Source } from '../../database.ts'
import { PointHold } from '../../point-in-time/held-point.ts'
import { partProgress } from '../../point-in-time/progress.ts'
import { waitUntilRestorable, type RestorableParts } from '../../point-in-time/wait-until-restorable.ts'
import { checkServerClock, measureIfReached } from '../../managed-server/measure-server-clock.ts'
import { oneServerOf } from '../../managed-server/server.ts'
import { titleOf } from '../access.ts'
import { openClient } from '../client.ts'
import { findByLead, leadOf, type Lead } from '../lead.ts'
import { accountOf } from '../past.ts'
import { rdsFailure } from '../rds-failure.ts'
import type { Kept, RelationalKind } from '../relational-kind.ts'
import { checkLeftOut, checkPast, checkRights } from './preflight.ts'

/**
 * How long AWS may be out of reach: before the pause, when somebody waits to be told, and once the point must not be
 * lost, ms.
 */
const hastyMs = 15_000
const patientMs = 1_800_000
/** ScalarDL's guide: ten seconds where a clock that nobody compared decides the point, ms. */
const unmeasuredMs = 10_000
const dayMs = 86_400_000

/** What a later worker needs of a snapshot. */
const durableSchema = z.object({ resourceId: z.string(), clock: clockRecordSchema.optional() })
type Point = z.infer<typeof durableSchema> & { atMs: number }

/** One that is backed up: the service keeps its past, so a backup is a moment of its server's clock. */
export class RelationalSource<One extends Kept, Settings> implements BackupSource {
  readonly #kind: RelationalKind<One, Settings>
  readonly #settings: StorageSettings[]
  readonly #first: StorageSettings
  readonly #context: BackupContext
  readonly #title: string
  readonly #hold: PointHold
  readonly #clients: RDSClient[] = []
  #lead: Promise<Lead> | undefined
  #found: Promise<One> | undefined
  #point: Point | undefined

  constructor(kind: RelationalKind<One, Settings>, settings: StorageSettings[], context: BackupContext) {
    const [first] = settings
    if (first === undefined) throw new Error('a database without storages')
    this.#kind = kind
    this.#settings = settings
    this.#first = first
    this.#context = context
    this.#title = titleOf(kind.name, oneServerOf(first, kind.service))
    const measure = (signal: AbortSignal) => measureIfReached(settings, signal)
    this.#hold = new PointHold({ title: this.#title, measure, unmeasuredMs }, context)
  }

  async describe(): Promise<Source> {
    await this.#look()
    const storages = this.#settings.map(({ storage }) => storage)
    return { title: this.#title, kind: this.#kind.name, storages, tables: [], estimatedBytes: 0 }
  }

  async preflight(): Promise<Finding[]> {
    const title = this.#title
    try {
      const kind = this.#kind
      const one = await this.#look()
      const { region } = await this.#leading()
      const serving = kind.checkServing(title, region, one)
      if (serving.outcome === 'error') return [serving]
      const client = this.#open(region, hastyMs)
      const past = checkPast(title, kind, one, await kind.pastOf(client, one.resourceId))
      return [
        serving,
        past,
        await checkServerClock(title, this.#settings, this.#context.signal),
        ...(past.outcome === 'error' ? [] : [await checkRights(kind, client, title, one)]),
        ...checkLeftOut(title, kind.leftOut(kind.settingsOf(one))),
      ]
    } catch (error) {
      this.#context.signal.throwIfAborted()
      const { what, why, next } = rdsFailure('the preflight failed', error)
      return [{ check: this.#kind.noun, subject: title, outcome: 'error', message: `${what}: ${why}`, cure: next }]
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
    const { resourceId } = await this.#look()
    const { atMs, ...clock } = await this.#hold.hold(pause)
    const durable = { resourceId, ...clock }
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
    const progress = partProgress(events, new Map([[title, 0]]), `${this.#kind.noun}s`)
    try {
      const lead = await this.#leading()
      const client = this.#open(lead.region, patientMs)
      await waitUntilRestorable(this.#restorable(client, point.resourceId), [title], point.atMs, { signal, progress })
      const details = await this.#describeBackup(client, lead, point)
      return {
        storages: this.#settings.map(({ storage }) => storage),
        kind: this.#kind.name,
        title,
        tables: [],
        snapshotAt: formatTime(point.atMs),
        details: JSON.parse(JSON.stringify(details)) as DatabaseBackup['details'],
      }
    } catch (error) {
      signal.throwIfAborted()
      throw rdsFailure(`the restore point in ${title} was lost`, error)
    } finally {
      progress.end()
    }
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.destroy()
  }

  /** All that a later restore has to know, as it is just after the point. */
  async #describeBackup(client: RDSClient, lead: Lead, { atMs, clock, resourceId }: Point): Promise<object> {
    const kind = this.#kind
    const one = await findByLead(kind, client, lead)
    const past = await kind.pastOf(client, resourceId)
    if (one.resourceId !== resourceId || past === undefined)
      throw new Failure({
        what: `${this.#title} cannot be brought back to the restore point`,
        why: `its automated backups were turned off, or another ${kind.noun} has its name now`,
        next: 'see that automated backups stay on, then back up again',
      })
    const { earliestMs, periodDays } = past.window
    return {
      version: 1,
      region: lead.region,
      account: accountOf(one.arn),
      [kind.noun]: one.name,
      resourceId,
      host: one.server?.host ?? '',
      port: lead.port,
      ...(clock === undefined ? {} : { clock }),
      ...(earliestMs === undefined ? {} : { restorableFrom: formatTime(earliestMs) }),
      ...(periodDays === undefined ? {} : { restorableUntil: formatTime(atMs + periodDays * dayMs) }),
      ...(one.network === undefined ? {} : { network: one.network }),
      settings: kind.settingsOf(one),
    }
  }

  /** As its window is waited for: what can be brought back trails the present by some five minutes. */
  #restorable(client: RDSClient, resourceId: string): RestorableParts {
    const { noun } = this.#kind
    return {
      noun,
      keeper: 'backup retention',
      cure: `see that automated backups stay on and nobody deletes the ${noun}, then back up again`,
      readWindow: async () => (await this.#kind.pastOf(client, resourceId))?.window,
    }
  }

  #open(region: string, patienceMs: number): RDSClient {
    const client = openClient(region, { patienceMs, signal: this.#context.signal })
    this.#clients.push(client)
    return client
  }

  async #leading(): Promise<Lead> {
    this.#lead ??= leadOf(this.#kind, this.#first, this.#context.signal)
    return await this.#lead
  }

  /** Looked up once: a preflight and its pause speak of the same one. */
  async #look(): Promise<One> {
    this.#found ??= this.#find()
    return await this.#found
  }

  async #find(): Promise<One> {
    try {
      const lead = await this.#leading()
      return await findByLead(this.#kind, this.#open(lead.region, hastyMs), lead)
    } catch (error) {
      this.#context.signal.throwIfAborted()
      throw rdsFailure(`the ${this.#kind.noun} of ${this.#title} cannot be looked at`, error)
    }
  }
}
