/** ScalarDB's data types, as far as ScalarDL uses them. */
export type DataType = 'TEXT' | 'INT' | 'BIGINT' | 'BLOB'

/** A table as ScalarDB's schema loader is told of it. */
export interface Table {
  namespace: string
  name: string
  partitionKey: readonly string[]
  clusteringKey: readonly string[]
  /** every column, keys included */
  columns: Readonly<Record<string, DataType>>
  /** Consensus Commit adds its own columns */
  transaction: boolean
}

function table(
  fullName: string,
  partitionKey: string[],
  clusteringKey: string[],
  columns: Record<string, DataType>,
  transaction = false,
): Table {
  const [namespace = '', name = ''] = fullName.split('.')
  return { namespace, name, partitionKey, clusteringKey, columns, transaction }
}

/** scalar-labs/scalardl, schema-loader/ledger-schema.json */
const ledgerTables = [
  table(
    'scalar.asset',
    ['id'],
    ['age'],
    {
      id: 'TEXT',
      age: 'INT',
      argument: 'TEXT',
      contract_id: 'TEXT',
      hash: 'BLOB',
      input: 'TEXT',
      output: 'TEXT',
      prev_hash: 'BLOB',
      signature: 'BLOB',
    },
    true,
  ),
  table('scalar.asset_metadata', ['asset_id'], [], { asset_id: 'TEXT', latest_age: 'INT' }, true),
  table('scalar.contract', ['cert_holder_id'], ['cert_version', 'id'], {
    id: 'TEXT',
    cert_holder_id: 'TEXT',
    cert_version: 'INT',
    binary_name: 'TEXT',
    properties: 'TEXT',
    registered_at: 'BIGINT',
    signature: 'BLOB',
  }),
  table('scalar.contract_class', ['binary_name'], [], { binary_name: 'TEXT', byte_code: 'BLOB' }),
  table('scalar.function', ['id'], [], { id: 'TEXT', binary_name: 'TEXT', byte_code: 'BLOB', registered_at: 'BIGINT' }),
  table('scalar.certificate', ['holder_id'], ['version'], {
    holder_id: 'TEXT',
    version: 'INT',
    pem: 'TEXT',
    registered_at: 'BIGINT',
  }),
  table('scalar.secret', ['entity_id'], ['key_version'], {
    entity_id: 'TEXT',
    key_version: 'INT',
    secret_key: 'BLOB',
    registered_at: 'BIGINT',
  }),
  table('scalar.tx_state', ['id'], [], { id: 'TEXT', state: 'INT', created_at: 'BIGINT' }),
  table('scalar.namespace', ['partition_id'], ['name'], { partition_id: 'INT', name: 'TEXT' }),
]

/** scalar-labs/scalardl, schema-loader/auditor-schema.json */
const auditorTables = [
  table('auditor.asset', ['id'], ['age'], {
    id: 'TEXT',
    age: 'INT',
    nonce: 'TEXT',
    argument: 'TEXT',
    contract_id: 'TEXT',
    input: 'TEXT',
    output: 'TEXT',
    signature: 'BLOB',
    prev_hash: 'BLOB',
    hash: 'BLOB',
    created_at: 'BIGINT',
  }),
  table('auditor.contract', ['cert_holder_id'], ['cert_version', 'id'], {
    id: 'TEXT',
    cert_holder_id: 'TEXT',
    cert_version: 'INT',
    binary_name: 'TEXT',
    properties: 'TEXT',
    registered_at: 'BIGINT',
    signature: 'BLOB',
  }),
  table('auditor.contract_class', ['binary_name'], [], { binary_name: 'TEXT', byte_code: 'BLOB' }),
  table('auditor.certificate', ['holder_id'], ['version'], {
    holder_id: 'TEXT',
    version: 'INT',
    pem: 'TEXT',
    registered_at: 'BIGINT',
  }),
  table('auditor.request_proof', ['nonce'], [], {
    nonce: 'TEXT',
    contract_id: 'TEXT',
    contract_argument: 'TEXT',
    cert_holder_id: 'TEXT',
    cert_version: 'INT',
    signature: 'BLOB',
    read_write_set_keys: 'TEXT',
    registered_at: 'BIGINT',
  }),
  table('auditor.asset_lock', ['id'], [], {
    id: 'TEXT',
    age: 'INT',
    lock_type: 'INT',
    lock_count: 'INT',
    lock_taken_by: 'TEXT',
    input: 'TEXT',
    last_updated_at: 'BIGINT',
  }),
  table('auditor.lease', ['lease_name'], [], { lease_name: 'TEXT', holder: 'TEXT', expiry: 'BIGINT' }),
  table('auditor.secret', ['entity_id'], ['key_version'], {
    entity_id: 'TEXT',
    key_version: 'INT',
    secret_key: 'BLOB',
    registered_at: 'BIGINT',
  }),
  table('auditor.namespace', ['partition_id'], ['name'], { partition_id: 'INT', name: 'TEXT' }),
]

