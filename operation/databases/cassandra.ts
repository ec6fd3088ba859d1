import type { DatabaseBackup } from '../record.ts'
import { cassyRunbook, isKeptByCassy, keptByCassy } from './cassy.ts'
import type { KnownKind } from './kind.ts'

/** How Medusa has the data; undefined where the nodes have it. */
function medusaOf(told: unknown): { container: string; datacenter: string | undefined } | undefined {
  if (typeof told !== 'object' || told === null) return undefined
  const text = (name: string) => {
    const value: unknown = Reflect.get(told, name)
    return typeof value === 'string' ? value : undefined
  }
  return { container: text('container') ?? '?', datacenter: text('datacenter') }
}

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
  return { title, tag: text('tag'), namespace: text('namespace'), pods, medusa: medusaOf(details['medusa']) }
}

/**
 * What an administrator does between the stop of the releases and their start, in order (Cassandra, "Restoring from
 * snapshots"; ScalarDB, "How to Back Up and Restore"): this program does not stop a database that others may use.
 */
export function runbookOf(entry: Pick<DatabaseBackup, 'details' | 'title'>): string[] {
  const { title, tag, namespace, pods, medusa } = snapshotOf(entry)
  if (medusa?.datacenter !== undefined) return byOperator(title, tag, namespace, medusa.datacenter)
  if (medusa !== undefined)
    return [
      `${title}: yours to do, in this order, since every node of Cassandra has to stand still:`,
      '  1. Check that the ring has the nodes and the tokens of the record (nodetool ring).',
      '  2. Stop Cassandra on every node, and remove the hints and the saved caches there, which Medusa leaves: hints',
      '     are writes of after the backup that nodes hand each other once they are back.',
      '  3. On each node, all of them before any starts, have Medusa put its files back; then start Cassandra:',
      ...pods.map(
        (pod) => `     ${pod} (container ${medusa.container}): medusa restore-node --in-place --backup-name ${tag}`,
      ),
      '  4. Wait until nodetool status shows UN for all.',
      '  5. Run nodetool repair of the keyspaces, node by node.',
    ]
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

/** Where k8ssandra's operator stops, restores and starts the nodes (k8ssandra-operator, medusa.k8ssandra.io). */
function byOperator(title: string, tag: string, namespace: string, datacenter: string): string[] {
  const object = (kind: string, name: string, spec: string) =>
    `     {apiVersion: medusa.k8ssandra.io/v1alpha1, kind: ${kind}, ` +
    `metadata: {name: ${name}, namespace: ${namespace}}, spec: {${spec}}}`
  return [
    `${title}: yours to do, in this order; k8ssandra's operator stops and starts the nodes:`,
    '  1. Run nodetool truncatehints on every node: Medusa leaves hints, writes of after the backup that nodes hand',
    '     each other once they are back.',
    '  2. Let it know the backups in its storage. Apply this, and wait until it is finished:',
    object('MedusaTask', 'sync-1', `cassandraDatacenter: ${datacenter}, operation: sync`),
    '  3. Have it restore the backup. Apply this, and wait until it has a finish time and every node is UN:',
    object('MedusaRestoreJob', 'restore-1', `cassandraDatacenter: ${datacenter}, backup: ${tag}`),
    '  4. Run nodetool repair of the keyspaces, node by node.',
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
    {
      name: 'cassandra-client-secret',
      describe:
        "NAME[:SERVER-NAME] of a Secret in Cassandra's namespace with the client's certificate that the management " +
        'API of its pods wants (ca.crt, tls.crt, tls.key); with SERVER-NAME their own has to be for that name',
    },
    {
      name: 'cassandra-medusa',
      describe:
        'container of these pods that has Medusa (medusa in k8ssandra), which then copies the snapshots to its ' +
        'storage; CONTAINER:COMMAND for a command other than medusa',
    },
    {
      name: 'cassy',
      describe: 'HOST:20051 of Cassy, which then takes the snapshots inside the pause and uploads them after it',
    },
    {
      name: 'cassy-storage',
      describe: 's3://BUCKET or azblob://ACCOUNT/CONTAINER that Cassy uploads to, where the worker looks what arrived',
    },
  ],
  execIn: {
    flag: 'cassandra-namespace',
    describe: 'namespace of Cassandra, where the worker may then list pods, and run nodetool in them; repeatable',
    secret: {
      flag: 'cassandra-client-secret',
      describe: "Secret there that the worker may read: the client's certificate for the management API of its pods",
    },
  },
  examples: {
    backup: [
      ['backup my-ledger --cassandra-namespace cassandra', 'a release whose data is in a Cassandra of that namespace'],
    ],
  },
  keptNames: (entry) => {
    if (isKeptByCassy(entry)) return [keptByCassy(entry)]
    const { tag, pods, medusa } = snapshotOf(entry)
    if (medusa !== undefined) return [`${tag} in Medusa's storage`]
    return pods.map((pod) => `${tag} in ${pod}`)
  },
  planLines: (entry) => [
    ...(typeof entry.details['lostNode'] === 'string' ? [entry.details['lostNode']] : []),
    'Restored by you and this program: it stops the releases, tells you what to do, and ends with exit code 7.',
    ...(isKeptByCassy(entry) ? cassyRunbook(entry) : runbookOf(entry)),
    'Then `restore NAME --continue` looks at what you have done, as far as it can be seen, and starts the releases.',
    'Once a node of Cassandra was stopped there is NO --undo; before that, `restore NAME --undo` gives the restore up.',
  ],
}
