// Room: the account of one release being backed up.
// Read source, preflight, measure-clock, restorable-containers.

import * as z from 'zod'
import { Failure } from '../../../../operation/failure.ts'
import type { Finding } from '../../../../operation/finding.ts'
import type { DatabaseBackup } from '../../../../operation/record.ts'
import { formatTime } from '../../../../operation/time.ts'
import { azureFailure } from '../../../azure/azure-failure.ts'
import { ResourceManager } from '../../../azure/resource-manager.ts'
import { clockRecordSchema } from '../../../clocks/clock-record.ts'
import type { StorageSettings } from '../../../scalardb/storage-settings.ts'
import type { BackupContext, BackupSource, PauseMoment, Snapshot, Source } from '../../database.ts'
import { PointHold } from '../../point-in-time/held-point.ts'
import { partProgress } from '../../point-in-time/progress.ts'
import { waitUntilRestorable } from '../../point-in-time/wait-until-restorable.ts'
import { accessOf, titleOf, type Access } from '../access.ts'
import { daysOf, regionsOf, tierOf, type Account } from '../account/account.ts'
import { findAccount } from '../account/find-account.ts'
import { listContainers, readDatabases, type ContainerName } from '../account/read-databases.ts'
import { readSettings } from '../account/read-settings.ts'
import { pastOf, type Past } from '../account/restorable-account.ts'
import { missingRights } from '../../../azure/rights.ts'
import { kindName, type Details } from '../details.ts'
import { restoreActions } from '../rights-needed.ts'
import { measureCosmosClock } from './measure-clock.ts'
import { checkAccount, checkOthers, checkPast, checkRegions } from './preflight.ts'
import { restorableContainers, titleOfContainer } from './restorable-containers.ts'

/**
 * How long Azure may be out of reach: before the pause, when somebody waits to be told, and once the point must not be
 * lost, ms.
 */
const hastyMs = 15_000
const patientMs = 1_800_000
/** ScalarDL's guide: ten seconds where a clock that nobody compared decides the point, ms. */
const unmeasuredMs = 10_000
const dayMs = 86_400_000

/** What a later worker needs of a snapshot. */
const durableSchema = z.object({
  containers: z.array(z.object({ database: z.string(), container: z.string() })),
  clock: clockRecordSchema.optional(),
})
type Point = z.infer<typeof durableSchema> & { atMs: number }

/** What was found of the account before anything is paused. */
interface Found {
  account: Account
  containers: ContainerName[]
}

/** An account of Cosmos DB being backed up: the service keeps its past, so a backup is a moment of its clock. */
export class CosmosSource implements BackupSource {
  readonly #settings: StorageSettings[]
  readonly #context: BackupContext
  readonly #access: Access
  readonly #title: string
  readonly #hasty: ResourceManager
  readonly #patient: ResourceManager
  readonly #hold: PointHold
  #found: Promise<Found> | undefined
  #point: Point | undefined

  constructor(settings: StorageSettings[], context: BackupContext) {
    this.#settings = settings
    this.#context = context
    this.#access = accessOf(settings, context.flags?.own)
    const { endpoint, cloud } = this.#access
    this.#title = titleOf(endpoint)
    this.#hasty = new ResourceManager(cloud, { patienceMs: hastyMs, signal: context.signal })
    this.#patient = new ResourceManager(cloud, { patienceMs: patientMs, signal: context.signal })
    const measure = (signal: AbortSignal) => measureCosmosClock(endpoint, signal)
    this.#hold = new PointHold({ title: this.#title, measure, unmeasuredMs }, context)
  }

  async describe(): Promise<Source> {
    const { containers } = await this.#look()
    return {
      title: this.#title,
      kind: kindName,
      storages: this.#settings.map(({ storage }) => storage),
      tables: containers.map(({ database, container }) => ({ schema: database, name: container })),
      estimatedBytes: 0,
    }
  }

