// Room: Cassandra for tests: a ring of scripted nodes, as unkind as real ones, and a real ring of two.
// Read scripted-ring, scripted-cql, scripted-management-api, scripted-medusa, cql-server, pod and objects (one scripted
// node in a cluster), real-ring, real-medusa, small-disk.

import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type {
  CommandLimits,
  CommandResult,
  PodElsewhere,
  PodsElsewhere,
} from '../../../job/kubernetes/elsewhere/pods-elsewhere.ts'
import { Failure } from '../../../operation/failure.ts'
import type { NodeStatus } from '../../../job/databases/cassandra/node-control.ts'
import { startManagementApi, type ManagementApi, type ServerIdentity } from './scripted-management-api.ts'
import { medusaOf, type MedusaFault, type MedusaStorage } from './scripted-medusa.ts'
import { startCqlServer } from './cql-server.ts'
import { answerOf, ownTables, rpcAddressOf } from './scripted-cql.ts'

/**
 * What goes wrong on a node from here on. Each is what Cassandra 5.0.9 was seen to do, or its source says:
 * fails: `nodetool snapshot` ends with exit code 2 and a stack trace on standard error, the management API with 500;
 * full: the same, since a memtable cannot be flushed, and a part of the snapshot is there;
 * lies: exit code 0, with an error on standard error, or 200; and no snapshot;
 * hangs: it never answers, and takes the snapshot all the same, after somebody has looked for it in vain;
 * outlasts: the management API ends its own question with 500 after 30 s, and the node takes the snapshot all the same;
 * half: exit code 0, and a table is not in the snapshot;
 * down: the pod is not ready, nothing answers, and the others call it DN;
 * unnoticed: nothing answers, and the others have not noticed yet.
 */
export type Fault = 'fails' | 'full' | 'lies' | 'hangs' | 'outlasts' | 'half' | 'down' | 'unnoticed'

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
  /** of each snapshot by its tag: the transactions of the moment that the first node took it */
  taken: Map<string, ReadonlyMap<string, number>>
  replication: string
  /** what Medusa has, in a container of every pod */
  medusa: MedusaStorage
  /** the CassandraDatacenter that the pods say they are of */
  datacenter?: string
  /** whether its pods have k8ssandra's management API; tls: one that wants a client's certificate */
  api: 'none' | 'plain' | 'tls'
  /** Secrets of any namespace */
  secrets: Map<string, Record<string, string>>
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
  /** stops Cassandra on nodes: nothing answers there */
  stop(nodes?: readonly ScriptedNode[]): void
  /** has nobody let in or served any more, as where the nodes that know the users are down; @param words of a node */
  loseUsers(words?: string): void
  /** whether Cassandra of the node with this address is stopped */
  isStopped(address: string): boolean
  /** starts Cassandra on all nodes, anew */
  start(): void
  /** every snapshot on any node whose tag begins so */
  left(beginning?: string): string[]
  close(): void
}

/** Starts a ring of scripted nodes; its CQL is on the loopback interface. */
export async function scriptedRing(count: number, password?: string, identity?: ServerIdentity): Promise<ScriptedRing> {
  const nodes: ScriptedNode[] = Array.from({ length: count }, (_, index) => ({
    pod: `cassandra-${index}`,
    hostId: randomUUID(),
    address: `127.1.0.${index + 1}`,
    generation: 1_763_700_000 + index,
    tokens: [String(index * 1000), String(index * 1000 + 7)],
    snapshots: new Set(),
  }))
  /** the first one answers where the contact point is */
  const cqlAddressOf = (node: ScriptedNode) => (node === nodes[0] ? '127.0.0.1' : rpcAddressOf(node))
  const answer = (query: string, address: string) => answerOf(ring, query, address)
  const server = await startCqlServer(answer, password, nodes.slice(1).map(rpcAddressOf))
  const apis = new Map<ScriptedNode, ManagementApi>()
  const ring: ScriptedRing = {
    nodes,
    port: server.port,
    tables: ['scalar.asset', 'scalar.asset_metadata', 'coordinator.state'],
    transactions: new Map(),
    taken: new Map(),
    medusa: new Map(),
    replication: '3',
    api: 'none',
    secrets: new Map(),
    missing: [],
    label: 'app.kubernetes.io/name=cassandra',
    calls: [],
    cleared: new Set(),
    podsIn: (namespace = 'ns') => podsOf(ring, apis, namespace),
    stop(some = nodes) {
      for (const node of some) server.stop(cqlAddressOf(node))
    },
    loseUsers(words = 'Cannot achieve consistency level LOCAL_QUORUM') {
      server.usersAway = words
    },
    isStopped(address) {
      const node = nodes.find((one) => one.address === address)
      return node !== undefined && server.stopped.has(cqlAddressOf(node))
    },
    start() {
      server.stopped.clear()
      for (const node of nodes) node.generation += 100
    },
    left: (beginning = '') =>
      nodes.flatMap(({ pod, snapshots }) =>
        [...new Set([...snapshots].map((line) => line.split(' ')[0] ?? ''))]
          .filter((tag) => tag.startsWith(beginning))
          .map((tag) => `${pod} ${tag}`),
      ),
    close() {
      server.close()
      for (const api of apis.values()) api.close()
    },
  }
  for (const node of nodes) apis.set(node, await managed(ring, node, identity))
  return ring
}

