import type { DatabaseBackup } from '../record.ts'

/** What the record tells of a backup by Cassy; of a newer version, or damaged, it may lack any. */
function backupOf({ details }: Pick<DatabaseBackup, 'details'>) {
  const text = (name: string) => (typeof details[name] === 'string' ? details[name] : '?')
  const { nodes } = details
  const addresses = Array.isArray(nodes)
    ? nodes.flatMap((node) =>
        typeof node === 'object' && node !== null && !Array.isArray(node) && typeof node['address'] === 'string'
          ? [node['address']]
          : [],
      )
    : []
  return {
    cassy: text('cassy'),
    storage: text('cassyStorage'),
    clusterId: text('clusterId'),
    snapshotId: text('snapshotId'),
    addresses,
  }
}

/** Whether Cassy made a backup, and its bucket has it. */
export function isKeptByCassy({ details }: Pick<DatabaseBackup, 'details'>): boolean {
  return details['cassy'] !== undefined
}

/** What of a backup is where, for people. */
export function keptByCassy(entry: Pick<DatabaseBackup, 'details'>): string {
  const { clusterId, snapshotId, storage } = backupOf(entry)
  return `${storage} of Cassy, node-backup/${clusterId}/${snapshotId}`
}

/**
 * What an administrator and Cassy do between the stop of the releases and their start, in order (Cassy, "Restore
 * backups to a node"). It was a backup of nodes, so it is restored as one, and without what Cassy may have added to it.
 */
export function cassyRunbook(entry: Pick<DatabaseBackup, 'details' | 'title'>): string[] {
  const { addresses, cassy, clusterId, snapshotId } = backupOf(entry)
  const asked = JSON.stringify({
    cluster_id: clusterId,
    snapshot_id: snapshotId,
    restore_type: 2,
    snapshot_only: true,
  })
  const listed = JSON.stringify({ snapshot_id: snapshotId })
  return [
    `${entry.title}: yours to do, in this order, since every node of Cassandra has to stand still:`,
    `  1. Have a node with the address and the tokens of each node of the record: ${addresses.join(', ')}. Cassy puts`,
    '     back every node by its address.',
    '  2. Stop Cassandra on every node. Empty its data folder, commit log, hints and saved caches; Cassy brings back',
    "     Cassandra's own tables as well.",
    '  3. Have Cassy put the files back on all nodes:',
    `     grpcurl -plaintext -d '${asked}' ${cassy} rpc.Cassy.RestoreBackup`,
    '  4. Wait until every node is COMPLETED:',
    `     grpcurl -plaintext -d '${listed}' ${cassy} rpc.Cassy.ListRestoreStatuses`,
    '  5. Start Cassandra on every node, and wait until nodetool status shows UN for all.',
    '  6. Run nodetool repair of the keyspaces, node by node. Where tables have secondary indexes, run nodetool',
    '     rebuild_index: Cassy copies none.',
  ]
}