/** What an application keeps: accounts on two sides, and on both the list of all transfers between them. */
function bank(namespace: string): Table[] {
  return [
    table(`${namespace}.account`, ['id'], [], { id: 'TEXT', balance: 'BIGINT' }, true),
    table(
      `${namespace}.transfer`,
      ['stream'],
      ['number'],
      { stream: 'TEXT', number: 'INT', checking: 'TEXT', savings: 'TEXT', amount: 'BIGINT' },
      true,
    ),
    table(`${namespace}.filler`, ['id'], [], { id: 'TEXT', payload: 'TEXT' }),
  ]
}

/** The two namespaces of the workload; a multi-storage set-up keeps them in different databases. */
export const bankNamespaces = ['checking', 'savings'] as const
export type BankNamespace = (typeof bankNamespaces)[number]

/** scalar-labs/scalardb, CoordinatorStateAccessor.TABLE_METADATA */
const coordinatorState = table('coordinator.state', ['tx_id'], [], {
  tx_id: 'TEXT',
  tx_child_ids: 'TEXT',
  tx_write_set: 'BLOB',
  tx_state: 'INT',
  tx_created_at: 'BIGINT',
})

/** Every table of an installation of a product. */
export function tablesOf(app: 'ledger' | 'auditor' | 'scalardb-cluster'): readonly Table[] {
  const own = { ledger: ledgerTables, auditor: auditorTables, 'scalardb-cluster': [] }[app]
  return [...own, ...bankNamespaces.flatMap(bank), coordinatorState]
}

/** Finds tables by `namespace.name`. @returns what throws Error where this product has no such table */
export function tableFinder(tables: readonly Table[]): (fullName: string) => Table {
  const byName = new Map(tables.map((each) => [`${each.namespace}.${each.name}`, each]))
  return (fullName) => {
    const found = byName.get(fullName)
    if (found === undefined) throw new Error(`this product has no table ${fullName}`)
    return found
  }
}

/**
 * The columns as they are in the database, in order: partition key, clustering key, the others, and those of Consensus
 * Commit (scalar-labs/scalardb, ConsensusCommitUtils.buildTransactionTableMetadata, JdbcAdmin.createTableInternal).
 */
export function physicalColumns(of: Table): [name: string, type: DataType][] {
  const keys = [...of.partitionKey, ...of.clusteringKey]
  const others = Object.keys(of.columns).filter((name) => !keys.includes(name))
  const plain = [...keys, ...others].map((name): [string, DataType] => [name, of.columns[name] ?? 'TEXT'])
  if (!of.transaction) return plain
  const attributes: [string, DataType][] = [
    ['tx_id', 'TEXT'],
    ['tx_state', 'INT'],
    ['tx_version', 'INT'],
    ['tx_prepared_at', 'BIGINT'],
    ['tx_committed_at', 'BIGINT'],
  ]
  const before = [...attributes, ...others.map((name): [string, DataType] => [name, of.columns[name] ?? 'TEXT'])]
  return [...plain, ...attributes, ...before.map(([name, type]): [string, DataType] => [`before_${name}`, type])]
}
