import type {
  V1ConfigMap,
  V1Container,
  V1PersistentVolumeClaim,
  V1Service,
  V1StatefulSet,
} from '@kubernetes/client-node'
import { onePod, serverMetadata, serverService, serverStatefulSet } from '../one-pod.ts'
import { logSettings, nodeSettings } from './node-settings.ts'
import { cqlPort, stateFolder } from './objects.ts'

/** Whoever may do everything in a new ring, as Cassandra makes it itself. */
export const firstUser = { username: 'cassandra', password: 'cassandra' }

const settingsFolder = '/etc/cassandra'
const medusaFolder = '/var/lib/medusa'

/** Medusa names a node by the name of its pod, since addresses change. Its administrator stops and starts Cassandra. */
const medusaSettings = [
  '[cassandra]',
  'start_cmd = true',
  'stop_cmd = true',
  'use_sudo = False',
  `config_file = ${stateFolder}/cassandra.yaml`,
  'resolve_ip_addresses = True',
  '[storage]',
  'storage_provider = local',
  'bucket_name = backups',
  `base_path = ${medusaFolder}`,
  'use_sudo_for_restore = False',
  '',
].join('\n')

/**
 * A ring of real nodes, each in a pod NAME-0, NAME-1 and so on, with Medusa in a container beside it, whose storage is
 * a claim of them all. A node starts once `halted` is not (any more) in its data folder.
 * @param image what test/stand-ins/cassandra-image/image.ts makes
 */
export function cassandraRing({
  name,
  namespace,
  image,
  nodes,
}: {
  name: string
  namespace: string
  image: string
  nodes: number
}): [V1ConfigMap, V1PersistentVolumeClaim, V1Service, V1StatefulSet] {
  const metadata = serverMetadata('cassandra', name, namespace)
  const seed = `${name}-0.${name}.${namespace}.svc.cluster.local`
  const settings = nodeSettings(
    { address: 'POD_IP', seed, port: cqlPort, folder: stateFolder },
    // As in Bitnami's chart and in k8ssandra.
    { authenticator: 'PasswordAuthenticator' },
  )
  const env = [{ name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }]
  const volumeMounts = [
    { name: 'data', mountPath: stateFolder },
    { name: 'settings', mountPath: settingsFolder, readOnly: true },
  ]
  const node = onePod({
    user: 999,
    container: {
      name: 'cassandra',
      image,
      env,
      ports: [{ name: 'cql', containerPort: cqlPort }],
      readinessProbe: { tcpSocket: { port: cqlPort }, periodSeconds: 1, timeoutSeconds: 5 },
      resources: { requests: { cpu: '100m', memory: '480Mi' }, limits: { memory: '1Gi' } },
      volumeMounts,
    },
    volumes: [
      { name: 'settings', configMap: { name } },
      { name: 'medusa', persistentVolumeClaim: { claimName: `${name}-medusa` } },
    ],
  })
  const [cassandra] = node.containers
  const medusa: V1Container = {
    ...cassandra,
    name: 'medusa',
    image,
    command: ['sleep', 'infinity'],
    env: [
      { name: 'MEDUSA_CQL_USERNAME', value: firstUser.username },
      { name: 'MEDUSA_CQL_PASSWORD', value: firstUser.password },
    ],
    ports: [],
    resources: { requests: { cpu: '50m', memory: '64Mi' }, limits: { memory: '1Gi' } },
    volumeMounts: [...volumeMounts, { name: 'medusa', mountPath: medusaFolder }],
  }
  delete medusa.readinessProbe
  const claim = (of: string): V1PersistentVolumeClaim => ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: of },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '2Gi' } } },
  })
  const service = serverService(metadata, { name: 'cql', port: cqlPort })
  const pods = serverStatefulSet(metadata, { ...node, containers: [...node.containers, medusa] }, [claim('data')])
  return [
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata,
      data: { 'cassandra.yaml': settings, 'logback.xml': logSettings, 'medusa.ini': medusaSettings },
    },
    claim(`${name}-medusa`),
    // Nodes find each other by the names of their pods before they are ready.
    { ...service, spec: { ...service.spec, clusterIP: 'None', publishNotReadyAddresses: true } },
    { ...pods, spec: { ...pods.spec, replicas: nodes } as V1StatefulSet['spec'] & object },
  ]
}
