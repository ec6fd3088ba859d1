import { rpcMethod, wiresOf } from '../../../servers/wire.ts'

/** The messages of proto/cassy.proto as data. A test compares them with proto/. */
const cassyProtocol = {
  nested: {
    rpc: {
      nested: {
        ClusterRegistrationRequest: { fields: { cassandra_host: { type: 'string', id: 1 } } },
        ClusterRegistrationResponse: {
          fields: {
            cluster_id: { type: 'string', id: 1 },
            target_ips: { rule: 'repeated', type: 'string', id: 3 },
            keyspaces: { rule: 'repeated', type: 'string', id: 4 },
          },
        },
        ClusterListingRequest: { fields: { cluster_id: { type: 'string', id: 1 }, limit: { type: 'int32', id: 2 } } },
        ClusterListingResponse: {
          fields: { entries: { rule: 'repeated', type: 'Entry', id: 1 } },
          nested: {
            Entry: {
              fields: {
                cluster_id: { type: 'string', id: 1 },
                target_ips: { rule: 'repeated', type: 'string', id: 3 },
              },
            },
          },
        },
        BackupRequest: { fields: { cluster_id: { type: 'string', id: 1 }, backup_type: { type: 'uint32', id: 4 } } },
        BackupResponse: {
          fields: {
            status: { type: 'int32', id: 1 },
            cluster_id: { type: 'string', id: 2 },
            target_ips: { rule: 'repeated', type: 'string', id: 3 },
            snapshot_id: { type: 'string', id: 4 },
          },
        },
        BackupListingRequest: { fields: { cluster_id: { type: 'string', id: 1 } } },
        BackupListingResponse: {
          fields: { entries: { rule: 'repeated', type: 'Entry', id: 1 } },
          nested: {
            Entry: {
              fields: {
                cluster_id: { type: 'string', id: 1 },
                target_ip: { type: 'string', id: 2 },
                snapshot_id: { type: 'string', id: 3 },
                backup_type: { type: 'uint32', id: 6 },
                status: { type: 'int32', id: 7 },
              },
            },
          },
        },
        RestoreRequest: {
          fields: {
            cluster_id: { type: 'string', id: 1 },
            target_ips: { rule: 'repeated', type: 'string', id: 2 },
            snapshot_id: { type: 'string', id: 3 },
            restore_type: { type: 'uint32', id: 4 },
            snapshot_only: { type: 'bool', id: 5 },
          },
        },
        RestoreResponse: { fields: { status: { type: 'int32', id: 1 } } },
        RestoreStatusListingRequest: {
          fields: { cluster_id: { type: 'string', id: 1 }, snapshot_id: { type: 'string', id: 3 } },
        },
        RestoreStatusListingResponse: {
          fields: { entries: { rule: 'repeated', type: 'Entry', id: 3 } },
          nested: {
            Entry: {
              fields: {
                target_ip: { type: 'string', id: 1 },
                snapshot_id: { type: 'string', id: 2 },
                created_at: { type: 'uint64', id: 3 },
                status: { type: 'int32', id: 6 },
              },
            },
          },
        },
      },
    },
  },
}

/** How far a node's part has come (rpc.OperationStatus). */
export const operationStatus = { unknown: 0, initialized: 1, started: 2, completed: 3, failed: 4 } as const

/** A snapshot of every node and no pause (Cassy, BackupType NODE_SNAPSHOT). */
export const nodeSnapshot = 2
/** What puts such a backup back; 1 is for one that Cassy paused for (Cassy, CassyServerController.isValid). */
const restoreOfNodes = 2

/** A ring as Cassy has written it down. */
export interface Registration {
  cluster_id: string
  target_ips: string[]
  keyspaces: string[]
}

/** What became of one node's part of a backup. */
export interface BackupEntry {
  cluster_id: string
  target_ip: string
  snapshot_id: string
  backup_type: number
  status: number
}

/** What became of one node's part of a restore. */
export interface RestoreEntry {
  target_ip: string
  snapshot_id: string
  /** ms since the epoch, by Cassy's clock */
  created_at: number
  status: number
}

/** Nodes that are to get the files of a backup. */
export interface RestoreOrder {
  cluster_id: string
  target_ips: readonly string[]
  snapshot_id: string
}

/** That order as Cassy takes it: a backup of nodes, without what Cassy may have added to it since. */
export function restoreRequest(order: RestoreOrder) {
  return { ...order, restore_type: restoreOfNodes, snapshot_only: true }
}

/** A backup that Cassy says it has begun. */
export interface BackupBegun {
  status: number
  cluster_id: string
  target_ips: string[]
  snapshot_id: string
}

const wireOf = wiresOf(cassyProtocol)

export const cassyMethods = {
  RegisterCluster: rpcMethod(
    '/rpc.Cassy/RegisterCluster',
    wireOf<{ cassandra_host: string }>('rpc.ClusterRegistrationRequest'),
    wireOf<Registration>('rpc.ClusterRegistrationResponse'),
  ),
  ListClusters: rpcMethod(
    '/rpc.Cassy/ListClusters',
    wireOf<{ limit?: number }>('rpc.ClusterListingRequest'),
    wireOf<{ entries: { cluster_id: string; target_ips: string[] }[] }>('rpc.ClusterListingResponse'),
  ),
  TakeBackup: rpcMethod(
    '/rpc.Cassy/TakeBackup',
    wireOf<{ cluster_id: string; backup_type: number }>('rpc.BackupRequest'),
    wireOf<BackupBegun>('rpc.BackupResponse'),
  ),
  ListBackups: rpcMethod(
    '/rpc.Cassy/ListBackups',
    wireOf<{ cluster_id: string }>('rpc.BackupListingRequest'),
    wireOf<{ entries: BackupEntry[] }>('rpc.BackupListingResponse'),
  ),
  RestoreBackup: rpcMethod(
    '/rpc.Cassy/RestoreBackup',
    wireOf<ReturnType<typeof restoreRequest>>('rpc.RestoreRequest'),
    wireOf<{ status: number }>('rpc.RestoreResponse'),
  ),
  ListRestoreStatuses: rpcMethod(
    '/rpc.Cassy/ListRestoreStatuses',
    wireOf<{ cluster_id?: string; snapshot_id?: string }>('rpc.RestoreStatusListingRequest'),
    wireOf<{ entries: RestoreEntry[] }>('rpc.RestoreStatusListingResponse'),
  ),
}