/** The management API of a node's pod. */
function managed(ring: ScriptedRing, node: ScriptedNode, identity: ServerIdentity | undefined): Promise<ManagementApi> {
  const { snapshots, hostId } = node
  const its = {
    hostId,
    before(verb: string) {
      ring.before?.(node, verb)
      ring.calls.push(`${node.pod} ${verb}`)
    },
    runs: () => node.fault !== 'down' && node.fault !== 'unnoticed',
    take: (tag: string, signal: AbortSignal) => takeSnapshot(ring, node, tag, { timeoutMs: 30_000, signal }),
    list: () => listNow(node),
    clear: (tag: string | undefined) => clear(ring, snapshots, tag),
    ring: () => statusOf(ring),
  }
  return startManagementApi(node.address, its, () => ring.api === 'tls', identity)
}

function podsOf(ring: ScriptedRing, apis: ReadonlyMap<ScriptedNode, ManagementApi>, namespace: string): PodsElsewhere {
  return {
    namespace,
    missingRights: async (to) =>
      ring.missing.filter((right) => !right.includes('secrets') && (to === 'run' || !right.includes('exec'))),
    list: async (selector) =>
      selector !== ring.label ? [] : ring.nodes.map((node) => podOf(ring, node, apis.get(node))),
    async readSecret(name) {
      if (ring.missing.includes(`get secrets/${name}`)) throw forbidden(name, namespace)
      const found = ring.secrets.get(name)
      if (found === undefined) throw new Error('HTTP status 404')
      return new Map(Object.entries(found))
    },
    async run(pod, container, [program, ...args], limits) {
      const node = ring.nodes.find((one) => one.pod === pod)
      const isMedusa = container === 'medusa' && program === 'medusa'
      if (node === undefined || (!isMedusa && (container !== 'cassandra' || program !== 'nodetool')))
        throw new Error('no such container')
      if (ring.missing.some((right) => right.includes('exec'))) throw new Error('403: pods/exec is forbidden')
      await sleep(1, undefined, { signal: limits.signal })
      ring.before?.(node, args[0] ?? '')
      ring.calls.push(`${pod} ${args[0]}`)
      if (isMedusa) return medusaOf(ring.medusa, node, args, ring.nodes.length)
      return await nodetoolOf(ring, node, args, limits)
    },
  }
}

function podOf(
  { api, datacenter }: ScriptedRing,
  { pod, address, fault }: ScriptedNode,
  its: ManagementApi | undefined,
): PodElsewhere {
  const port = (api === 'tls' && its?.tlsPort) || (its?.port ?? 0)
  return {
    name: pod,
    uid: pod,
    ip: address,
    node: 'a',
    labels: datacenter === undefined ? {} : { 'cassandra.datastax.com/datacenter': datacenter },
    ready: fault !== 'down',
    ...(fault === 'down' ? { trouble: 'container cassandra exited with 137' } : {}),
    containers: [
      { name: 'metrics', ports: [{ port: 8080 }] },
      {
        name: 'cassandra',
        ports: [{ port: 9042 }, { port: 7000 }, ...(api === 'none' ? [] : [{ name: 'mgmt-api-http', port }])],
      },
      { name: 'medusa', ports: [{ port: 50051 }] },
    ],
  }
}

