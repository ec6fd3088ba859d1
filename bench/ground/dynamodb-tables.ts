import { CreateTableCommand, UpdateContinuousBackupsCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openClients } from '../../job/databases/dynamodb/clients.ts'
import { describeBackup } from '../../job/databases/dynamodb/backup/describe-backup.ts'
import { dynamodb } from '../../job/databases/dynamodb/dynamodb.ts'
import { lookAtTable } from '../../job/databases/dynamodb/tables/look-at-table.ts'
import type { StorageSettings } from '../../job/scalardb/storage-settings.ts'
import { jsonLineEvents } from '../../job/process/events.ts'
import { openJournal } from '../../job/journal/persisted-journal.ts'
import { noStorage } from '../../job/storage/none.ts'
import type { DatabaseBackup } from '../../operation/record.ts'
import { endpointsAt } from '../../test/stand-ins/aws/aws.ts'

/** Tables of one account that can be restored again and again. */
export interface BenchTables {
  names: string[]
  /** the restore point, which AWS keeps of each */
  at: Date
  client: DynamoDBClient
  /** Restores some of them as the worker does, with their settings. @returns ms */
  restore(count: number, prefix: string): Promise<number>
  close(): Promise<void>
}

const region = 'eu-west-1'
const credentials = { accessKeyId: 'AKIDBENCH', secretAccessKey: 'bench' }
const naming = { prefix: '', metadataNamespace: 'scalardb', coordinatorNamespace: 'coordinator' }

/** Starts the stand-in in a process of its own and creates tables with what ScalarDB sets of them. */
export async function openBenchTables(
  count: number,
  { restoreMs, scale }: { restoreMs: number; scale: number },
): Promise<BenchTables> {
  const child = fork(resolve(import.meta.dirname, 'dynamodb-server.ts'), [String(restoreMs), String(scale)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const [endpoint] = (await once(child, 'message')) as [string]
  process.env['AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING'] = endpointsAt(endpoint).autoscalingEndpoint
  const clients = openClients({ region, endpoint, credentials }, { patienceMs: 60_000 })
  const names = Array.from({ length: count }, (_, index) => `scalar.table_${String(index).padStart(3, '0')}`)
  for (const name of names) await create(clients.dynamo, name)
  const at = new Date((Math.floor(Date.now() / 1000) + 2) * 1000)
  await sleep(at.getTime() + 2000 - Date.now())
  const tables = names.map((name) => ({ name, namespace: 'scalar', table: name.slice('scalar.'.length) }))
  const details = await describeBackup({
    access: { region, endpoint, naming, coordinatorNamespaces: [naming.coordinatorNamespace] },
    clients,
    tables,
    windows: [],
    atMs: at.getTime(),
  })

  async function restore(some: number, prefix: string): Promise<number> {
    const entry: DatabaseBackup = {
      storages: ['ledger/default'],
      kind: 'dynamodb',
      title: 'dynamodb',
      tables: [],
      snapshotAt: at.toISOString(),
      details: JSON.parse(
        JSON.stringify({ ...details, tables: details.tables.slice(0, some) }),
      ) as DatabaseBackup['details'],
    }
    const settings = settingsOf(endpoint)
    const context = {
      events: jsonLineEvents(() => undefined),
      storage: noStorage(),
      folders: noStorage(),
      operation: `restore-${prefix}`,
      parallel: 1,
      schemas: [],
      signal: new AbortController().signal,
      choice: { prefix },
    }
    const destination = dynamodb.openRestore([settings], entry, context)
    const journal = await openJournal(context.operation, { read: async () => undefined, write: async () => undefined })
    const startedMs = performance.now()
    await destination.load(journal)
    const ms = performance.now() - startedMs
    await destination.close()
    return ms
  }

  return {
    names,
    at,
    client: clients.dynamo,
    restore,
    async close() {
      clients.close()
      child.disconnect()
      await once(child, 'exit')
    },
  }
}

function settingsOf(endpoint: string): StorageSettings {
  return {
    storage: 'ledger/default',
    kind: 'dynamo',
    contactPoints: region,
    contactPort: undefined,
    username: credentials.accessKeyId,
    password: credentials.secretAccessKey,
    releaseUsername: credentials.accessKeyId,
    namespaces: undefined,
    property: (name) => (name === 'dynamo.endpoint_override' ? endpoint : undefined),
  }
}

async function create(client: DynamoDBClient, name: string): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName: name,
      AttributeDefinitions: [{ AttributeName: 'concatenatedPartitionKey', AttributeType: 'B' }],
      KeySchema: [{ AttributeName: 'concatenatedPartitionKey', KeyType: 'HASH' }],
      ProvisionedThroughput: { ReadCapacityUnits: 10, WriteCapacityUnits: 10 },
      Tags: [{ Key: 'team', Value: 'ledger' }],
    }),
  )
  while ((await lookAtTable(client, name))?.TableStatus !== 'ACTIVE') await sleep(5)
  await client.send(
    new UpdateContinuousBackupsCommand({
      TableName: name,
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    }),
  )
}
