// Room: the account of one release being backed up.
// Read source, preflight, measure-clock, restorable-containers.

import * as z from 'zod'
import { Failure } from '../../../../operation/failure.ts'
import type { Finding } from '../../../../operation/finding.ts'
import type { BackupTable } from '../../../../operation/record.ts'
import { azureFailure } from '../../../azure/azure-failure.ts'
import { ResourceManager } from '../../../azure/resource-manager.ts'
import type { ClockMeasurement } from '../../../clocks/measure-clock.ts'
import type { StorageSettings } from '../../../scalardb/storage-settings.ts'
import type { BackupContext, BackupSource } from '../../database.ts'
import {
  hastyMs,
  PastSource,
  patientMs,
  type KeptPast,
  type Point,
  type ReachedPast,
} from '../../point-in-time/past-source.ts'
import { recordedWindow } from '../../point-in-time/recovery-window.ts'
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

const markSchema = z.object({ containers: z.array(z.object({ database: z.string(), container: z.string() })) })
type Mark = z.infer<typeof markSchema>

/** What was found of the account before anything is paused. */
interface Found {
  account: Account
  containers: ContainerName[]
}

/** An account of Cosmos DB being backed up: a backup is a moment of its clock. */
export function openSource(settings: readonly StorageSettings[], context: BackupContext): BackupSource {
  return new PastSource(new AccountPast(settings, context), context)
}

class AccountPast implements KeptPast<Found, Mark> {
  readonly kind = kindName
  readonly title: string
  readonly noun = 'account'
  readonly unit = 'containers'
  readonly markSchema = markSchema
  readonly failure = azureFailure
  readonly settings: readonly StorageSettings[]
  readonly #context: BackupContext
  readonly #access: Access
  readonly #hasty: ResourceManager
  readonly #patient: ResourceManager

  constructor(settings: readonly StorageSettings[], context: BackupContext) {
    this.settings = settings
    this.#context = context
    this.#access = accessOf(settings, context.flags?.own)
    const { endpoint, cloud } = this.#access
    this.title = titleOf(endpoint)
    this.#hasty = new ResourceManager(cloud, { patienceMs: hastyMs, signal: context.signal })
    this.#patient = new ResourceManager(cloud, { patienceMs: patientMs, signal: context.signal })
  }

  async measure(signal: AbortSignal): Promise<ClockMeasurement | undefined> {
    return await measureCosmosClock(this.#access.endpoint, signal)
  }

  async find(): Promise<Found> {
    const account = await findAccount(this.#hasty, this.#access)
    const containers = await listContainers(this.#hasty, account.id)
    if (containers.length > 0) return { account, containers }
    throw new Failure({
      what: `nothing to back up in ${this.title}`,
      why: 'the account has no containers',
      next: "load ScalarDL's schema first",
    })
  }

  async preflight({ account, containers }: Found): Promise<Finding[]> {
    const past = await this.#pastOf(account)
    return [
      ...checkAccount(this.title, account),
      checkPast(this.title, account, past),
      checkRegions(this.title, account, past),
      ...(await checkOthers(this.title, containers, this.settings, this.#context.bystanders)),
      await this.#checkSettings(account),
      ...(past === undefined ? [] : [await this.#checkRights(account)]),
    ]
  }

  mark({ containers }: Found): Mark {
    return { containers: containers.map((one) => ({ ...one })) }
  }

  tablesOf({ containers }: Mark): BackupTable[] {
    return containers.map(({ database, container }) => ({ schema: database, name: container }))
  }

  partsOf({ containers }: Mark): string[] {
    return containers.map(titleOfContainer)
  }

  async reach(point: Point<Mark>): Promise<ReachedPast> {
    const account = await findAccount(this.#patient, this.#access)
    const [written] = regionsOf(account)
    const place = { id: account.id, region: written?.name ?? account.location }
    return {
      parts: restorableContainers(this.#patient, place, point.containers),
      describe: () => this.#describe(account, point),
    }
  }

  async #describe(account: Account, { atMs, clock }: Point<Mark>): Promise<Details> {
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
    return {
      version: 1,
      id: account.id,
      instanceId: account.properties.instanceId ?? '',
      endpoint: this.#access.endpoint,
      tier,
      ...(clock === undefined ? {} : { clock }),
      ...recordedWindow({ ...past.window, periodDays: daysOf(tier) }, atMs),
      settings,
      databases,
      bodies,
    }
  }

  /** What cannot be read would be missing from the backup, and a restore could not put it on again. */
  async #checkSettings(account: Account): Promise<Finding> {
    const check = { check: 'settings', subject: this.title }
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
    const check = { check: 'rights to restore', subject: this.title }
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

  close(): void {}
}
