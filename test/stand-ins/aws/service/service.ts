// Room: what every call goes through, whatever it asks for.
// Read service, authentication, authorization, faults, then sts.

import { Autoscaling } from '../tables/autoscaling-state.ts'
import type { Backup } from '../recovery/backup.ts'
import { Clock } from './clock.ts'
import type { Emulator, Space } from '../items/emulator.ts'
import { limitExceeded, resourceNotFound, throttled } from './errors.ts'
import { KeyedLock } from '../items/keyed-lock.ts'
import { Timers } from '../../cloud/timers.ts'
import type { AwsSettings, Key } from '../settings.ts'
import type { Table } from '../tables/table.ts'

/** What an account has in one region. */
export interface Region extends Space {
  tables: Map<string, Table>
  /** by name: what those who look still see of tables that were told to go */
  afterimages: Map<string, object>
  /** by ARN */
  backups: Map<string, Backup>
  autoscaling: Autoscaling
  /** when calls of an operation were let through, ms */
  rates: Map<string, number[]>
}

/** The whole service: every account's regions, the settings, and what goes on by itself. */
export class Service {
  readonly timers: Timers<AwsSettings>
  readonly clock: Clock
  readonly emulator: Emulator
  readonly locks = new KeyedLock()
  /** access keys of roles, as STS and a pod's agent gave them out */
  readonly issued = new Map<string, Key>()
  readonly #regions = new Map<string, Region>()

  constructor(emulator: Emulator, settings: AwsSettings) {
    this.emulator = emulator
    this.timers = new Timers(settings)
    this.clock = new Clock(() => this.settings.clockOffsetMs)
  }

  get settings(): AwsSettings {
    return this.timers.settings
  }

  region(account: string, region: string): Region {
    const key = `${account} ${region}`
    const known = this.#regions.get(key)
    if (known !== undefined) return known
    const made: Region = {
      account,
      region,
      tables: new Map(),
      afterimages: new Map(),
      backups: new Map(),
      autoscaling: new Autoscaling(),
      rates: new Map(),
    }
    this.#regions.set(key, made)
    return made
  }

  /** @throws AwsError ThrottlingException where the operation is called too often */
  checkRate(region: Region, operation: string): void {
    const limit = this.settings.limits.ratePerSecond[operation]
    if (limit === undefined) return
    const now = performance.now()
    const recent = (region.rates.get(operation) ?? []).filter((ms) => ms > now - 1000)
    region.rates.set(operation, recent)
    if (recent.length >= limit) throw throttled()
    recent.push(now)
  }

  /** @throws AwsError LimitExceededException where the account may not begin another table operation in this region */
  checkTableOperations({ tables }: Region, begins: { table?: boolean; indexes?: boolean; restore?: boolean }): void {
    const { limits } = this.settings
    const all = [...tables.values()]
    const busy = all.filter(
      (table) =>
        table.status !== 'ACTIVE' ||
        table.timeToLive?.status === 'ENABLING' ||
        table.timeToLive?.status === 'DISABLING',
    )
    if (begins.table === true && all.length >= limits.tables)
      throw limitExceeded(`There is a limit of ${limits.tables} tables per subscriber`)
    if (
      begins.restore === true &&
      all.filter((table) => table.restore?.inProgress === true).length >= limits.concurrentRestores
    ) {
      throw limitExceeded(`Only ${limits.concurrentRestores} tables can be restored simultaneously`)
    }
    if (busy.length >= limits.concurrentTableOperations)
      throw limitExceeded(
        `Only ${limits.concurrentTableOperations} tables can be created, updated, or deleted simultaneously`,
      )
    const creating = busy.filter(
      (table) => table.status === 'CREATING' && table.locals.length + table.globals.length > 0,
    )
    if (begins.indexes === true && creating.length >= limits.concurrentTableOperationsWithIndexes) {
      throw limitExceeded(
        `Only ${limits.concurrentTableOperationsWithIndexes} tables with secondary indexes can be created ` +
          'simultaneously',
      )
    }
  }
}

/** What an operation knows besides its input. */
export interface Context {
  service: Service
  region: Region
}

/** An operation of the API. */
export type Operation = (input: never, context: Context) => object | Promise<object>

/** The name in a table's name or ARN. */
export const tableName = (nameOrArn: string | undefined): string =>
  (nameOrArn ?? '').replace(/^arn:aws:dynamodb:[^:]*:\d*:table\//, '').split('/')[0] ?? ''

export const tableArn = ({ account, region }: Space, name: string): string =>
  `arn:aws:dynamodb:${region}:${account}:table/${name}`

/** @throws AwsError ResourceNotFoundException, or another one that `missing` makes */
export function tableOf(region: Region, nameOrArn: string | undefined, missing = resourceNotFound): Table {
  const name = tableName(nameOrArn)
  const table = region.tables.get(name)
  if (table === undefined) throw missing(name)
  return table
}
