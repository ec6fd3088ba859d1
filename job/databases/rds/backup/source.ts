// Room: the instance of one release being backed up.
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
import { serverOf, titleOf } from '../access.ts'
import { openClient } from '../client.ts'
import { kindName, type Details } from '../details.ts'
import { findInstance, leadOf, type Found, type Lead } from '../instances/find-instance.ts'
import { accountOf, pastOf } from '../instances/look.ts'
import { settingsOf } from '../instances/settings.ts'
import { rdsFailure } from '../rds-failure.ts'
import { checkServerClock, measureIfReached } from '../../managed-server/measure-server-clock.ts'
import { checkInstance, checkLeftOut, checkPast, checkRights } from './preflight.ts'

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

/** An instance of RDS being backed up: the service keeps its past, so a backup is a moment of its server's clock. */
export class RdsSource implements BackupSource {
  readonly #settings: StorageSettings[]
  readonly #first: StorageSettings
  readonly #context: BackupContext
  readonly #title: string
  readonly #hold: PointHold
  readonly #clients: RDSClient[] = []
  #lead: Promise<Lead> | undefined
  #found: Promise<Found> | undefined
  #point: Point | undefined

  constructor(settings: StorageSettings[], context: BackupContext) {
    const [first] = settings
    if (first === undefined) throw new Error('a database without storages')
    this.#settings = settings
    this.#first = first
    this.#context = context
    this.#title = titleOf(serverOf(first))
    const measure = (signal: AbortSignal) => measureIfReached(settings, signal)
    this.#hold = new PointHold({ title: this.#title, measure, unmeasuredMs }, context)
  }

  async describe(): Promise<Source> {
    await this.#look()
    const storages = this.#settings.map(({ storage }) => storage)
    return { title: this.#title, kind: kindName, storages, tables: [], estimatedBytes: 0 }
  }

  async preflight(): Promise<Finding[]> {
    const title = this.#title
    try {
      const found = await this.#look()
      const serving = checkInstance(title, found)
      if (serving.outcome === 'error') return [serving]
      const { instance, region } = found
      const client = this.#open(region, hastyMs)
      const past = checkPast(title, instance, await pastOf(client, instance.DbiResourceId))
      return [
        serving,
        past,
        await checkServerClock(title, this.#settings, this.#context.signal),
        ...(past.outcome === 'error' ? [] : [await checkRights(client, title, instance)]),
        ...checkLeftOut(title, instance),
      ]
    } catch (error) {
      this.#context.signal.throwIfAborted()
      const { what, why, next } = rdsFailure('the preflight failed', error)
      return [{ check: 'instance', subject: title, outcome: 'error', message: `${what}: ${why}`, cure: next }]
    }
  }

  async prepare(): Promise<void> {
    await this.#look()
    await this.#hold.prepare()
  }

  holdMs(): number {
    return this.#hold.longestMs()
  }

  /** Whatever the instance holds at the point comes back with it, so nothing is looked up inside the pause. */
  async snapshot(pause?: PauseMoment): Promise<Snapshot> {
    const { instance } = await this.#look()
    const { atMs, ...clock } = await this.#hold.hold(pause)
    const durable = { resourceId: instance.DbiResourceId, ...clock }
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
    const progress = partProgress(events, new Map([[title, 0]]), 'instances')
    try {
      const lead = await this.#leading()
      const client = this.#open(lead.region, patientMs)
      await waitUntilRestorable(restorable(client, point.resourceId), [title], point.atMs, { signal, progress })
      const details = await this.#describeBackup(client, lead, point)
      return {
        storages: this.#settings.map(({ storage }) => storage),
        kind: kindName,
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

  /** All that a later restore has to know of the instance, as it is just after the point. */
  async #describeBackup(client: RDSClient, lead: Lead, { atMs, clock, resourceId }: Point): Promise<Details> {
    const { instance, region } = await findInstance(client, lead)
    const past = await pastOf(client, resourceId)
    if (instance.DbiResourceId !== resourceId || past === undefined)
      throw new Failure({
        what: `${this.#title} cannot be brought back to the restore point`,
        why: 'its automated backups were turned off, or another instance has its name now',
        next: 'see that automated backups stay on, then back up again',
      })
    const { earliestMs, periodDays } = past.window
    const network = instance.DBSubnetGroup?.VpcId
    return {
      version: 1,
      region,
      account: accountOf(instance.DBInstanceArn),
      instance: instance.DBInstanceIdentifier,
      resourceId,
      host: instance.Endpoint?.Address ?? '',
      port: lead.port,
      ...(clock === undefined ? {} : { clock }),
      ...(earliestMs === undefined ? {} : { restorableFrom: formatTime(earliestMs) }),
      ...(periodDays === undefined ? {} : { restorableUntil: formatTime(atMs + periodDays * dayMs) }),
      ...(network === undefined ? {} : { network }),
      settings: settingsOf(instance),
    }
  }

  #open(region: string, patienceMs: number): RDSClient {
    const client = openClient(region, { patienceMs, signal: this.#context.signal })
    this.#clients.push(client)
    return client
  }

  async #leading(): Promise<Lead> {
    this.#lead ??= leadOf(this.#first, this.#context.signal)
    return await this.#lead
  }

  /** Looked up once: a preflight and its pause speak of the same instance. */
  async #look(): Promise<Found> {
    this.#found ??= this.#find()
    return await this.#found
  }

  async #find(): Promise<Found> {
    try {
      const lead = await this.#leading()
      return await findInstance(this.#open(lead.region, hastyMs), lead)
    } catch (error) {
      this.#context.signal.throwIfAborted()
      throw rdsFailure(`the instance of ${this.#title} cannot be looked at`, error)
    }
  }
}

/** An instance, as its window is waited for: what can be brought back trails the present by some five minutes. */
function restorable(client: RDSClient, resourceId: string): RestorableParts {
  return {
    noun: 'instance',
    keeper: 'backup retention',
    cure: 'see that automated backups stay on and nobody deletes the instance, then back up again',
    readWindow: async () => (await pastOf(client, resourceId))?.window,
  }
}