/** As the API server refuses it. */
function forbidden(name: string, namespace: string): Failure {
  return new Failure({
    what: `the worker may not read Secret ${name} in namespace ${namespace}`,
    why: 'HTTP status 403',
    next: 'run `kubectl scalardl install`',
  })
}

/** The ring as any of its nodes sees it. */
function statusOf({ nodes }: ScriptedRing): NodeStatus[] {
  return nodes.map(({ fault, address, hostId }) => ({ address, hostId, state: fault === 'down' ? 'DN' : 'UN' }))
}

/** What is on a node; what it takes late is there after the look. */
function listNow(node: ScriptedNode): string[] {
  const now = [...node.snapshots]
  for (const line of node.late ?? []) node.snapshots.add(line)
  node.late = undefined
  return now
}

/** @param tag undefined: everybody's */
function clear(ring: ScriptedRing, snapshots: Set<string>, tag: string | undefined): void {
  for (const line of snapshots) if (tag === undefined || line.startsWith(`${tag} `)) snapshots.delete(line)
  ring.cleared.add(tag ?? 'all')
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
          statusOf(ring)
            .map((one) => `${one.state}  ${one.address}  109.39 KiB  4  100.0%  ${one.hostId}  rack1\n`)
            .join(''),
      )
    case 'snapshot': {
      const name = `snapshot name [${tag}] and options {}`
      const requested = `Requested creating snapshot(s) for [all keyspaces] with ${name}\n`
      const why = await takeSnapshot(ring, node, tag, limits)
      if (why === undefined && fault !== 'lies') return ok(`${requested}Snapshot directory: ${tag}\n`)
      const words = why ?? 'Snapshot was aborted'
      return {
        exitCode: fault === 'lies' ? 0 : 2,
        stdout: requested,
        stderr: `error: ${words}\n-- StackTrace --\njava.io.IOException: ${words}\n\tat org.apache.cassandra.X(Y:1)\n`,
      }
    }
    case 'listsnapshots':
      return ok(listOf(listNow(node)))
    case 'clearsnapshot':
      clear(ring, snapshots, tag)
      return ok(`Requested clearing snapshot(s) for [all keyspaces] with snapshot name [${tag}]\n`)
    default:
      return { exitCode: 1, stdout: `nodetool: Found unexpected parameters: [${verb}]\n`, stderr: '' }
  }
}

function listOf(snapshots: readonly string[]): string {
  if (snapshots.length === 0) return 'Snapshot Details: \nThere are no snapshots\n'
  return (
    'Snapshot Details: \nSnapshot name Keyspace name      Column family name  True size Size on disk\n' +
    snapshots.map((line) => `${line.replaceAll(' ', '    ')}   1.03 KiB  1.03 KiB\n`).join('') +
    '\nTotal TrueDiskSpaceUsed: 0 bytes\n'
  )
}

/** Takes one as the node's fault has it. @returns why none was taken; undefined where one was, or the node says so */
async function takeSnapshot(
  ring: ScriptedRing,
  node: ScriptedNode,
  tag: string,
  { timeoutMs, signal }: CommandLimits,
): Promise<string | undefined> {
  const { fault, snapshots } = node
  const tables = [...ring.tables, ...ownTables].map((name) => `${tag} ${name.replace('.', ' ')}`)
  if ([...snapshots].some((line) => line.startsWith(`${tag} `))) return `Snapshot ${tag} already exists.`
  const taken = { full: tables.slice(0, 2), half: tables.slice(1), fails: [], lies: [], hangs: [], outlasts: [] }
  if (!ring.taken.has(tag)) ring.taken.set(tag, new Map(ring.transactions))
  for (const line of taken[String(fault) as keyof typeof taken] ?? tables) snapshots.add(line)
  if (fault === 'fails') return 'Unable to create hard link'
  if (fault === 'full') return 'java.nio.file.FileSystemException: No space left on device'
  if (fault === 'outlasts') node.late = tables
  if (fault === 'outlasts') return 'Query timed out after PT30S'
  if (fault !== 'hangs') return undefined
  // Nobody tells the node that whoever asked is gone.
  node.late = tables
  await sleep(timeoutMs, undefined, { signal })
  throw new Error('nobody knows how it ended')
}
