// Room: flexible servers of Azure, backed up and restored.
// Read server-world, then restored-server, needed-roles, served-release: what both services must hold.

import type { Test } from 'tap'
import { resourceManagerVariable } from '../../../../../job/azure/clouds.ts'
import { azureMysql, mysqlService } from '../../../../../job/databases/azure-flexible/azure-mysql.ts'
import { azurePostgresql, postgresqlService } from '../../../../../job/databases/azure-flexible/azure-postgresql.ts'
import { restoreTag } from '../../../../../job/databases/azure-flexible/restore/restore-server.ts'
import type { FlexibleService } from '../../../../../job/databases/azure-flexible/service.ts'
import { logDelayVariable } from '../../../../../job/databases/azure-flexible/servers/window.ts'
import type { DatabaseKind } from '../../../../../job/databases/database.ts'
import type { StorageSettings } from '../../../../../job/scalardb/storage-settings.ts'
import type { DatabaseBackup } from '../../../../../operation/record.ts'
import type { AzureChanges } from '../../../../stand-ins/azure/settings.ts'
import { startMysql } from '../../../../stand-ins/mysql/local-server.ts'
import { startPostgresql } from '../../../../stand-ins/postgresql/local-server.ts'
import type { ServersWithPast } from '../../../../stand-ins/postgresql/servers-with-a-past.ts'
import { clientId, openAzure, subscription, tenant, type Opened } from '../../../stand-ins/azure/clients.ts'
import {
  ask,
  createMysqlServer,
  createServer,
  describeServer,
  mysqlServersPath,
  serverNames,
  serversPath,
  type At,
} from '../../../stand-ins/azure/flexible-servers.ts'
import { storageOf, type TrialContext } from '../database-conformance.ts'

/** What the tests know of a service of flexible servers. */
export interface Tried {
  kind: DatabaseKind
  service: FlexibleService
  /** of its driver */
  scheme: 'postgresql' | 'mysql'
  /** where its servers are */
  path: string
  /** what a restore gives its time by, and a server its DNS zone */
  time: string
  zone: string
  /** a parameter that holds only once a server was restarted */
  staticParameter: string
  /** makes a server with every setting another than the usual one */
  create: typeof createServer
  /** a database server on this machine, how the release names it, and how it logs in */
  start(): Promise<{ host: string; port: number; url: string; login: Login; stop(): Promise<void> }>
}

interface Login {
  user: string
  password: string
}

export const onPostgresql: Tried = {
  kind: azurePostgresql,
  service: postgresqlService,
  scheme: 'postgresql',
  path: serversPath,
  time: 'pointInTimeUTC',
  zone: 'privateDnsZoneArmResourceId',
  staticParameter: 'max_connections',
  create: createServer,
  async start() {
    const { host, port, superuser: user, password, stop } = await startPostgresql()
    return { host, port, url: `jdbc:postgresql://${host}:${port}/postgres`, login: { user, password }, stop }
  },
}

export const onMysql: Tried = {
  kind: azureMysql,
  service: mysqlService,
  scheme: 'mysql',
  path: mysqlServersPath,
  time: 'restorePointInTime',
  zone: 'privateDnsZoneResourceId',
  staticParameter: 'innodb_buffer_pool_size',
  create: createMysqlServer,
  async start() {
    const { host, port, user, password, stop } = await startMysql()
    return { host, port, url: `jdbc:mysql://${host}:${port}/`, login: { user, password }, stop }
  },
}

/** A server with every setting another than the usual one. */
export interface World extends Opened {
  tried: Tried
  name: string
  settings: StorageSettings[]
  context(operation: string, more?: Partial<TrialContext>): TrialContext
  /** names of all servers there are */
  servers(): Promise<string[]>
}

/**
 * What a pod's environment would be; every test file is a process of its own.
 * @param logDelayMs after which the worker takes the log to be in the backup
 */
export function asPod({ azure, tokenFilePath }: Opened, logDelayMs: number): void {
  Object.assign(process.env, {
    [resourceManagerVariable]: azure.endpoint,
    AZURE_TENANT_ID: tenant,
    AZURE_CLIENT_ID: clientId,
    AZURE_FEDERATED_TOKEN_FILE: tokenFilePath,
    AZURE_AUTHORITY_HOST: azure.endpoint,
    [logDelayVariable]: String(logDelayMs),
  })
}

/** Its database server is not restored: what is looked at here are settings. */
export async function openWorld(
  t: Test,
  tried: Tried = onPostgresql,
  changes: AzureChanges = {},
  more: object = {},
): Promise<World> {
  const server = await tried.start()
  t.teardown(() => server.stop())
  const opened = await openAzure(t, { serverLogLagMs: 0, ...changes }, { database: settingsAlone(server) })
  const name = 'ledger'
  await tried.create(opened, name, more)
  asPod(opened, 0)
  const { context } = storageOf(t)
  return {
    ...opened,
    tried,
    name,
    settings: [storage(server.url, server.login)],
    context: (operation, changed) => ({
      ...context(operation),
      flags: { managed: tried.service.name, own: { 'azure-subscription': subscription } },
      ...changed,
    }),
    servers: () => serverNames(opened, tried.path),
  }
}

function settingsAlone({ host, port }: { host: string; port: number }): ServersWithPast {
  const stop = () => Promise.resolve()
  let made = 0
  return {
    // The first is the one in service.
    create: () => Promise.resolve({ host: made++ === 0 ? host : '127.0.0.3', port, stop }),
    restore: () => Promise.resolve({ host: '127.0.0.2', port, stop }),
  }
}

export function storage(contactPoints: string, { user, password }: Login): StorageSettings {
  return {
    storage: 'ledger/default',
    kind: 'jdbc',
    contactPoints,
    contactPort: undefined,
    username: user,
    password,
    releaseUsername: undefined,
    namespaces: undefined,
    property: () => undefined,
  }
}

/** A backup that was taken without a pause: in a test nobody writes meanwhile. */
export async function backedUp(world: World): Promise<DatabaseBackup> {
  const source = world.tried.kind.openBackup(world.settings, world.context('backup-a'))
  const errors = (await source.preflight()).filter(({ outcome }) => outcome === 'error')
  if (errors.length > 0) throw new Error(`the backup is refused: ${JSON.stringify(errors)}`)
  await source.prepare()
  await source.snapshot()
  const entry = JSON.parse(JSON.stringify(await source.complete('name/db'))) as DatabaseBackup
  await source.close()
  return entry
}

/** What every server has of its own. */
const ownProperties = new Set(['fullyQualifiedDomainName', 'state'])

/** All that there is to know of a server, read by the test's own calls; without what differs in every one. */
export async function toldOf(world: At, name: string, path = serversPath): Promise<unknown> {
  const one = await describeServer(world, name, path)
  if (one === undefined) return undefined
  const { [restoreTag]: _own, ...tags } = one.tags ?? {}
  const { backup, ...properties } = one.properties
  const { earliestRestoreDate: _window, ...kept } = backup as Record<string, unknown>
  const parts = await Promise.all(
    ['firewallRules', 'configurations', 'administrators'].map(async (type) => {
      const { body } = await ask(world, 'GET', `${path}/${name}/${type}`)
      const value = body['value'] as { name: string; properties: object }[]
      return [type, Object.fromEntries(value.map((part) => [part.name, part.properties]))] as const
    }),
  )
  return {
    sku: one.sku,
    location: one.location,
    identity: one.identity,
    tags,
    properties: Object.fromEntries(Object.entries(properties).filter(([key]) => !ownProperties.has(key))),
    backup: kept,
    ...Object.fromEntries(parts),
  }
}
