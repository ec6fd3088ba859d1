/**
 * The Scalar products that can be paused, as their official Helm charts deploy them
 * (scalar-labs/helm-charts: charts/scalardl, charts/scalardl-audit, charts/scalardb-cluster).
 */
export interface Product {
  /** value of the pod label `app.kubernetes.io/app` */
  app: string
  title: string
  /** name and number of the port that serves rpc.Admin */
  adminPortName: string
  adminPort: number
  propertiesFile: string
  /** property that says how long a server answers on once it was told to end, s; 30 unless set, in all of them */
  decommissioningKey: string
}

/** ScalarDL: LedgerConfig, AuditorConfig. ScalarDB Cluster: its configurations. s */
export const usualDecommissioningS = 30

export const products: readonly Product[] = [
  {
    app: 'ledger',
    title: 'ScalarDL Ledger',
    adminPortName: 'scalardl-admin',
    adminPort: 50053,
    propertiesFile: 'ledger.properties',
    decommissioningKey: 'scalar.dl.ledger.server.decommissioning_duration_secs',
  },
  {
    app: 'auditor',
    title: 'ScalarDL Auditor',
    adminPortName: 'scalardl-auditor-admin',
    adminPort: 40053,
    propertiesFile: 'auditor.properties',
    decommissioningKey: 'scalar.dl.auditor.server.decommissioning_duration_secs',
  },
  {
    app: 'scalardb-cluster',
    title: 'ScalarDB Cluster',
    adminPortName: 'scalardb-cluster',
    adminPort: 60053,
    propertiesFile: 'scalardb-cluster-node.properties',
    decommissioningKey: 'scalar.db.cluster.node.decommissioning_duration_secs',
  },
]

/** The value of each product's chart that holds its properties. */
export const helmValues: Record<string, string> = {
  ledger: 'ledger.ledgerProperties',
  auditor: 'auditor.auditorProperties',
  'scalardb-cluster': 'scalardbCluster.scalardbClusterNodeProperties',
}

export const appLabel = 'app.kubernetes.io/app'
export const instanceLabel = 'app.kubernetes.io/instance'

/** The product whose pods carry these labels, or undefined when they are of none. */
export function productOf(labels: Record<string, string> | undefined): Product | undefined {
  return products.find((product) => product.app === labels?.[appLabel])
}

/** Label selector for the pods (and Deployments) of every product, or of one release. */
export function podSelector(release?: string): string {
  const apps = `${appLabel} in (${products.map((product) => product.app).join(',')})`
  return release === undefined ? apps : `${apps},${instanceLabel}=${release}`
}
