import type { StandInProduct } from '../product.ts'

/** What each official Helm chart calls its things (scalar-labs/helm-charts, charts/<name>). */
export interface Chart {
  /** name of the chart, the `app.kubernetes.io/name` of its objects */
  name: string
  /** value of `helm.sh/chart` */
  version: string
  appVersion: string
  /** what follows the full name in the Deployment's name, and the chart's name in the container's */
  suffix: string
  /** ConfigMap of the properties, after the full name */
  propertiesConfigMap: string
  propertiesVolume: string
  tlsVolume: string
  tlsFolder: string
  ports: readonly { name: string; port: number }[]
  metricsPort: { name: string; port: number }
  /** container ports beside those of the Service */
  otherPorts: readonly number[]
  gracePeriodSeconds: number
  /** the Secret key names of the database's user, where the chart makes one for it */
  databaseSecretKeys: { username: string; password: string } | undefined
  /** prefix of the log level's variable */
  logLevelVariable: string
}

const databaseSecretKeys = { username: 'db-username', password: 'db-password' }

export const charts: Record<StandInProduct['app'], Chart> = {
  ledger: {
    name: 'scalardl',
    version: '5.0.0-SNAPSHOT',
    appVersion: '4.0.0-SNAPSHOT',
    suffix: 'ledger',
    propertiesConfigMap: 'ledger-properties',
    propertiesVolume: 'scalardl-ledger-properties-volume',
    tlsVolume: 'scalardl-ledger-tls-volume',
    tlsFolder: '/tls/scalardl-ledger/certs',
    ports: [
      { name: 'scalardl', port: 50051 },
      { name: 'scalardl-admin', port: 50053 },
      { name: 'scalardl-priv', port: 50052 },
    ],
    metricsPort: { name: 'scalardl-prometheus', port: 8080 },
    otherPorts: [8080],
    gracePeriodSeconds: 60,
    databaseSecretKeys,
    logLevelVariable: 'SCALAR_DL_LEDGER_LOG_LEVEL',
  },
  auditor: {
    name: 'scalardl-audit',
    version: '3.0.0-SNAPSHOT',
    appVersion: '4.0.0-SNAPSHOT',
    suffix: 'auditor',
    propertiesConfigMap: 'auditor-properties',
    propertiesVolume: 'scalardl-auditor-properties-volume',
    tlsVolume: 'scalardl-auditor-tls-volume',
    tlsFolder: '/tls/scalardl-auditor/certs',
    ports: [
      { name: 'scalardl-auditor', port: 40051 },
      { name: 'scalardl-auditor-admin', port: 40053 },
      { name: 'scalardl-auditor-priv', port: 40052 },
    ],
    metricsPort: { name: 'scalardl-audit-prometheus', port: 8080 },
    otherPorts: [8080],
    gracePeriodSeconds: 60,
    databaseSecretKeys,
    logLevelVariable: 'SCALAR_DL_AUDITOR_LOG_LEVEL',
  },
  'scalardb-cluster': {
    name: 'scalardb-cluster',
    version: '2.0.0-SNAPSHOT',
    appVersion: '4.0.0-SNAPSHOT',
    suffix: 'node',
    propertiesConfigMap: 'node-properties',
    propertiesVolume: 'scalardb-cluster-database-properties-volume',
    tlsVolume: 'scalardb-cluster-tls-volume',
    tlsFolder: '/tls/scalardb-cluster/certs',
    ports: [{ name: 'scalardb-cluster', port: 60053 }],
    metricsPort: { name: 'scalardb-cluster-prometheus', port: 9080 },
    otherPorts: [8080, 9080],
    gracePeriodSeconds: 90,
    databaseSecretKeys: undefined,
    logLevelVariable: 'SCALAR_DB_CLUSTER_LOG_LEVEL',
  },
}

/** The chart's `fullname`: the release's name if it contains the chart's, else both, at most 63 characters. */
export function fullName(chart: Chart, release: string): string {
  const name = release.includes(chart.name) ? release : `${release}-${chart.name}`
  return name.slice(0, 63).replace(/-$/, '')
}

export function selectorLabels(chart: Chart, app: string, release: string): Record<string, string> {
  return { 'app.kubernetes.io/name': chart.name, 'app.kubernetes.io/instance': release, 'app.kubernetes.io/app': app }
}

export function chartLabels(chart: Chart, app: string, release: string): Record<string, string> {
  return {
    'helm.sh/chart': `${chart.name}-${chart.version}`,
    ...selectorLabels(chart, app, release),
    'app.kubernetes.io/version': chart.appVersion,
    'app.kubernetes.io/managed-by': 'Helm',
  }
}
