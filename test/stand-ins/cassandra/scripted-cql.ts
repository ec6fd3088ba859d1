import type { Answer } from './cql-server.ts'
import type { ScriptedNode, ScriptedRing } from './scripted-ring.ts'

/** Tables of Cassandra itself, which are in every snapshot. */
export const ownTables = ['system.paxos', 'system_schema.tables', 'system_auth.roles']

/** Where a node answers questions in CQL: at addresses of its own, since all of a ring have one port there. */
export const rpcAddressOf = ({ address }: Pick<ScriptedNode, 'address'>) => address.replace('127.1.', '127.2.')

/** What a ring answers a question in CQL with. @param at the address that was asked */
export function answerOf(
  { nodes, tables, replication, transactions }: Pick<ScriptedRing, 'nodes' | 'tables' | 'replication' | 'transactions'>,
  query: string,
  at: string,
): Answer | undefined {
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
    ['gossip_generation', 'int'],
  ]
  const rowOf = ({ hostId, address, tokens, generation }: ScriptedNode, rpcAddress: string) => [
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
    generation,
  ]
  const first = nodes.find((node) => rpcAddressOf(node) === at) ?? nodes[0]
  const others = nodes.filter((node) => node !== first)
  if (/FROM system\.local/i.test(query)) return { columns, rows: first === undefined ? [] : [rowOf(first, at)] }
  if (/FROM system\.peers( |$)/i.test(query))
    return { columns, rows: others.map((node) => rowOf(node, rpcAddressOf(node))) }
  const keyspaces = [...new Set([...tables, ...ownTables].map((name) => name.split('.')[0] ?? ''))]
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
      rows: [...tables, ...ownTables].map((name) => name.split('.')),
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
