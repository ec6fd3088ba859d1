import { createHash } from 'node:crypto'
import type { Test } from 'tap'
import { resourceManagerVariable } from '../../../../../job/azure/clouds.ts'
import { cosmos } from '../../../../../job/databases/cosmos/cosmos.ts'
import type { DatabaseBackup } from '../../../../../operation/record.ts'
import type { StorageSettings } from '../../../../../job/scalardb/storage-settings.ts'
import type { AzureChanges } from '../../../../stand-ins/azure/settings.ts'
import {
  clientId,
  createAccount,
  group,
  openAzure,
  soon,
  subscription,
  tenant,
  type Opened,
} from '../../../stand-ins/azure/clients.ts'
import { storageOf, type TrialContext } from '../database-conformance.ts'

/** What ScalarDB puts into each of its containers, long enough to be told from another. */
export const mutate = `function mutate(mutations) {\n  // ünïcode stays as it is\n${'  check();\n'.repeat(40)}}\n`

/** The account of a Ledger, with all that a restore forgets. */
export interface World extends Opened {
  name: string
  settings: StorageSettings[]
  context(operation: string, more?: Partial<TrialContext>): TrialContext
  /** names of all accounts there are */
  accounts(): Promise<string[]>
}

/** Waits until the account is at rest, and answers with it as the service tells it. */
export async function openWorld(t: Test, changes: AzureChanges = {}): Promise<World> {
  const opened = await openAzure(t, changes, { retries: 5 })
  const { azure, client, tokenFilePath } = opened
  const name = 'ledger'
  await createAccount(opened, name, {
    consistencyPolicy: { defaultConsistencyLevel: 'Strong' },
    tags: { team: 'ledger' },
    ipRules: [{ ipAddressOrRange: '203.0.113.0/24' }],
    identity: { type: 'SystemAssigned' },
  })
  await client.databaseAccounts.update(
    group,
    name,
    {
      locations: [
        { locationName: 'West Europe', failoverPriority: 0 },
        { locationName: 'North Europe', failoverPriority: 1 },
      ],
    },
    soon,
  )
  await fill(opened, name)
  // Whole seconds are restored, so nothing may happen in the one of the point.
  Object.assign(process.env, {
    [resourceManagerVariable]: azure.endpoint,
    AZURE_TENANT_ID: tenant,
    AZURE_CLIENT_ID: clientId,
    AZURE_FEDERATED_TOKEN_FILE: tokenFilePath,
    AZURE_AUTHORITY_HOST: azure.endpoint,
  })
  const { context } = storageOf(t)
  return {
    ...opened,
    name,
    settings: [storage(`${azure.endpoint}/accounts/${name}/`)],
    context: (operation, more) => ({
      ...context(operation),
      flags: { own: { 'azure-subscription': subscription } },
      ...more,
    }),
    async accounts() {
      const names: string[] = []
      for await (const one of client.databaseAccounts.list()) names.push(one.name ?? '')
      return names.sort()
    },
  }
}

async function fill({ client }: Opened, name: string): Promise<void> {
  const sql = client.sqlResources
  const databases = { scalar: ['asset', 'asset_metadata'], coordinator: ['state'], scalardb: ['metadata'] }
  for (const [database, containers] of Object.entries(databases)) {
    await sql.createUpdateSqlDatabase(
      group,
      name,
      database,
      { resource: { id: database }, options: { autoscaleSettings: { maxThroughput: 4000 } } },
      soon,
    )
    for (const container of containers) {
      await sql.createUpdateSqlContainer(
        group,
        name,
        database,
        container,
        {
          resource: {
            id: container,
            partitionKey: { paths: ['/concatenatedPartitionKey'], kind: 'Hash' },
            indexingPolicy: { indexingMode: 'consistent', automatic: true, includedPaths: [{ path: '/*' }] },
            ...(container === 'asset_metadata' ? { defaultTtl: 3600 } : {}),
          },
          ...(container === 'metadata' ? { options: { throughput: 800 } } : {}),
        },
        soon,
      )
      await sql.createUpdateSqlStoredProcedure(
        group,
        name,
        database,
        container,
        'mutate.js',
        { resource: { id: 'mutate.js', body: mutate } },
        soon,
      )
    }
  }
  await sql.createUpdateSqlTrigger(
    group,
    name,
    'scalar',
    'asset',
    'stamp',
    { resource: { id: 'stamp', body: 'function stamp() {}', triggerType: 'Pre', triggerOperation: 'Create' } },
    soon,
  )
  await sql.createUpdateSqlUserDefinedFunction(
    group,
    name,
    'scalar',
    'asset',
    'plain',
    { resource: { id: 'plain', body: 'function plain(x) { return x }' } },
    soon,
  )
  const role = 'a0000000-0000-4000-8000-00000000000a'
  const provider = `/subscriptions/${subscription}/resourceGroups/${group}/providers/Microsoft.DocumentDB`
  const account = `${provider}/databaseAccounts/${name}`
  await sql.createUpdateSqlRoleDefinition(
    group,
    name,
    role,
    {
      roleName: 'reader of assets',
      type: 'CustomRole',
      permissions: [{ dataActions: ['Microsoft.DocumentDB/databaseAccounts/readMetadata'] }],
      assignableScopes: [account],
    },
    soon,
  )
  await sql.createUpdateSqlRoleAssignment(
    group,
    name,
    'b0000000-0000-4000-8000-00000000000b',
    {
      roleDefinitionId: `${account}/sqlRoleDefinitions/${role}`,
      scope: account,
      principalId: 'c0000000-0000-4000-8000-00000000000c',
    },
    soon,
  )
}

