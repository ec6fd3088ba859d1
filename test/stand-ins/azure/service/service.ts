// Room: what every call goes through, whatever it asks for.
// Read service, long-operation, faults, errors.

import { randomInt } from 'node:crypto'
import type { Account } from '../accounts/account.ts'
import type { Container } from '../accounts/container.ts'
import type { AzureSettings } from '../settings.ts'
import type { LongOperation } from './long-operation.ts'
import { Timers } from '../../cloud/timers.ts'
import type { ServersOfEngines } from '../../postgresql/servers-with-a-past.ts'
import type { FlexibleServer } from '../flexible-servers/server.ts'

/** A role or its assignment, as Microsoft.Authorization shows it. */
export type AuthorizationObject = Record<string, unknown>

/** Everything that the stand-in holds. */
export class Service {
  readonly timers: Timers<AzureSettings>
  /** deleted ones included, oldest first */
  readonly accounts: Account[] = []
  /** flexible servers, oldest first, and those of them that GET knows of */
  readonly servers: FlexibleServer[] = []
  readonly shown = new Set<FlexibleServer>()
  /** what is behind flexible servers; absent: nobody answers there */
  readonly databases: ServersOfEngines
  readonly operations = new Map<string, LongOperation>()
  /** of Microsoft.Authorization, by id in lower case */
  readonly authorization = new Map<string, AuthorizationObject>()

  constructor(settings: AzureSettings, databases: ServersOfEngines = {}) {
    this.databases = databases
    this.timers = new Timers(settings)
  }

  get settings(): AzureSettings {
    return this.timers.settings
  }

  /** The clock of the data and its backups, ms since 1970. */
  now(): number {
    return Date.now() + this.settings.clockOffsetMs
  }

  /** An account that is there, whichever way its names are written. */
  account(subscription: string, resourceGroup: string, name: string): Account | undefined {
    return this.accounts.find(
      (account) =>
        account.deletedMs === undefined &&
        account.subscription === subscription &&
        account.resourceGroup.toLowerCase() === resourceGroup.toLowerCase() &&
        account.name === name.toLowerCase(),
    )
  }

  /** Account names are Azure's: no two have the same. */
  accountByName(name: string): Account | undefined {
    return this.accounts.find((account) => account.deletedMs === undefined && account.name === name)
  }

  /** How far the backup of a container goes, ms; 0 where nothing of it is in the backup yet. */
  latestRestorableMs(container: Container): number {
    const ms = this.now() - this.settings.restorableLagMs / this.settings.timeScale
    return ms < container.createdMs ? 0 : ms
  }

  /** Goes on by itself until the phase is over. */
  buildIndexes(account: Account, container: Container): void {
    container.indexing = 'under way'
    this.timers.after(['buildIndexes', `${account.id} ${container.rid}`], () => {
      container.indexing = 'done'
    })
  }

  /** A moment of the second that a restore asks for. */
  momentOf(askedMs: number): number {
    const second = Math.floor(askedMs / 1000) * 1000
    const { restoreMoment } = this.settings
    if (restoreMoment === 'start') return second
    return second + (restoreMoment === 'end' ? 999 : randomInt(1000))
  }
}
