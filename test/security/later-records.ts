import { newRecord, type BackupPart, type DatabaseBackup, type OperationRecord } from '../../operation/record.ts'

// Records with what 0.1 did not know, for whatever reads and prints records.

const at = '2026-11-21T09:00:00.000Z'
const arm = '/subscriptions/s/resourceGroups/g/providers/Microsoft.DocumentDB/databaseAccounts/ledger'
const script = { id: 'mutate', body: 'hash', triggerType: 'Pre', triggerOperation: 'All' }

export const cosmosEntry: DatabaseBackup = {
  storages: ['ledger/default'],
  kind: 'cosmos',
  title: 'cosmos://ledger.documents.azure.com',
  tables: [{ schema: 'scalar', name: 'asset' }],
  snapshotAt: at,
  standing: { state: 'in doubt', since: at, by: 'delete-x', why: 'it was begun' },
  details: {
    version: 1,
    id: arm,
    instanceId: '0f0f0f0f-0000-0000-0000-000000000000',
    endpoint: 'https://ledger.documents.azure.com',
    tier: 'Continuous7Days',
    restorableFrom: at,
    restorableUntil: at,
    settings: {
      properties: { publicNetworkAccess: 'Enabled' },
      tags: { team: 'ledger' },
      identity: { type: 'None', userAssigned: [arm] },
      regions: [{ name: 'westeurope', zoneRedundant: false }],
      privateEndpoints: [arm],
      roleDefinitions: [{ name: 'n', roleName: 'r', permissions: [{ dataActions: ['*'] }], scopes: [''] }],
      roleAssignments: [{ name: 'n', role: 'r', principalId: 'p', scope: '' }],
    },
    databases: [
      {
        name: 'scalar',
        throughput: { autoscaleMax: 4000 },
        containers: [
          {
            name: 'asset',
            settings: { partitionKey: { paths: ['/concatenatedPartitionKey'] } },
            throughput: { manual: 400 },
            storedProcedures: [script],
            triggers: [script],
            userDefinedFunctions: [script],
          },
        ],
      },
    ],
    bodies: { hash: 'function () {}' },
  },
}

export const cassandraEntry: DatabaseBackup = {
  storages: ['auditor/default'],
  kind: 'cassandra',
  title: 'cassandra://cassandra:9042',
  tables: [{ schema: 'scalar', name: 'asset' }],
  snapshotAt: at,
  serviceBackups: 1,
  details: {
    namespace: 'cassandra',
    selector: 'app=cassandra',
    cluster: 'ring',
    release: '5.0.4',
    tag: 'backup-nightly.20261121-090000.1',
    nodes: [{ hostId: 'h', address: '10.0.0.1', dataCenter: 'dc1', rack: 'r1', pod: 'cassandra-0', tokens: ['1'] }],
    schema: ['CREATE TABLE scalar.asset (id text PRIMARY KEY)'],
  },
}

const run = { startedAt: at, window: 1, finishedAt: at, end: 'exit code 0', artefacts: ['snapshot-1'] }
const ownEntry: DatabaseBackup = {
  storages: ['ledger/other'],
  kind: 'other-database',
  title: 'yugabytedb://yb:5433',
  tables: [],
  details: { artefacts: ['snapshot-1'] },
}

const backup: BackupPart = {
  name: 'nightly',
  state: 'restorable',
  restorePoint: at,
  pause: { mode: 'auto', paused: true, why: 'two databases' },
  location: 's3://bucket/nightly?region=eu-west-1',
  databases: [cosmosEntry, cassandraEntry, ownEntry],
  encryption: { format: 'age', recipients: ['age1qqqq'] },
  signature: { publicKey: 'AAAA', value: 'AAAA' },
  command: { image: 'registry/tool', program: '/tool', phase: 'snapshot', runs: [run] },
  copies: ['azblob://account/container/nightly'],
}

const window = { endpoints: [{ address: '10.0.0.2:50053', pod: 'ledger-0', uid: 'u', release: 'my' }], reasons: ['r'] }

export const laterRecord: OperationRecord & { backup: BackupPart } = {
  ...newRecord({
    operation: 'backup-nightly',
    kind: 'backup',
    namespace: 'ns',
    releases: ['my'],
    createdAt: at,
    plugin: '0.2.0',
    requestedBy: { user: 'ann' },
  }),
  state: 'succeeded',
  finishedAt: at,
  exitCode: 0,
  windows: [{ ...window, pause: 1, lookedAt: at, pauseSentAt: at, attestedBy: 'ann', verdict: 'valid' }],
  backup,
  handover: { publicKey: 'AAAA', value: 'AAAA' },
  ended: [{ operation: 'pause-x', window: { ...window, pauseSentAt: at, verdict: 'void' } }],
}
