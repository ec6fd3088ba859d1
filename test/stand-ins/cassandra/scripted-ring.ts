// Room: Cassandra for tests: a ring of scripted nodes, as unkind as real ones, and a real ring of two.
// Read scripted-ring, scripted-medusa, cql-server, real-ring, real-medusa.

import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type {
  CommandLimits,
  CommandResult,
  PodElsewhere,
  PodsElsewhere,
} from '../../../job/kubernetes/elsewhere/pods-elsewhere.ts'
import { medusaOf, type MedusaFault, type MedusaStorage } from './scripted-medusa.ts'
import { startCqlServer, type Answer } from './cql-server.ts'

/**
 * What goes wrong on a node from here on. Each is what Cassandra 5.0.9 was seen to do, or its source says:
 * fails: `nodetool snapshot` ends with exit code 2 and a stack trace on standard error;
 * full: the same, since a memtable cannot be flushed, and a part of the snapshot is there;
 * lies: exit code 0, with an error on standard error, and no snapshot;
 * hangs: it never answers, and takes the snapshot all the same, after somebody has looked for it in vain;
 * half: exit code 0, and a table is not in the snapshot;
 * down: the pod is not ready, nothing answers, and the others call it DN;
 * unnoticed: nothing answers, and the others have not noticed yet.
 */
export type Fault = 'fails' | 'full' | 'lies' | 'hangs' | 'half' | 'down' | 'unnoticed'

export interface ScriptedNode {
  pod: string
  hostId: string
  address: string
  /** when it was started: another number after each start */
  generation: number
  tokens: readonly string[]
  fault?: Fault | undefined
  medusaFault?: MedusaFault | undefined
  /** what is on it: `tag keyspace table` */
  snapshots: Set<string>
  /** what it takes after the next look */
  late?: readonly string[] | undefined
}

export interface ScriptedRing {
  nodes: ScriptedNode[]
  port: number
  /** `keyspace.table` */
  tables: string[]
  /** of coordinator.state: when each was created, ms since the epoch */
  transactions: Map<string, number>
  replication: string
  /** what Medusa has, in a container of every pod */
  medusa: MedusaStorage
  /** the CassandraDatacenter that the pods say they are of */
  datacenter?: string
  /** verbs that the worker may not do */
  missing: string[]
  /** the labels that its pods have */
  label: string
  /** commands that were run: `pod snapshot` */
  calls: string[]
  /** tags that were cleared */
  cleared: Set<string>
  /** called before each command of nodetool */
  before?: (node: ScriptedNode, verb: string) => void
  podsIn: (namespace?: string) => PodsElsewhere
  /** every snapshot on any node whose tag begins so */
  left(beginning?: string): string[]
  close(): void
}

const own = ['system.paxos', 'system_schema.tables', 'system_auth.roles']

/** Starts a ring of scripted nodes; its CQL is on the loopback interface. */
export async function scriptedRing(count: number, password?: string): Promise<ScriptedRing> {
  const nodes: ScriptedNode[] = Array.from({ length: count }, (_, index) => ({
    pod: `cassandra-${index}`,
    hostId: randomUUID(),
    address: `10.1.0.${index + 1}`,
    generation: 1_763_700_000 + index,
    tokens: [String(index * 1000), String(index * 1000 + 7)],
    snapshots: new Set(),
  }))
  const server = await startCqlServer((query) => answerOf(ring, query), password)
  const ring: ScriptedRing = {
    nodes,
    port: server.port,
    tables: ['scalar.asset', 'scalar.asset_metadata', 'coordinator.state'],
    transactions: new Map(),
    medusa: new Map(),
    replication: '3',
    missing: [],
    label: 'app.kubernetes.io/name=cassandra',
    calls: [],
    cleared: new Set(),
    podsIn: (namespace = 'ns') => podsOf(ring, namespace),
    left: (beginning = '') =>
      nodes.flatMap(({ pod, snapshots }) =>
        [...new Set([...snapshots].map((line) => line.split(' ')[0] ?? ''))]
          .filter((tag) => tag.startsWith(beginning))
          .map((tag) => `${pod} ${tag}`),
      ),
    close: () => server.close(),
  }
  return ring
}