  async preflight(): Promise<Finding[]> {
    try {
      const { account, containers } = await this.#look()
      const past = await this.#pastOf(account)
      return [
        ...checkAccount(this.#title, account),
        checkPast(this.#title, account, past),
        checkRegions(this.#title, account, past),
        ...(await checkOthers(this.#title, containers, this.#settings, this.#context.bystanders)),
        await this.#checkSettings(account),
        ...(past === undefined ? [] : [await this.#checkRights(account)]),
      ]
    } catch (error) {
      this.#context.signal.throwIfAborted()
      const { what, why, next } = azureFailure('the preflight failed', error)
      return [{ check: 'account', subject: this.#title, outcome: 'error', message: `${what}: ${why}`, cure: next }]
    }
  }

  async prepare(): Promise<void> {
    await this.#look()
    await this.#hold.prepare()
  }

  holdMs(): number {
    return this.#hold.longestMs()
  }

  /** Whatever the account holds at the point comes back with it, so nothing is looked up inside the pause. */
  async snapshot(pause?: PauseMoment): Promise<Snapshot> {
    const { containers } = await this.#look()
    const { atMs, ...clock } = await this.#hold.hold(pause)
    const durable = { containers, ...clock }
    this.#point = { atMs, ...durable }
    return { at: formatTime(atMs), durable: { ...durable, containers: containers.map((one) => ({ ...one })) } }
  }

  resume({ at, durable }: Snapshot): void {
    this.#point = { ...durableSchema.parse(durable), atMs: Date.parse(at) }
  }

  async complete(): Promise<DatabaseBackup> {
    const point = this.#point
    if (point === undefined) throw new Error('complete() before snapshot()')
    const { events, signal } = this.#context
    const titles = point.containers.map(titleOfContainer)
    const progress = partProgress(events, new Map(titles.map((title) => [title, 0])), 'containers')
    try {
      const account = await findAccount(this.#patient, this.#access)
      const [written] = regionsOf(account)
      const place = { id: account.id, region: written?.name ?? account.location }
      const parts = restorableContainers(this.#patient, place, point.containers)
      await waitUntilRestorable(parts, titles, point.atMs, { signal, progress })
      const details = await this.#describeBackup(account, point)
      return {
        storages: this.#settings.map(({ storage }) => storage),
        kind: kindName,
        title: this.#title,
        tables: point.containers.map(({ database, container }) => ({ schema: database, name: container })),
        snapshotAt: formatTime(point.atMs),
        details: JSON.parse(JSON.stringify(details)) as DatabaseBackup['details'],
      }
    } catch (error) {
      signal.throwIfAborted()
      throw azureFailure(`the restore point in ${this.#title} was lost`, error)
    } finally {
      progress.end()
    }
  }

  close = () => Promise.resolve()

  /** All that a later restore has to know of the account, as it is just after the point. */
  async #describeBackup(account: Account, { atMs, clock }: Point): Promise<Details> {
    const arm = this.#patient
    const bodies: Record<string, string> = {}
    const [past, settings, databases] = [
      await this.#pastOf(account, arm),
      await readSettings(arm, account),
      await readDatabases(arm, account.id, bodies),
    ]
    const tier = tierOf(account)
    if (past === undefined || tier === undefined)
      throw new Failure({
        what: `the account ${account.name} cannot be brought back to the restore point`,
        why: 'its continuous backup was turned off, or another account has its name now',
        next: 'see that continuous backup stays on, then back up again',
      })
    const days = daysOf(tier)
    const { earliestMs } = past.window
    return {
      version: 1,
      id: account.id,
      instanceId: account.properties.instanceId ?? '',
      endpoint: this.#access.endpoint,
      tier,
      ...(clock === undefined ? {} : { clock }),
      ...(earliestMs === undefined ? {} : { restorableFrom: formatTime(earliestMs) }),
      ...(days === undefined ? {} : { restorableUntil: formatTime(atMs + days * dayMs) }),
      settings,
      databases,
      bodies,
    }
  }

  /** What cannot be read would be missing from the backup, and a restore could not put it on again. */
  async #checkSettings(account: Account): Promise<Finding> {
    const check = { check: 'settings', subject: this.#title }
    try {
      await readSettings(this.#hasty, account)
      await readDatabases(this.#hasty, account.id, {})
      return { ...check, outcome: 'ok', message: 'all can be read, for a restore to put on again' }
    } catch (error) {
      this.#context.signal.throwIfAborted()
      const { why, next } = azureFailure('the settings cannot be read', error)
      return { ...check, outcome: 'error', message: `settings cannot be read: ${why}`, cure: next }
    }
  }

  /** A backup needs none of them; of a restore by this very identity one would be told too late. */
  async #checkRights(account: Account): Promise<Finding> {
    const check = { check: 'rights to restore', subject: this.#title }
    const missing = await missingRights(
      this.#hasty,
      account.id.slice(0, account.id.indexOf('/providers/')),
      restoreActions,
    )
    if (missing === undefined)
      return {
        ...check,
        outcome: 'warning',
        message: 'the identity may not ask for its own rights; the backup does not need them, but a restore will',
        cure: 'allow Microsoft.Authorization/permissions/read',
      }
    if (missing.length === 0) return { ...check, outcome: 'ok', message: 'all are there' }
    return {
      ...check,
      outcome: 'warning',
      message: `missing: ${missing.join(', ')}; the backup does not need them, but a restore will`,
      cure: 'assign the roles of docs/databases/cosmos.md',
    }
  }

  async #pastOf(account: Account, arm: ResourceManager = this.#hasty): Promise<Past | undefined> {
    const { instanceId } = account.properties
    if (instanceId === undefined) return undefined
    const regions = [account.location, ...regionsOf(account).map(({ name }) => name)]
    return await pastOf(arm, { id: account.id, instanceId, regions })
  }

  /** Looked up once: a preflight and its pause speak of the same account. */
  async #look(): Promise<Found> {
    this.#found ??= this.#find()
    return await this.#found
  }

  async #find(): Promise<Found> {
    try {
      const account = await findAccount(this.#hasty, this.#access)
      const containers = await listContainers(this.#hasty, account.id)
      if (containers.length > 0) return { account, containers }
    } catch (error) {
      this.#context.signal.throwIfAborted()
      throw azureFailure(`the account of ${this.#title} cannot be looked at`, error)
    }
    throw new Failure({
      what: `nothing to back up in ${this.#title}`,
      why: 'the account has no containers',
      next: "load ScalarDL's schema first",
    })
  }
}
