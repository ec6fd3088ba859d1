import type { DatabaseBackup } from '../record.ts'
import type { KnownKind } from './kind.ts'

/** What the record tells of a backup's snapshots; of a newer version, or damaged, it may lack any. */
function snapshotOf({ details, title }: Pick<DatabaseBackup, 'details' | 'title'>) {
  const text = (name: string) => (typeof details[name] === 'string' ? details[name] : '?')
  const { nodes } = details
  const pods = Array.isArray(nodes)
    ? nodes.flatMap((node) =>
        typeof node === 'object' && node !== null && !Array.isArray(node) && typeof node['pod'] === 'string'
          ? [node['pod']]
          : [],
      )
    : []
  return { title, tag: text('tag'), namespace: text('namespace'), pods }
}

/**
 * What an administrator does between the stop of the releases and their start, in order (Cassandra, "Restoring from
 * snapshots"; ScalarDB, "How to Back Up and Restore"): this program does not stop a database that others may use.
 */
export function runbookOf(entry: Pick<DatabaseBackup, 'details' | 'title'>): string[] {
  const { title, tag, namespace, pods } = snapshotOf(entry)
  return [
    `${title}: yours to do, in this order, since every node of Cassandra has to stand still:`,
    '  1. Check that the ring has the nodes and the tokens of the record, and its tables the same definition',
    '     (nodetool ring, DESCRIBE SCHEMA); make tables that are missing again from the schema in the record.',
    `  2. On each node keep the snapshot ${tag}: it is in pods ${pods.join(', ')} of namespace ${namespace}, in`,
    '     data/KEYSPACE/TABLE-ID/snapshots/ of every table. Copy it away before you remove anything.',
    '  3. Stop Cassandra on every node, and remove there the commit log, the hints, the saved caches and the SSTables',
    '     of every table of the backup, and of system.paxos and system.batches.',
    '  4. Copy the files of the snapshot into the folder of their table, on the node that they are of.',
    '  5. Start Cassandra on every node, and wait until nodetool status shows UN for all.',
    '  6. Run nodetool repair of the keyspaces, node by node.',
  ]
}

/** Apache Cassandra: each node keeps its snapshots itself. */
export const cassandra: KnownKind = {
  name: 'cassandra',
  title: 'Cassandra',
  storage: 'cassandra',
  keepsItsOwnBackups: true,
  restoredByHand: true,
  flags: {},
  ownFlags: [
    {
      name: 'cassandra-namespace',
      describe: 'namespace of the pods that Cassandra runs in; else the one that the contact points name',
    },
    {
      name: 'cassandra-selector',
      describe:
        'KEY=VALUE,… labels of the pods that Cassandra runs in; else those of k8ssandra, cass-operator and Bitnami',
    },
  ],
  execIn: {
    flag: 'cassandra-namespace',
    describe: 'namespace of Cassandra, where the worker may then list pods and run nodetool in them; repeatable',
  },
  examples: {
    backup: [
      ['backup my-ledger --cassandra-namespace cassandra', 'a release whose data is in a Cassandra of that namespace'],
    ],
  },
  keptNames: (entry) => {
    const { tag, pods } = snapshotOf(entry)
    return pods.map((pod) => `${tag} in ${pod}`)
  },
  planLines: (entry) => [
    'Restored by you and this program: it stops the releases, tells you what to do, and ends with exit code 7.',
    ...runbookOf(entry),
    'Then `restore NAME --continue` looks at what you have done, as far as it can be seen, and starts the releases.',
    'Once a node of Cassandra was stopped there is NO --undo; before that, `restore NAME --undo` gives the restore up.',
  ],
}