function podsOf(ring: ScriptedRing, namespace: string): PodsElsewhere {
  return {
    namespace,
    missingRights: async () => ring.missing,
    list: async (selector) =>
      selector !== ring.label
        ? []
        : ring.nodes.map(({ pod, address, fault }): PodElsewhere => ({
            name: pod,
            uid: pod,
            ip: address,
            node: 'a',
            labels: ring.datacenter === undefined ? {} : { 'cassandra.datastax.com/datacenter': ring.datacenter },
            ready: fault !== 'down',
            ...(fault === 'down' ? { trouble: 'container cassandra exited with 137' } : {}),
            containers: [
              { name: 'metrics', ports: [8080] },
              { name: 'cassandra', ports: [9042, 7000] },
              { name: 'medusa', ports: [50051] },
            ],
          })),
    async run(pod, container, [program, ...args], limits) {
      const node = ring.nodes.find((one) => one.pod === pod)
      const isMedusa = container === 'medusa' && program === 'medusa'
      if (node === undefined || (!isMedusa && (container !== 'cassandra' || program !== 'nodetool')))
        throw new Error('no such container')
      await sleep(1, undefined, { signal: limits.signal })
      ring.before?.(node, args[0] ?? '')
      ring.calls.push(`${pod} ${args[0]}`)
      if (isMedusa) return medusaOf(ring.medusa, node, args, ring.nodes.length)
      return await nodetoolOf(ring, node, args, limits)
    },
  }
}

const ok = (stdout: string): CommandResult => ({ exitCode: 0, stdout, stderr: '' })

/** As `nodetool` of Cassandra 5.0.9 was seen to answer. */
async function nodetoolOf(
  ring: ScriptedRing,
  node: ScriptedNode,
  [verb = '', ...args]: readonly string[],
  limits: CommandLimits,
): Promise<CommandResult> {
  const { fault, snapshots } = node
  if (fault === 'down' || fault === 'unnoticed')
    return {
      exitCode: 1,
      stdout: '',
      stderr: "nodetool: Failed to connect to '127.0.0.1:7199' - ConnectException: 'Connection refused'.\n",
    }
  const tag = args[args.indexOf('-t') + 1] ?? ''
  switch (verb) {
    case 'info':
      return {
        ...ok(
          `ID                     : ${node.hostId}\nGossip active          : true\n` +
            `Generation No          : ${node.generation}\n`,
        ),
        stderr: 'OpenJDK 64-Bit Server VM warning: Option UseConcMarkSweepGC was deprecated\n',
      }
    case 'status':
      return ok(
        'Datacenter: dc1\n===============\nStatus=Up/Down\n|/ State=Normal/Leaving/Joining/Moving\n' +
          '--  Address   Load       Tokens  Owns   Host ID                               Rack\n' +
          ring.nodes
            .map(
              (one) =>
                `${one.fault === 'down' ? 'DN' : 'UN'}  ${one.address}  109.39 KiB  4  100.0%  ${one.hostId}  rack1\n`,
            )
            .join(''),
      )
    case 'snapshot':
      return await takeSnapshot(ring, node, tag, limits)
    case 'listsnapshots': {
      const listed = ok(listOf(snapshots))
      for (const line of node.late ?? []) snapshots.add(line)
      node.late = undefined
      return listed
    }
    case 'clearsnapshot':
      for (const line of snapshots) if (line.startsWith(`${tag} `)) snapshots.delete(line)
      ring.cleared.add(tag)
      return ok(`Requested clearing snapshot(s) for [all keyspaces] with snapshot name [${tag}]\n`)
    default:
      return { exitCode: 1, stdout: `nodetool: Found unexpected parameters: [${verb}]\n`, stderr: '' }
  }
}

function listOf(snapshots: ReadonlySet<string>): string {
  if (snapshots.size === 0) return 'Snapshot Details: \nThere are no snapshots\n'
  return (
    'Snapshot Details: \nSnapshot name Keyspace name      Column family name  True size Size on disk\n' +
    [...snapshots].map((line) => `${line.replaceAll(' ', '    ')}   1.03 KiB  1.03 KiB\n`).join('') +
    '\nTotal TrueDiskSpaceUsed: 0 bytes\n'
  )
}