export function storage(contactPoints: string): StorageSettings {
  return {
    storage: 'ledger/default',
    kind: 'cosmos',
    contactPoints,
    contactPort: undefined,
    username: undefined,
    password: 'the-key-of-the-release',
    releaseUsername: undefined,
    namespaces: undefined,
    property: () => undefined,
  }
}

/** A backup that was taken without a pause: in a test nobody writes meanwhile. */
export async function backedUp(world: World): Promise<DatabaseBackup> {
  const source = cosmos.openBackup(world.settings, world.context('backup-a'))
  const errors = (await source.preflight()).filter(({ outcome }) => outcome === 'error')
  if (errors.length > 0) throw new Error(`the backup is refused: ${JSON.stringify(errors)}`)
  await source.prepare()
  await source.snapshot()
  const entry = JSON.parse(JSON.stringify(await source.complete('name/db'))) as DatabaseBackup
  await source.close()
  return entry
}

/** All that there is to know of an account, read by the test's own client; without what differs in every account. */
export async function toldOf({ client }: Pick<Opened, 'client'>, name: string): Promise<unknown> {
  const account = await client.databaseAccounts.get(group, name)
  const sql = client.sqlResources
  const databases: Record<string, unknown> = {}
  for await (const { name: database = '' } of sql.listSqlDatabases(group, name)) {
    const throughput = async (look: Promise<{ resource?: unknown }>) =>
      look.then(
        ({ resource }) => {
          const { autoscaleSettings, throughput: manual } = resource as {
            autoscaleSettings?: { maxThroughput: number }
            throughput?: number
          }
          return autoscaleSettings?.maxThroughput ?? manual
        },
        () => 'none',
      )
    databases[database] = { throughput: await throughput(sql.getSqlDatabaseThroughput(group, name, database)) }
    for await (const { name: container = '', resource } of sql.listSqlContainers(group, name, database)) {
      const scripts: string[] = []
      for await (const one of sql.listSqlStoredProcedures(group, name, database, container))
        scripts.push(`${one.resource?.id} ${hash(one.resource?.body)}`)
      for await (const one of sql.listSqlTriggers(group, name, database, container))
        scripts.push(`${one.resource?.id} ${hash(one.resource?.body)} ${one.resource?.triggerType}`)
      for await (const one of sql.listSqlUserDefinedFunctions(group, name, database, container))
        scripts.push(`${one.resource?.id} ${hash(one.resource?.body)}`)
      databases[`${database}/${container}`] = {
        partitionKey: resource?.partitionKey,
        indexingPolicy: resource?.indexingPolicy,
        defaultTtl: resource?.defaultTtl,
        scripts: scripts.sort(),
        throughput: await throughput(sql.getSqlContainerThroughput(group, name, database, container)),
      }
    }
  }
  const roles: string[] = []
  for await (const one of sql.listSqlRoleDefinitions(group, name))
    if (one.typePropertiesType === 'CustomRole' || !String(one.id).includes('0000000000-0000-0000'))
      roles.push(`${one.roleName}: ${one.assignableScopes?.map((scope) => scope.split('/').at(-1) === name)}`)
  const assignments: string[] = []
  for await (const one of sql.listSqlRoleAssignments(group, name))
    assignments.push(`${one.principalId} ${one.roleDefinitionId?.split('/').slice(-3).join('/').replace(name, '*')}`)
  return {
    consistency: account.consistencyPolicy?.defaultConsistencyLevel,
    tags: account.tags,
    identity: account.identity?.type,
    ipRules: account.ipRules,
    regions: account.locations?.map(({ locationName, failoverPriority }) => `${failoverPriority} ${locationName}`),
    databases,
    roles: roles.sort(),
    assignments: assignments.sort(),
  }
}

function hash(text: string | undefined): string {
  return createHash('sha256')
    .update(text ?? '')
    .digest('hex')
}
