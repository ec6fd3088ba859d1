import type {
  AppsV1Api,
  AuthorizationV1Api,
  BatchV1Api,
  CoordinationV1Api,
  CoreV1Api,
  RbacAuthorizationV1Api,
} from '@kubernetes/client-node'
import type { ApiCall, ApiRequest } from './api-request.ts'

/**
 * The calls that this plugin makes of client-node's typed clients, with their names and types. Those clients bring
 * every call and every object of Kubernetes, which takes longer to load than all that a command does.
 */
export interface TypedCalls {
  core: Pick<
    CoreV1Api,
    | 'readNamespace'
    | 'listNamespace'
    | 'readNamespacedConfigMap'
    | 'createNamespacedConfigMap'
    | 'replaceNamespacedConfigMap'
    | 'patchNamespacedConfigMap'
    | 'deleteNamespacedConfigMap'
    | 'readNamespacedPod'
    | 'listNamespacedPod'
    | 'listPodForAllNamespaces'
    | 'listNamespacedService'
    | 'listNamespacedEvent'
    | 'readNamespacedSecret'
    | 'readNamespacedServiceAccount'
    | 'readNamespacedPersistentVolumeClaim'
    | 'listNamespacedPersistentVolumeClaim'
  >
  apps: Pick<AppsV1Api, 'listNamespacedDeployment' | 'listDeploymentForAllNamespaces'>
  batch: Pick<BatchV1Api, 'readNamespacedJob' | 'listNamespacedJob' | 'listJobForAllNamespaces' | 'deleteNamespacedJob'>
  rbac: Pick<RbacAuthorizationV1Api, 'readNamespacedRole' | 'readNamespacedRoleBinding'>
  coordination: Pick<CoordinationV1Api, 'readNamespacedLease'>
  authorization: Pick<AuthorizationV1Api, 'createSelfSubjectAccessReview'>
}

interface Parameters {
  namespace?: string
  name?: string
  labelSelector?: string
  fieldSelector?: string
  propagationPolicy?: string
  dryRun?: string
  body?: unknown
}

/** The fields of the objects above that client-node has as Date: `metav1.Time` and `metav1.MicroTime` on the wire. */
const times = new Set([
  'creationTimestamp',
  'deletionTimestamp',
  'startTime',
  'completionTime',
  'startedAt',
  'finishedAt',
  'lastTransitionTime',
  'lastUpdateTime',
  'lastProbeTime',
  'firstTimestamp',
  'lastTimestamp',
  'lastObservedTime',
  'eventTime',
  'acquireTime',
  'renewTime',
  'time',
])

/** Fields that hold names of anybody's choice. */
const freeForm = new Set(['data', 'labels', 'annotations', 'matchLabels', 'nodeSelector', 'selector', 'fieldsV1'])

/** Turns the times of an object into Date, in their place. */
function readTimes(value: unknown): void {
  if (Array.isArray(value)) for (const item of value) readTimes(item)
  else if (typeof value === 'object' && value !== null)
    for (const [key, field] of Object.entries(value)) {
      if (typeof field === 'string') {
        if (times.has(key)) Reflect.set(value, key, new Date(field))
      } else if (!freeForm.has(key)) readTimes(field)
    }
}

const queried = ['labelSelector', 'fieldSelector', 'propagationPolicy', 'dryRun'] as const

/** The typed calls, sent by `request`. @throws ApiException, each of them, for an answer of 400 and above */
export function typedCalls(request: ApiRequest): TypedCalls {
  const call =
    (method: ApiCall['method'], group: string, plural: string, type = 'application/json') =>
    async <T>({ namespace, name, body, ...rest }: Parameters = {}): Promise<T> => {
      const place = namespace === undefined || plural === 'namespaces' ? [] : ['namespaces', namespace]
      const path = [...place, plural, ...(name === undefined ? [] : [name])].map(encodeURIComponent).join('/')
      const query = Object.fromEntries(queried.flatMap((key) => (rest[key] === undefined ? [] : [[key, rest[key]]])))
      const answer = await request({
        method,
        path: `${group}/${path}`,
        query,
        ...(body === undefined ? {} : { body: { type, text: JSON.stringify(body) } }),
      })
      const object = JSON.parse(await answer.text())
      readTimes(object)
      return object
    }
  const [core, apps, batch] = ['/api/v1', '/apis/apps/v1', '/apis/batch/v1']
  const rbac = '/apis/rbac.authorization.k8s.io/v1'
  return {
    core: {
      readNamespace: call('GET', core, 'namespaces'),
      listNamespace: call('GET', core, 'namespaces'),
      readNamespacedConfigMap: call('GET', core, 'configmaps'),
      createNamespacedConfigMap: call('POST', core, 'configmaps'),
      replaceNamespacedConfigMap: call('PUT', core, 'configmaps'),
      patchNamespacedConfigMap: call('PATCH', core, 'configmaps', 'application/merge-patch+json'),
      deleteNamespacedConfigMap: call('DELETE', core, 'configmaps'),
      readNamespacedPod: call('GET', core, 'pods'),
      listNamespacedPod: call('GET', core, 'pods'),
      listPodForAllNamespaces: call('GET', core, 'pods'),
      listNamespacedService: call('GET', core, 'services'),
      listNamespacedEvent: call('GET', core, 'events'),
      readNamespacedSecret: call('GET', core, 'secrets'),
      readNamespacedServiceAccount: call('GET', core, 'serviceaccounts'),
      readNamespacedPersistentVolumeClaim: call('GET', core, 'persistentvolumeclaims'),
      listNamespacedPersistentVolumeClaim: call('GET', core, 'persistentvolumeclaims'),
    },
    apps: {
      listNamespacedDeployment: call('GET', apps, 'deployments'),
      listDeploymentForAllNamespaces: call('GET', apps, 'deployments'),
    },
    batch: {
      readNamespacedJob: call('GET', batch, 'jobs'),
      listNamespacedJob: call('GET', batch, 'jobs'),
      listJobForAllNamespaces: call('GET', batch, 'jobs'),
      deleteNamespacedJob: call('DELETE', batch, 'jobs'),
    },
    rbac: {
      readNamespacedRole: call('GET', rbac, 'roles'),
      readNamespacedRoleBinding: call('GET', rbac, 'rolebindings'),
    },
    coordination: { readNamespacedLease: call('GET', '/apis/coordination.k8s.io/v1', 'leases') },
    authorization: {
      createSelfSubjectAccessReview: call('POST', '/apis/authorization.k8s.io/v1', 'selfsubjectaccessreviews'),
    },
  }
}
