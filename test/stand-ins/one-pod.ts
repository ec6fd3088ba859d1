import type {
  V1Container,
  V1Deployment,
  V1ObjectMeta,
  V1PersistentVolumeClaim,
  V1PodSpec,
  V1PodTemplateSpec,
  V1Service,
  V1StatefulSet,
  V1Volume,
} from '@kubernetes/client-node'

/** Of all objects of a server. */
type ServerMetadata = Required<Pick<V1ObjectMeta, 'name' | 'namespace' | 'labels'>>

/** @param app what it is a server of */
export const serverMetadata = (app: string, name: string, namespace: string): ServerMetadata => ({
  name,
  namespace,
  labels: { 'app.kubernetes.io/name': app, 'app.kubernetes.io/instance': name },
})

export interface OnePodOptions {
  /** user, group and group of its volumes; the worker's without it */
  user?: number
  container: V1Container
  volumes: V1Volume[]
  /** s */
  graceSeconds?: number
}

/** A pod of one container that Pod Security restricted lets in. */
export function onePod({ user = 65532, container, volumes, graceSeconds = 5 }: OnePodOptions): V1PodSpec {
  return {
    automountServiceAccountToken: false,
    terminationGracePeriodSeconds: graceSeconds,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: user,
      runAsGroup: user,
      fsGroup: user,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    containers: [
      {
        imagePullPolicy: 'IfNotPresent',
        ...container,
        securityContext: {
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'] },
          ...container.securityContext,
        },
      },
    ],
    volumes,
  }
}

/** Where clients find the server, at the ports that its pod has. */
export function serverService(metadata: ServerMetadata, ...ports: { name: string; port: number }[]): V1Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata,
    spec: { ports: ports.map((each) => ({ ...each, targetPort: each.port })), selector: metadata.labels },
  }
}

const templateOf = ({ labels }: ServerMetadata, spec: V1PodSpec): V1PodTemplateSpec => ({ metadata: { labels }, spec })

/** The server as a Deployment; a new pod starts when the old one is gone. */
export function serverDeployment(metadata: ServerMetadata, pod: V1PodSpec): V1Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: {
      replicas: 1,
      strategy: { type: 'Recreate' },
      selector: { matchLabels: metadata.labels },
      template: templateOf(metadata, pod),
    },
  }
}

/** The server as a StatefulSet, whose claims outlive its pod. */
export function serverStatefulSet(
  metadata: ServerMetadata,
  pod: V1PodSpec,
  volumeClaimTemplates: V1PersistentVolumeClaim[] = [],
): V1StatefulSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata,
    spec: {
      serviceName: metadata.name,
      replicas: 1,
      selector: { matchLabels: metadata.labels },
      template: templateOf(metadata, pod),
      volumeClaimTemplates,
    },
  }
}
