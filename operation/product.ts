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

/** What this needs of a v1 Pod. */
interface PodLike {
  metadata?: { labels?: Record<string, string> }
  spec?: { containers: { ports?: { name?: string; containerPort: number }[] }[] }
}

/** What this needs of a v1 Service. */
interface ServiceLike {
  metadata?: { name?: string; labels?: Record<string, string> }
  spec?: { ports?: { name?: string; port: number; targetPort?: number | string }[] }
}

/**
 * The pod's port that the admin Service of its release leads to, else the product's own. The charts
 * (scalar-labs/helm-charts) call that Service `<fullname>-headless`, and its port as the product calls it.
 * @param services of the same namespace
 */
export function adminPortOf(pod: PodLike, services: readonly ServiceLike[]): number {
  const podLabels = pod.metadata?.labels ?? {}
  const product = productOf(podLabels)
  if (product === undefined) return 0
  const ports = services
    .filter(
      ({ metadata }) =>
        metadata?.labels?.[instanceLabel] === podLabels[instanceLabel] && metadata?.labels?.[appLabel] === product.app,
    )
    .filter(({ metadata }) => metadata?.name?.endsWith('-headless'))
    .flatMap(({ spec }) => spec?.ports ?? [])
  const port = ports.find(({ name }) => name === product.adminPortName)
  const wanted = port?.targetPort ?? port?.port
  if (typeof wanted === 'number') return wanted
  const named = pod.spec?.containers
    .flatMap((container) => container.ports ?? [])
    .find(({ name }) => name !== undefined && name === wanted)
  return named?.containerPort ?? port?.port ?? product.adminPort
}
