import { setTimeout as sleep } from 'node:timers/promises'
import { auth, Client, errors, policies, types } from 'cassandra-driver'
import { messageOf, type Failure } from '../../../operation/failure.ts'
import { connectionFailure, type ConnectionError } from '../connection-failure.ts'
import { titleOf, type Access } from './access.ts'

/** One node as another, or it itself, knows it. */
export interface RingMember {
  hostId: string
  address: string
  /** where it answers questions in CQL; absent where it does not say */
  rpcAddress?: string | undefined
  dataCenter: string
  rack: string
  release: string
  tokens: string[]
  schemaVersion: string
}

/** A ring as one of its nodes sees it. */
export interface RingView {
  cluster: string
  members: RingMember[]
  /** without those of Cassandra itself */
  keyspaces: { name: string; replication: Record<string, string> }[]
  tables: { schema: string; name: string }[]
}

/** A connection to a ring, through the contact points that the release has. */
export interface CqlSession {
  view(): Promise<RingView>
  /** statements that make its schema again, in order; undefined before Cassandra 4.0 */
  describe(): Promise<string[] | undefined>
  /**
   * Some transactions of a table of the coordinator, in no order; none where the table is not ScalarDB's.
   * @param most how many are read
   */
  transactions(keyspace: string, most: number): Promise<Transaction[]>
  /** When a node was last started, as it says itself: it grows with each start; undefined where it does not answer. */
  generationOf(hostId: string): Promise<number | undefined>
  /** Whether any node has a transaction. @throws Error unless all of its nodes answer */
  hasTransaction(keyspace: string, id: string): Promise<boolean>
  close(): Promise<void>
}

/** What ScalarDB's coordinator knows of a transaction (ScalarDB, core/…/consensuscommit/Coordinator.java). */
export interface Transaction {
  id: string
  createdAtMs: number
}

export type OpenSession = (access: Access) => Promise<CqlSession>

const connectMs = 10_000
const answerMs = 20_000

/** Whether a keyspace is Cassandra's own. */
export function isSystem(keyspace: string): boolean {
  return /^system(_|$)/.test(keyspace)
}

/**
 * A node asks others about its users (Cassandra 4.1 and later: LOCAL_QUORUM, auth_read_consistency_level), to let one
 * in and at his questions, too (Cassandra, PasswordAuthenticator and Roles).
 */
const usersUnknown = /Unable to perform auth(entication|orization)|Cannot achieve consistency level/

/** What the driver and a node answer a connection with. */
const connectionErrors: readonly ConnectionError<Access>[] = [
  {
    matches: usersUnknown,
    why: ({ username }) => `it cannot tell who user ${username ?? '(none)'} is: nodes that know its users are down`,
    next: 'bring every node up first, `nodetool status` shows which are down; have more copies of keyspace system_auth',
  },
  {
    matches: /AuthenticationError|Authentication|bad credentials|Provided username/i,
    why: ({ username }) => `it does not let user ${username ?? '(none)'} in`,
    next: 'check scalar.db.username and scalar.db.password, or give a Secret by --database-secret',
  },
  {
    matches: /ENOTFOUND|EAI_AGAIN/,
    why: ({ hosts }) => `the name ${hosts[0]?.host ?? ''} does not resolve in this cluster`,
    next: "check scalar.db.contact_points and the cluster's DNS",
  },
  {
    matches: /ECONNREFUSED/,
    why: () => 'nothing answers on that port',
    next: 'check scalar.db.contact_points and scalar.db.contact_port, and that Cassandra runs',
  },
  {
    matches: /NoHostAvailable|All host\(s\) tried|timed? ?out|ETIMEDOUT/i,
    why: () => 'none of its contact points answers',
    next: "see whether Cassandra runs, and allow the worker's pod to reach it",
  },
]

/** The driver's own error hides behind one that names every host that it tried. */
function innerError(error: unknown): unknown {
  if (!(error instanceof Error) || !('innerErrors' in error)) return error
  const [first] = Object.values(error.innerErrors as Record<string, unknown>)
  return first ?? error
}

