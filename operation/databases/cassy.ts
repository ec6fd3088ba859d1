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

/** The program of Cassy that puts files back on a node, as `pgrep -f` finds it (Cassy, RestoreCommand). */
const nodeProgram = 'cassy.command.RestoreCommand'

type Kept = Pick<DatabaseBackup, 'details' | 'title'>

/**
 * What an administrator does before Cassy puts the files back (Cassy, docs/getting-started.md, "Restore backups to a
 * node"): it stops, starts and removes nothing itself (Cassy, RestoreServiceMaster).
 */
export function beforeCassy(entry: Kept): string[] {
  const { addresses, cassy } = backupOf(entry)
  return [
    `${entry.title}: yours to do, in this order, since every node of Cassandra has to stand still:`,
    `  1. Have a node with the address and the tokens of each node of the record: ${addresses.join(', ')}. Cassy puts`,
    '     back every node by its address.',
    '  2. Stop Cassandra on every node, and leave it stopped. Leave the hosts up: Cassy logs in to them.',
    '  3. Empty the data folder, commit log, hints and saved caches of every node. Cassy brings back',
    "     Cassandra's own tables as well, and overwrites no file.",
    `  Then go on: Cassy at ${cassy} puts the files back, and the rest is told.`,
  ]
}

/** What he does once Cassy has put back the files of every node. */
export function afterCassy({ title }: Pick<DatabaseBackup, 'title'>): string[] {
  return [
    `${title}: Cassy has put the files back on every node. Yours to do, in this order:`,
    '  1. Start Cassandra on every node, and wait until nodetool status shows UN for all.',
    '  2. Run nodetool repair of the keyspaces, node by node. Where tables have secondary indexes, run nodetool',
    '     rebuild_index: Cassy copies none.',
  ]
}

/**
 * What he does on nodes whose restore has failed. Cassy says so too where it could not write down that a node's program
 * began (Cassy, CassyServerController.restoreBackup), and that program overwrites nothing (Cassy, Placer).
 */
export function afterFailure({ title }: Pick<DatabaseBackup, 'title'>, addresses: readonly string[]): string[] {
  return [
    `${title}: Cassy says that it has failed on node ${addresses.join(', ')}. Yours to do there, in this order:`,
    "  1. See why, in Cassy's log: its SSH login, the node's disk, files that were there, its rights on the bucket.",
    `  2. Wait until its program runs there no more: pgrep -f ${nodeProgram}`,
    "  3. Leave Cassandra stopped. Empty the node's data folder again, with node-backup in it, and its commit log,",
    '     hints and saved caches.',
    '  Then go on: Cassy is asked for these nodes again, and for no other.',
  ]
}

/**
 * What he does about nodes of which Cassy says nothing new: one that was started anew has forgotten what it began, and
 * its own database says "started" for ever (Cassy, RemoteCommandHandler).
 */
export function afterSilence(entry: Kept, addresses: readonly string[]): string[] {
  const { snapshotId } = backupOf(entry)
  return [
    `${entry.title}: Cassy says nothing new of node ${addresses.join(', ')}. Yours to do:`,
    `  1. See there whether its program still runs: pgrep -f ${nodeProgram}`,
    '     Where it does, go on: Cassy is waited for again, and asked for nothing.',
    '  2. Where it does not, Cassy has forgotten it: it was started anew, or cannot log in there. Have its own',
    '     database say so, then go on, and you are told what to do on that node:',
    `     UPDATE restore_history SET status = 4 WHERE snapshot_id = '${snapshotId}' AND status < 3`,
    `       AND target_ip IN (${addresses.map((address) => `'${address}'`).join(', ')});`,
  ]
}

/** The whole of such a restore, for its plan. */
export function cassyRunbook(entry: Kept): string[] {
  const { cassy } = backupOf(entry)
  return [
    ...beforeCassy(entry).slice(0, -1),
    `  4. restore NAME --continue: Cassy at ${cassy} puts the files back on all nodes, and is waited for.`,
    '  5. Start Cassandra on every node, and wait until nodetool status shows UN for all.',
    '  6. Run nodetool repair of the keyspaces, node by node. Where tables have secondary indexes, run nodetool',
    '     rebuild_index: Cassy copies none.',
  ]
}
