// Room: a release of the stand-in, as the official Helm charts make one.
// Read chart, objects, release-properties.

import { createHash } from 'node:crypto'
import type {
  KubernetesObject,
  V1ConfigMap,
  V1Container,
  V1Deployment,
  V1EnvVar,
  V1PodSpec,
  V1Secret,
  V1Service,
} from '@kubernetes/client-node'
import { chartLabels, charts, fullName, selectorLabels } from './chart.ts'
import { standInProduct, type StandInProduct } from '../product.ts'

export const standInImage = 'kubectl-scalardl-test/ledger:dev'

export interface LedgerReleaseOptions {
  /** Helm release */
  release: string
  namespace: string
  product?: StandInProduct['app']
  replicas?: number
  image?: string
  /** text of the properties file, as the chart's values would hold it */
  properties: string
  /**
   * how long a server answers on once it was told to end, s; a short while unless given, `default` leaves it to the
   * product's 30 s
   */
  decommissioningS?: number | 'default'
  /** how long a server is not ready at least, s */
  readyAfterS?: number
  /**
   * what the chart passes as HELM_SCALAR_DB_…, user and password by way of its own Secret; ScalarDB Cluster has none of
   * it
   */
  database?: { username: string; password: string; contactPoints?: string; contactPort?: string; storage?: string }
  /** a Secret whose keys all become variables, the chart's `secretName`; made here of these values */
  secret?: { name: string; values: Record<string, string> }
  /** a Secret with ca.crt, tls.crt and tls.key; the keys that turn TLS on belong into `properties` */
  tls?: { secretName: string }
  /** STAND_IN_… variables, see README.md */
  standIn?: Record<string, string>
  /** further variables, such as the chart's values would add */
  env?: V1EnvVar[]
  /** laid over the chart's pod template */
  pod?: Partial<V1PodSpec>
}

export interface LedgerRelease {
  objects: KubernetesObject[]
  /** names of what was made */
  deployment: string
  headlessService: string
  propertiesConfigMap: string
  /** label selector of its pods */
  selector: string
}

/** How the chart's properties name what `database` holds. */
export const databaseVariables = {
  contactPoints: 'HELM_SCALAR_DB_CONTACT_POINTS',
  contactPort: 'HELM_SCALAR_DB_CONTACT_PORT',
  username: 'HELM_SCALAR_DB_USERNAME',
  password: 'HELM_SCALAR_DB_PASSWORD',
  storage: 'HELM_SCALAR_DB_STORAGE',
} as const

/** A release of the stand-in in the shape that the official Helm chart renders; README.md lists what differs. */
export function ledgerRelease(options: LedgerReleaseOptions): LedgerRelease {
  const { release, namespace, product: app = 'ledger', replicas = 3, database, secret, tls } = options
  const chart = charts[app]
  const product = standInProduct(app)
  const full = fullName(chart, release)
  const labels = chartLabels(chart, app, release)
  const selector = selectorLabels(chart, app, release)
  const file = product.properties.split('/').at(-1) ?? ''
  const { decommissioningS = 1 } = options
  const properties =
    decommissioningS === 'default'
      ? options.properties
      : `${options.properties.trimEnd()}\n${product.decommissioningKey}=${decommissioningS}\n`
  const named = (suffix: string) => ({ name: `${full}-${suffix}`, namespace, labels })

  const configMap: V1ConfigMap = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: `${full}-${chart.propertiesConfigMap}`, namespace },
    data: { [file]: properties },
  }
  const service = (suffix: string, spec: V1Service['spec']): V1Service => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: named(suffix),
    spec: { ...spec, selector },
  })
  const ports = chart.ports.map(({ name, port }) => ({ name, port, targetPort: port, protocol: 'TCP' }))
  const services = [
    service('endpoint', {
      type: 'ClusterIP',
      sessionAffinity: 'None',
      ports: ports.filter(({ name }) => !name.endsWith('-admin')),
    }),
    service('headless', { type: 'ClusterIP', clusterIP: 'None', sessionAffinity: 'None', ports }),
    service('metrics', {
      type: 'ClusterIP',
      ports: [{ ...chart.metricsPort, targetPort: chart.metricsPort.port, protocol: 'TCP' }],
    }),
  ]
  const keys = chart.databaseSecretKeys
  const secrets: V1Secret[] = []
  if (keys !== undefined) {
    const stringData = { [keys.username]: database?.username ?? '', [keys.password]: database?.password ?? '' }
    secrets.push({ apiVersion: 'v1', kind: 'Secret', metadata: named(chart.suffix), type: 'Opaque', stringData })
  }
  if (secret !== undefined)
    secrets.push({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: secret.name, namespace },
      type: 'Opaque',
      stringData: secret.values,
    })

  const deployment: V1Deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: named(chart.suffix),
    spec: {
      minReadySeconds: 0,
      replicas,
      selector: { matchLabels: selector },
      strategy: { rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' }, type: 'RollingUpdate' },
      template: {
        metadata: {
          annotations: { 'checksum/config': createHash('sha256').update(properties).digest('hex') },
          labels: selector,
        },
        spec: {
          restartPolicy: 'Always',
          automountServiceAccountToken: false,
          terminationGracePeriodSeconds: chart.gracePeriodSeconds,
          securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
          containers: [container(options, `${full}-${chart.suffix}`, file)],
          volumes: [
            { name: chart.propertiesVolume, configMap: { name: `${full}-${chart.propertiesConfigMap}` } },
            ...(tls === undefined
              ? []
              : [{ name: chart.tlsVolume, projected: { sources: [{ secret: { name: tls.secretName } }] } }]),
          ],
          ...options.pod,
        },
      },
    },
  }
  return {
    objects: [configMap, ...secrets, ...services, deployment],
    deployment: `${full}-${chart.suffix}`,
    headlessService: `${full}-headless`,
    propertiesConfigMap: `${full}-${chart.propertiesConfigMap}`,
    selector: Object.entries(selector)
      .map(([key, value]) => `${key}=${value}`)
      .join(','),
  }
}

