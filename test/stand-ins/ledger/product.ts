/** Where the products differ, as their sources and Helm charts have it. */
export interface StandInProduct {
  app: 'ledger' | 'auditor' | 'scalardb-cluster'
  /** default of STAND_IN_PROPERTIES: where the chart mounts the file */
  properties: string
  /** keys of the properties file and defaults; the last port serves rpc.Admin */
  ports: readonly { key: string; port: number }[]
  /** TLS and shutdown keys of the properties file */
  tls: { enabled: string; certificate: string; key: string }
  decommissioningKey: string
  /** the table whose rows are chained by hashes, if the product has one */
  assets: { namespace: string; name: string } | undefined
}

export const standInProducts: readonly StandInProduct[] = [
  {
    app: 'ledger',
    properties: '/scalar/ledger/ledger.properties',
    ports: [
      { key: 'scalar.dl.ledger.server.port', port: 50051 },
      { key: 'scalar.dl.ledger.server.privileged_port', port: 50052 },
      { key: 'scalar.dl.ledger.server.admin_port', port: 50053 },
    ],
    tls: {
      enabled: 'scalar.dl.ledger.server.tls.enabled',
      certificate: 'scalar.dl.ledger.server.tls.cert_chain_path',
      key: 'scalar.dl.ledger.server.tls.private_key_path',
    },
    decommissioningKey: 'scalar.dl.ledger.server.decommissioning_duration_secs',
    assets: { namespace: 'scalar', name: 'asset' },
  },
  {
    app: 'auditor',
    properties: '/scalar/auditor/auditor.properties',
    ports: [
      { key: 'scalar.dl.auditor.server.port', port: 40051 },
      { key: 'scalar.dl.auditor.server.privileged_port', port: 40052 },
      { key: 'scalar.dl.auditor.server.admin_port', port: 40053 },
    ],
    tls: {
      enabled: 'scalar.dl.auditor.server.tls.enabled',
      certificate: 'scalar.dl.auditor.server.tls.cert_chain_path',
      key: 'scalar.dl.auditor.server.tls.private_key_path',
    },
    decommissioningKey: 'scalar.dl.auditor.server.decommissioning_duration_secs',
    assets: { namespace: 'auditor', name: 'asset' },
  },
  {
    app: 'scalardb-cluster',
    properties: '/scalardb-cluster/node/scalardb-cluster-node.properties',
    ports: [{ key: 'scalar.db.cluster.node.port', port: 60053 }],
    tls: {
      enabled: 'scalar.db.cluster.tls.enabled',
      certificate: 'scalar.db.cluster.node.tls.cert_chain_path',
      key: 'scalar.db.cluster.node.tls.private_key_path',
    },
    decommissioningKey: 'scalar.db.cluster.node.decommissioning_duration_secs',
    assets: undefined,
  },
]

/** @throws Error for a name that is none of them. */
export function standInProduct(app: string): StandInProduct {
  const product = standInProducts.find((each) => each.app === app)
  if (product === undefined)
    throw new Error(`no product "${app}"; there are ${standInProducts.map((each) => each.app).join(', ')}`)
  return product
}