async function takeSnapshot(
  ring: ScriptedRing,
  node: ScriptedNode,
  tag: string,
  { timeoutMs, signal }: CommandLimits,
): Promise<CommandResult> {
  const { fault, snapshots } = node
  const requested = `Requested creating snapshot(s) for [all keyspaces] with snapshot name [${tag}] and options {}\n`
  const tables = [...ring.tables, ...own].map((name) => `${tag} ${name.replace('.', ' ')}`)
  const failed = (words: string): CommandResult => ({
    exitCode: 2,
    stdout: requested,
    stderr: `error: ${words}\n-- StackTrace --\njava.io.IOException: ${words}\n\tat org.apache.cassandra.X(Y:1)\n`,
  })
  if ([...snapshots].some((line) => line.startsWith(`${tag} `))) return failed(`Snapshot ${tag} already exists.`)
  switch (fault) {
    case 'fails':
      return failed('Unable to create hard link')
    case 'full':
      for (const line of tables.slice(0, 2)) snapshots.add(line)
      return failed('java.nio.file.FileSystemException: No space left on device')
    case 'lies':
      return { ...failed('Snapshot was aborted'), exitCode: 0 }
    case 'half':
      for (const line of tables.slice(1)) snapshots.add(line)
      return ok(`${requested}Snapshot directory: ${tag}\n`)
    case 'hangs': {
      // Nobody tells the node that its nodetool is gone.
      node.late = tables
      await sleep(timeoutMs, undefined, { signal })
      throw new Error('nodetool has no known end')
    }
    default:
      for (const line of tables) snapshots.add(line)
      return ok(`${requested}Snapshot directory: ${tag}\n`)
  }
}

function answerOf({ nodes, tables, replication, transactions }: ScriptedRing, query: string): Answer | undefined {
  const columns: Answer['columns'] = [
    ['key', 'text'],
    ['cluster_name', 'text'],
    ['broadcast_address', 'inet'],
    ['rpc_address', 'inet'],
    ['peer', 'inet'],
    ['host_id', 'uuid'],
    ['data_center', 'text'],
    ['rack', 'text'],
    ['tokens', 'set'],
    ['schema_version', 'uuid'],
    ['release_version', 'text'],
    ['partitioner', 'text'],
  ]
  const rowOf = ({ hostId, address, tokens }: ScriptedNode, rpcAddress: string) => [
    'local',
    'test',
    address,
    rpcAddress,
    address,
    hostId,
    'dc1',
    'rack1',
    tokens,
    'ea63e099-37c5-3d7b-9ace-32f4c833653d',
    '5.0.9',
    'org.apache.cassandra.dht.Murmur3Partitioner',
  ]
  const [first, ...others] = nodes
  if (/FROM system\.local/i.test(query))
    return { columns, rows: first === undefined ? [] : [rowOf(first, '127.0.0.1')] }
  if (/FROM system\.peers( |$)/i.test(query)) return { columns, rows: others.map((node) => rowOf(node, node.address)) }
  const keyspaces = [...new Set([...tables, ...own].map((name) => name.split('.')[0] ?? ''))]
  if (/FROM system_schema\.keyspaces/.test(query))
    return {
      columns: [
        ['keyspace_name', 'text'],
        ['replication', 'map'],
      ],
      rows: keyspaces.map((name) => [name, { class: 'SimpleStrategy', replication_factor: replication }]),
    }
  if (/FROM system_schema\.tables/.test(query))
    return {
      columns: [
        ['keyspace_name', 'text'],
        ['table_name', 'text'],
      ],
      rows: [...tables, ...own].map((name) => name.split('.')),
    }
  if (/FROM "coordinator"\.state/.test(query) && tables.includes('coordinator.state')) {
    const [, literal] = /WHERE tx_id = '((?:[^']|'')*)'$/.exec(query) ?? []
    const id = literal?.replaceAll("''", "'")
    return {
      columns: [
        ['tx_id', 'text'],
        ['tx_created_at', 'bigint'],
      ],
      rows: [...transactions].filter(([one]) => id === undefined || one === id),
    }
  }
  if (query.startsWith('DESCRIBE SCHEMA'))
    return {
      columns: [
        ['keyspace_name', 'text'],
        ['create_statement', 'text'],
      ],
      rows: tables.map((name) => [name.split('.')[0], `CREATE TABLE ${name} (a int PRIMARY KEY);`]),
    }
  return undefined
}