function container(
  {
    product: app = 'ledger',
    image = standInImage,
    database,
    secret,
    tls,
    env = [],
    standIn = {},
    readyAfterS,
  }: LedgerReleaseOptions,
  chartSecret: string,
  file: string,
): V1Container {
  const chart = charts[app]
  const product = standInProduct(app)
  const first = product.ports[0]?.port ?? 0
  // Of Helm's own probes the image has no binary; the kubelet asks over gRPC itself, except with TLS, which it cannot.
  const probe = tls === undefined ? { grpc: { port: first } } : { httpGet: { path: '/healthz', port: 8080 } }
  const keys = chart.databaseSecretKeys
  const helm: V1EnvVar[] =
    keys === undefined
      ? []
      : [
          { name: databaseVariables.contactPoints, value: database?.contactPoints ?? '' },
          { name: databaseVariables.contactPort, value: database?.contactPort ?? '' },
          { name: databaseVariables.username, valueFrom: { secretKeyRef: { name: chartSecret, key: keys.username } } },
          { name: databaseVariables.password, valueFrom: { secretKeyRef: { name: chartSecret, key: keys.password } } },
          { name: databaseVariables.storage, value: database?.storage ?? '' },
        ]
  return {
    name: `${chart.name}-${chart.suffix}`,
    image,
    imagePullPolicy: 'IfNotPresent',
    securityContext: { capabilities: { drop: ['ALL'] }, runAsNonRoot: true, allowPrivilegeEscalation: false },
    volumeMounts: [
      { name: chart.propertiesVolume, mountPath: product.properties, subPath: file },
      ...(tls === undefined ? [] : [{ name: chart.tlsVolume, mountPath: chart.tlsFolder }]),
    ],
    ports: [...product.ports.map(({ port }) => port), ...chart.otherPorts].map((containerPort) => ({ containerPort })),
    env: [
      ...helm,
      { name: chart.logLevelVariable, value: 'INFO' },
      { name: 'STAND_IN_PRODUCT', value: app },
      ...Object.entries(standIn).map(([name, value]) => ({ name, value })),
      ...env,
    ],
    ...(secret === undefined ? {} : { envFrom: [{ secretRef: { name: secret.name } }] }),
    startupProbe: {
      ...probe,
      ...(readyAfterS === undefined ? {} : { initialDelaySeconds: readyAfterS }),
      failureThreshold: 300,
      periodSeconds: 1,
    },
    livenessProbe: { ...probe, failureThreshold: 3, periodSeconds: 10, successThreshold: 1, timeoutSeconds: 5 },
    resources: { requests: { cpu: '50m', memory: '96Mi' }, limits: { memory: '512Mi' } },
  }
}
