import type { Test } from 'tap'
import { resourceManagerVariable } from '../../../../../job/azure/clouds.ts'
import { azurePostgresql } from '../../../../../job/databases/azure-flexible/azure-postgresql.ts'
import { restoreTag } from '../../../../../job/databases/azure-flexible/restore/restore-server.ts'
import { setLogDelay } from '../../../../../job/databases/azure-flexible/servers/window.ts'
import type { StorageSettings } from '../../../../../job/scalardb/storage-settings.ts'
import type { DatabaseBackup } from '../../../../../operation/record.ts'
import type { AzureChanges } from '../../../../stand-ins/azure/settings.ts'
import { startPostgresql, type LocalPostgresql } from '../../../../stand-ins/postgresql/local-server.ts'
import type { ServersWithPast } from '../../../../stand-ins/postgresql/servers-with-a-past.ts'
import { clientId, openAzure, subscription, tenant, type Opened } from '../../../stand-ins/azure/clients.ts'
import {
  ask,
  createServer,
  describeServer,
  serverNames,
  serversPath,
} from '../../../stand-ins/azure/flexible-servers.ts'
import { storageOf, type TrialContext } from '../database-conformance.ts'

/** A server with every setting another than the usual one. */
export interface World extends Opened {
  name: string
  settings: StorageSettings[]
  context(operation: string, more?: Partial<TrialContext>): TrialContext
  /** names of all servers there are */
  servers(): Promise<string[]>
}

/** What a pod's environment would be; every test file is a process of its own. */
export function asPod({ azure, tokenFilePath }: Opened): void {
  Object.assign(process.env, {
    [resourceManagerVariable]: azure.endpoint,
    AZURE_TENANT_ID: tenant,
    AZURE_CLIENT_ID: clientId,
    AZURE_FEDERATED_TOKEN_FILE: tokenFilePath,
    AZURE_AUTHORITY_HOST: azure.endpoint,
  })
}

/** Its database is a PostgreSQL that is not restored: what is looked at here are settings. */
export async function openWorld(t: Test, changes: AzureChanges = {}, more: object = {}): Promise<World> {
  const server = await startPostgresql()
  t.teardown(() => server.stop())
  const opened = await openAzure(t, { serverLogLagMs: 0, ...changes }, { database: settingsAlone(server) })
  setLogDelay(0)
  const name = 'ledger'
  await createServer(opened, name, more)
  asPod(opened)
  const { context } = storageOf(t)
  return {
    ...opened,
    name,
    settings: [storage(`jdbc:postgresql://${server.host}:${server.port}/postgres`, server)],
    context: (operation, changed) => ({
      ...context(operation),
      flags: { managed: 'azure-postgresql', own: { 'azure-subscription': subscription } },
      ...changed,
    }),
    servers: () => serverNames(opened),
  }
}

function settingsAlone({ host, port }: LocalPostgresql): ServersWithPast {
  const stop = () => Promise.resolve()
  let made = 0
  return {
    // The first is the one in service.
    create: () => Promise.resolve({ host: made++ === 0 ? host : '127.0.0.3', port, stop }),
    restore: () => Promise.resolve({ host: '127.0.0.2', port, stop }),
  }
}

export function storage(
  contactPoints: string,
  { superuser, password }: Pick<LocalPostgresql, 'superuser' | 'password'>,
): StorageSettings {
  return {
    storage: 'ledger/default',
    kind: 'jdbc',
    contactPoints,
    contactPort: undefined,
    username: superuser,
    password,
    releaseUsername: undefined,
    namespaces: undefined,
    property: () => undefined,
  }
}

/** A backup that was taken without a pause: in a test nobody writes meanwhile. */
export async function backedUp(world: World): Promise<DatabaseBackup> {
  const source = azurePostgresql.openBackup(world.settings, world.context('backup-a'))
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
export async function toldOf(world: Pick<World, 'azure' | 'credential'>, name: string): Promise<unknown> {
  const one = await describeServer(world, name)
  if (one === undefined) return undefined
  const { [restoreTag]: _own, ...tags } = one.tags ?? {}
  const { backup, ...properties } = one.properties
  const { earliestRestoreDate: _window, ...kept } = backup as Record<string, unknown>
  const parts = await Promise.all(
    ['firewallRules', 'configurations', 'administrators'].map(async (type) => {
      const { body } = await ask(world, 'GET', `${serversPath}/${name}/${type}`)
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
