// Room: accounts and what is in them, with all that it was: what both planes write to and restores read from.
// Read account, database, container, timeline, then restored-data.

import { randomBytes, randomUUID } from 'node:crypto'
import type { Database } from './database.ts'

export interface Region {
  /** as answers write it, such as West Europe */
  name: string
  failoverPriority: number
  isZoneRedundant: boolean
  state: 'Creating' | 'Succeeded' | 'Deleting'
  createdMs: number
  instanceId: string
}

export const newRegion = (
  name: string,
  failoverPriority: number,
  createdMs: number,
  isZoneRedundant = false,
): Region => ({ name, failoverPriority, isZoneRedundant, state: 'Creating', createdMs, instanceId: randomUUID() })

/** What can be set of an account and is answered as it was set, below `properties`. */
export type AccountSettings = Record<string, unknown> & {
  consistencyPolicy: { defaultConsistencyLevel: string; maxIntervalInSeconds: number; maxStalenessPrefix: number }
  publicNetworkAccess: string
  isVirtualNetworkFilterEnabled: boolean
  ipRules: { ipAddressOrRange: string }[]
  backupPolicy: { type: string; continuousModeProperties?: { tier: string }; [more: string]: unknown }
  disableLocalAuth: boolean
}

export interface PrivateEndpointConnection {
  name: string
  privateEndpoint: string
  groupId: string
  status: string
  description: string
}

/** A role of the data plane, or its assignment, as ARM shows it below `properties`. */
export type SqlRole = Record<string, unknown>

export interface AccountIdentity {
  subscription: string
  resourceGroup: string
  name: string
}

const newKey = () => randomBytes(64).toString('base64')

/** A database account. */
export class Account implements AccountIdentity {
  readonly subscription: string
  readonly resourceGroup: string
  readonly name: string
  readonly instanceId = randomUUID()
  readonly createdMs: number
  deletedMs: number | undefined
  state: 'Creating' | 'Updating' | 'Succeeded' | 'Deleting' | 'Failed' = 'Creating'
  settings: AccountSettings
  tags: Record<string, string> = {}
  identity: Record<string, unknown> = { type: 'None' }
  regions: Region[]
  readonly createMode: string
  /** as they were sent */
  readonly restoreParameters: Record<string, unknown> | undefined
  readonly keys = { primary: newKey(), secondary: newKey(), primaryReadonly: newKey(), secondaryReadonly: newKey() }
  readonly sqlRoleDefinitions = new Map<string, SqlRole>()
  readonly sqlRoleAssignments = new Map<string, SqlRole>()
  readonly privateEndpointConnections = new Map<string, PrivateEndpointConnection>()
  readonly #databases: Database[] = []

  constructor(
    { subscription, resourceGroup, name }: AccountIdentity,
    made: {
      atMs: number
      settings: AccountSettings
      regions: Region[]
      createMode: string
      restoreParameters?: Record<string, unknown>
    },
  ) {
    this.subscription = subscription
    this.resourceGroup = resourceGroup
    this.name = name
    this.createdMs = made.atMs
    this.settings = made.settings
    this.regions = made.regions
    this.createMode = made.createMode
    this.restoreParameters = made.restoreParameters
  }

  get id(): string {
    return (
      `/subscriptions/${this.subscription}/resourceGroups/${this.resourceGroup}` +
      `/providers/Microsoft.DocumentDB/databaseAccounts/${this.name}`
    )
  }

  get databases(): Database[] {
    return this.#databases.filter(({ deletedMs }) => deletedMs === undefined)
  }

  /** Deleted ones included, oldest first. */
  get everyDatabase(): readonly Database[] {
    return this.#databases
  }

  database(name: string): Database | undefined {
    return this.databases.find((database) => database.name === name)
  }

  add(database: Database): void {
    this.#databases.push(database)
  }

  get writeRegion(): Region {
    const [first] = this.regions.toSorted((a, b) => a.failoverPriority - b.failoverPriority)
    if (first === undefined) throw new Error(`account ${this.name} has no region`)
    return first
  }

  get isContinuous(): boolean {
    return this.settings.backupPolicy.type === 'Continuous'
  }

  /** For how long its backups are kept, ms; continuous mode alone. */
  get retentionMs(): number {
    const days = /\d+/.exec(this.settings.backupPolicy.continuousModeProperties?.tier ?? '')?.[0] ?? '30'
    return Number(days) * 86_400_000
  }
}
