import type { V1ConfigMap, V1Service, V1StatefulSet } from '@kubernetes/client-node'
import { onePod, serverMetadata, serverService, serverStatefulSet } from '../one-pod.ts'

export const cqlPort = 9042
export const managementPort = 8080
export const stateFolder = '/var/lib/cassandra'

/**
 * A ring of one scripted node in the pod NAME-0: see pod.ts.
 * @param image one that has Node
 * @param program the bundle of pod.ts
 */
export function cassandraNode({
  name,
  namespace,
  image,
  program,
}: {
  name: string
  namespace: string
  image: string
  program: string
}): [V1ConfigMap, V1Service, V1StatefulSet] {
  const metadata = serverMetadata('cassandra', name, namespace)
  const pod = onePod({
    container: {
      name: 'cassandra',
      image,
      command: ['node', '/node/main.mjs'],
      env: [{ name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }],
      ports: [
        { name: 'cql', containerPort: cqlPort },
        // As cass-operator names it.
        { name: 'mgmt-api-http', containerPort: managementPort },
      ],
      readinessProbe: { tcpSocket: { port: managementPort }, periodSeconds: 1, timeoutSeconds: 5 },
      resources: { requests: { cpu: '50m', memory: '64Mi' }, limits: { memory: '256Mi' } },
      volumeMounts: [
        { name: 'program', mountPath: '/node', readOnly: true },
        { name: 'state', mountPath: stateFolder },
      ],
    },
    volumes: [
      { name: 'program', configMap: { name } },
      // It outlives the container, not the pod.
      { name: 'state', emptyDir: {} },
    ],
  })
  return [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { 'main.mjs': program } },
    serverService(metadata, { name: 'cql', port: cqlPort }),
    serverStatefulSet(metadata, pod),
  ]
}