/** @throws Failure where none of the contact points lets it in */
async function connect(access: Access): Promise<Client> {
  const { hosts, username, password } = access
  const client = new Client({
    contactPoints: hosts.map(({ host, port }) => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`)),
    // Nodes tell each other's addresses without the port.
    protocolOptions: { ...(hosts[0] && { port: hosts[0].port }) },
    // Each question goes to one node: what nodes say of each other differs.
    policies: { loadBalancing: new policies.loadBalancing.RoundRobinPolicy() },
    // The driver does not end its heartbeats and time-outs with its connections; those of requests are ours.
    pooling: { warmup: false, heartBeatInterval: 0 },
    isMetadataSyncEnabled: false,
    socketOptions: { connectTimeout: connectMs, readTimeout: 0 },
    ...(username === undefined ? {} : { authProvider: new auth.PlainTextAuthProvider(username, password ?? '') }),
  })
  try {
    await inTime(client.connect())
    return client
  } catch (error) {
    await client.shutdown().catch(() => undefined)
    throw failureOf(access, innerError(error))
  }
}

function failureOf(access: Access, error: unknown): Failure {
  return connectionFailure(titleOf(access), access, error, connectionErrors)
}

type Ask = (query: string) => Promise<types.Row[]>

/**
 * Asks one node all questions of a look: the one that the client has met first, or the next where that one answers no
 * more. @throws Error of the first where none answers
 */
async function askOne<T>(client: Client, look: (ask: Ask) => Promise<T>): Promise<T> {
  const silent: unknown[] = []
  for (const host of client.hosts.values()) {
    try {
      return await look(async (query) => (await inTime(client.execute(query, [], { host }))).rows)
    } catch (error) {
      // A node that refuses a question answers.
      if (error instanceof errors.ResponseError) throw error
      silent.push(error)
    }
  }
  throw silent[0] ?? new Error('no node is known')
}

/** Logs in to a ring. @throws Failure where none of its contact points lets it in */
export const openCql: OpenSession = async (access) => {
  const client = await connect(access)
  const rows: Ask = (query) => askOne(client, (ask) => ask(query))
  const view = async (ask: Ask): Promise<RingView> => {
    const columns = 'host_id, rpc_address, data_center, rack, tokens, schema_version, release_version'
    const [local] = await ask(`SELECT cluster_name, broadcast_address, ${columns} FROM system.local`)
    const peers = await ask(`SELECT peer, ${columns} FROM system.peers`)
    const keyspaces = await ask('SELECT keyspace_name, replication FROM system_schema.keyspaces')
    const tables = await ask('SELECT keyspace_name, table_name FROM system_schema.tables')
    return {
      cluster: String(local?.['cluster_name']),
      members: [
        ...(local === undefined ? [] : [memberOf(local, local['broadcast_address'])]),
        // A node that has left may stay there for a while, with nothing but its address.
        ...peers.filter((peer) => peer['host_id'] !== null).map((peer) => memberOf(peer, peer['peer'])),
      ],
      keyspaces: keyspaces
        .map((row) => ({ name: String(row['keyspace_name']), replication: { ...row['replication'] } }))
        .filter(({ name }) => !isSystem(name)),
      tables: tables
        .map((row) => ({ schema: String(row['keyspace_name']), name: String(row['table_name']) }))
        .filter(({ schema }) => !isSystem(schema)),
    }
  }
  return {
    view: () =>
      askOne(client, view).catch((error: unknown) => {
        throw usersUnknown.test(messageOf(error)) ? failureOf(access, error) : error
      }),
    async describe() {
      try {
        return (await rows('DESCRIBE SCHEMA')).map((row) => String(row['create_statement']))
      } catch {
        return undefined
      }
    },
    async transactions(keyspace, most) {
      try {
        const found = await rows(`SELECT tx_id, tx_created_at FROM ${quoted(keyspace)}.state LIMIT ${most}`)
        return found.map((row) => ({ id: String(row['tx_id']), createdAtMs: Number(row['tx_created_at']) }))
      } catch {
        return []
      }
    },
    async hasTransaction(keyspace, id) {
      const query = `SELECT tx_id FROM ${quoted(keyspace)}.state WHERE tx_id = '${id.replaceAll("'", "''")}'`
      return (await inTime(client.execute(query, [], { consistency: types.consistencies.all }))).rows.length > 0
    },
    async generationOf(hostId) {
      const node = [...client.hosts.values()].find((one) => String(one.hostId) === hostId)
      if (node === undefined) return undefined
      const at = node.address.lastIndexOf(':')
      const place = { host: node.address.slice(0, at), port: Number(node.address.slice(at + 1)) }
      // The driver has no connection to a node that it has not been asked for.
      const own = await connect({ ...access, hosts: [place] }).catch(() => undefined)
      try {
        const [row] =
          own === undefined
            ? []
            : await askOne(own, (ask) => ask('SELECT host_id, gossip_generation FROM system.local'))
        const generation = Number(row?.['gossip_generation'] ?? 0)
        return String(row?.['host_id']) === hostId && generation > 0 ? generation : undefined
      } catch {
        return undefined
      } finally {
        await own?.shutdown()
      }
    },
    close: () => client.shutdown(),
  }
}

/** A name as CQL takes it whatever its letters are. */
function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** @throws Error where there is no answer in time */
async function inTime<T>(answer: Promise<T>): Promise<T> {
  const late = new AbortController()
  const end = sleep(answerMs, undefined, { signal: late.signal }).then(() => {
    throw new Error(`timed out: no answer within ${answerMs} ms`)
  })
  try {
    return await Promise.race([answer, end])
  } finally {
    late.abort()
    end.catch(() => undefined)
    answer.catch(() => undefined)
  }
}

function memberOf(row: types.Row, address: unknown): RingMember {
  return {
    hostId: String(row['host_id']),
    address: String(address),
    rpcAddress: row['rpc_address'] === null ? undefined : String(row['rpc_address']),
    dataCenter: String(row['data_center']),
    rack: String(row['rack']),
    release: String(row['release_version']),
    tokens: [...(row['tokens'] ?? [])].map(String),
    schemaVersion: String(row['schema_version']),
  }
}
