import { resolve } from 'node:path'
import { loadSync, type ServiceDefinition } from '@grpc/proto-loader'
import t from 'tap'
import { cassyMethods } from '../../../../../../job/databases/cassandra/cassy/protocol.ts'

const fromFile = loadSync(resolve(import.meta.dirname, '../../../../../../proto/cassy.proto'), {
  keepCase: true,
  longs: Number,
  enums: Number,
  defaults: true,
})

const entry = { cluster_id: 'c', target_ip: '10.0.0.1', snapshot_id: 's', backup_type: 2, status: 3 }

/** What goes over the wire for each call, and back. */
const examples: Record<keyof typeof cassyMethods, { requests: object[]; responses: object[] }> = {
  RegisterCluster: {
    requests: [{}, { cassandra_host: '10.0.0.1' }],
    responses: [{}, { cluster_id: 'c', target_ips: ['10.0.0.1', '10.0.0.2'], keyspaces: ['a'] }],
  },
  ListClusters: {
    requests: [{}, { cluster_id: 'c', limit: 3 }],
    responses: [{}, { entries: [{ cluster_id: 'c', target_ips: ['10.0.0.1'] }] }],
  },
  TakeBackup: {
    requests: [{}, { cluster_id: 'c', backup_type: 2 }],
    responses: [{}, { status: 2, cluster_id: 'c', target_ips: ['10.0.0.1'], snapshot_id: 's' }],
  },
  ListBackups: { requests: [{}, { cluster_id: 'c' }], responses: [{}, { entries: [entry, entry] }] },
  RestoreBackup: {
    requests: [
      {},
      { cluster_id: 'c', target_ips: ['10.0.0.1', '10.0.0.2'], snapshot_id: 's', restore_type: 2, snapshot_only: true },
    ],
    responses: [{}, { status: 2 }],
  },
  ListRestoreStatuses: {
    requests: [{}, { snapshot_id: 's' }, { cluster_id: 'c' }],
    responses: [
      {},
      { entries: [{ target_ip: '10.0.0.1', snapshot_id: 's', created_at: 1_763_700_000_000, status: 4 }] },
    ],
  },
}

t.test('what is said to Cassy is what proto/ has', (t) => {
  const service = fromFile['rpc.Cassy'] as ServiceDefinition
  t.strictSame(Object.keys(cassyMethods).sort(), Object.keys(service).sort())
  for (const [name, { requests, responses }] of Object.entries(examples)) {
    const [own, file] = [cassyMethods[name as keyof typeof cassyMethods], service[name]]
    t.equal(own.path, file?.path)
    for (const request of requests)
      t.strictSame((own.requestSerialize as (message: object) => Buffer)(request), file?.requestSerialize(request))
    for (const response of responses) {
      const bytes = file?.responseSerialize(response) ?? Buffer.alloc(0)
      t.strictSame({ ...own.responseDeserialize(bytes) }, { ...file?.responseDeserialize(bytes) })
    }
  }
  t.end()
})

// What Cassy itself answers may have more in it than anybody here reads (its own proto, BackupListingResponse).
t.test('fields that nobody here reads are passed over', (t) => {
  const bytes = Buffer.concat([
    Buffer.from([0x0a, 23]),
    Buffer.from([0x0a, 1, 0x63, 0x12, 2, 0x69, 0x70, 0x1a, 1, 0x73]),
    Buffer.from([0x20, 1, 0x28, 2, 0x30, 2, 0x38, 3, 0x9a, 6, 2, 0x78, 0x78]),
  ])
  const { entries } = cassyMethods.ListBackups.responseDeserialize(bytes)
  t.strictSame(
    entries.map((one) => ({ ...one })),
    [{ cluster_id: 'c', target_ip: 'ip', snapshot_id: 's', backup_type: 2, status: 3 }],
  )
  t.end()
})
