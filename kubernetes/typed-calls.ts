import type {
  AppsV1Api,
  AuthenticationV1Api,
  AuthorizationV1Api,
  BatchV1Api,
  CoordinationV1Api,
  CoreV1Api,
  DiscoveryV1Api,
  RbacAuthorizationV1Api,
} from '@kubernetes/client-node'
import { V1MicroTime } from '@kubernetes/client-node/dist/types.js'
import type { ApiCall, ApiRequest } from './api-request.ts'

/** The calls that the two programs make, with the names and the types that client-node gives them. */
export interface TypedCalls {
  core: Pick<
    CoreV1Api,
    | 'readNamespace'
    | 'listNamespace'
    | 'readNamespacedConfigMap'
    | 'listNamespacedConfigMap'
    | 'createNamespacedConfigMap'
    | 'replaceNamespacedConfigMap'
    | 'patchNamespacedConfigMap'
    | 'deleteNamespacedConfigMap'
    | 'readNamespacedPod'
    | 'listNamespacedPod'
    | 'listPodForAllNamespaces'
    | 'listNamespacedService'
    | 'listNamespacedEvent'
    | 'createNamespacedEvent'
    | 'readNamespacedSecret'
    | 'patchNamespacedSecret'
    | 'readNamespacedServiceAccount'
    | 'listNamespacedServiceAccount'
    | 'readNamespacedPersistentVolumeClaim'
    | 'listNamespacedPersistentVolumeClaim'
  >
  apps: Pick<
    AppsV1Api,
    | 'readNamespacedDeployment'
    | 'listNamespacedDeployment'
    | 'listDeploymentForAllNamespaces'
    | 'patchNamespacedDeploymentScale'
    | 'listNamespacedReplicaSet'
  >
  batch: Pick<BatchV1Api, 'readNamespacedJob' | 'listNamespacedJob' | 'listJobForAllNamespaces' | 'deleteNamespacedJob'>
  rbac: Pick<RbacAuthorizationV1Api, 'readNamespacedRole' | 'readNamespacedRoleBinding'>
  coordination: Pick<
    CoordinationV1Api,
    'readNamespacedLease' | 'createNamespacedLease' | 'replaceNamespacedLease' | 'deleteNamespacedLease'
  >
  discovery: Pick<DiscoveryV1Api, 'listNamespacedEndpointSlice'>
  authentication: Pick<AuthenticationV1Api, 'createSelfSubjectReview'>
  authorization: Pick<AuthorizationV1Api, 'createSelfSubjectAccessReview'>
}

interface Parameters {
  namespace?: string
  name?: string
  labelSelector?: string
  fieldSelector?: string
  limit?: number
  _continue?: string
  propagationPolicy?: string
  dryRun?: string
  fieldManager?: string
  body?: unknown
}

/** The fields of the objects above that client-node has as Date: `metav1.Time` on the wire. */
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
  'time',
])

/** Those that the API server takes with six digits of a second and with no fewer: `metav1.MicroTime`. */
const microTimes = new Set(['eventTime', 'acquireTime', 'renewTime'])

/** Fields that hold names of anybody's choice. */
const freeForm = new Set(['data', 'labels', 'annotations', 'matchLabels', 'nodeSelector', 'selector', 'fieldsV1'])

/** Turns the times of an object into Date, in their place. */
function readTimes(value: unknown): void {
  if (Array.isArray(value)) for (const item of value) readTimes(item)
  else if (typeof value === 'object' && value !== null)
    for (const [key, field] of Object.entries(value)) {
      if (typeof field === 'string') {
        if (times.has(key)) Reflect.set(value, key, new Date(field))
        else if (microTimes.has(key)) Reflect.set(value, key, new V1MicroTime(field))
      } else if (!freeForm.has(key)) readTimes(field)
    }
}

/** What goes into the query, and its name there. */
const queried = {
  labelSelector: 'labelSelector',
  fieldSelector: 'fieldSelector',
  limit: 'limit',
  _continue: 'continue',
  propagationPolicy: 'propagationPolicy',
  dryRun: 'dryRun',
  fieldManager: 'fieldManager',
} as const satisfies Partial<Record<keyof Parameters, string>>

/** Of a page of a list: client-node keeps `continue` out of its types. */
function nameContinue({ metadata }: { metadata?: { continue?: string } }): void {
  if (metadata?.continue !== undefined) Object.assign(metadata, { _continue: metadata.continue })
}

/** The typed calls, sent by `request`. @throws ApiException, each of them, for an answer of 400 and above */
export function typedCalls(request: ApiRequest): TypedCalls {
  const call =
    (method: ApiCall['method'], group: string, plural: string, subresource?: string) =>
    async <T>({ namespace, name, body, ...rest }: Parameters = {}): Promise<T> => {
      const place = namespace === undefined || plural === 'namespaces' ? [] : ['namespaces', namespace]
      const path = [...place, plural, name, subresource]
        .filter((part) => part !== undefined)
        .map(encodeURIComponent)
        .join('/')
      const query = Object.fromEntries(
        Object.entries(rest).flatMap(([key, value]) =>
          value === undefined ? [] : [[queried[key as keyof typeof queried], String(value)]],
        ),
      )
      const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
      const answer = await request({
        method,
        path: `${group}/${path}`,
        query,
        ...(body === undefined ? {} : { body: { type, text: JSON.stringify(body) } }),
      })
      const object = JSON.parse(await answer.text())
      readTimes(object)
      nameContinue(object)
      return object
    }
  const [core, apps, batch] = ['/api/v1', '/apis/apps/v1', '/apis/batch/v1']
  const [rbac, coordination] = ['/apis/rbac.authorization.k8s.io/v1', '/apis/coordination.k8s.io/v1']
  return {
    core: {
      readNamespace: call('GET', core, 'namespaces'),
      listNamespace: call('GET', core, 'namespaces'),
      readNamespacedConfigMap: call('GET', core, 'configmaps'),
      listNamespacedConfigMap: call('GET', core, 'configmaps'),
      createNamespacedConfigMap: call('POST', core, 'configmaps'),
      replaceNamespacedConfigMap: call('PUT', core, 'configmaps'),
      patchNamespacedConfigMap: call('PATCH', core, 'configmaps'),
      deleteNamespacedConfigMap: call('DELETE', core, 'configmaps'),
      readNamespacedPod: call('GET', core, 'pods'),
      listNamespacedPod: call('GET', core, 'pods'),
      listPodForAllNamespaces: call('GET', core, 'pods'),
      listNamespacedService: call('GET', core, 'services'),
      listNamespacedEvent: call('GET', core, 'events'),
      createNamespacedEvent: call('POST', core, 'events'),
      readNamespacedSecret: call('GET', core, 'secrets'),
      patchNamespacedSecret: call('PATCH', core, 'secrets'),
      readNamespacedServiceAccount: call('GET', core, 'serviceaccounts'),
      listNamespacedServiceAccount: call('GET', core, 'serviceaccounts'),
      readNamespacedPersistentVolumeClaim: call('GET', core, 'persistentvolumeclaims'),
      listNamespacedPersistentVolumeClaim: call('GET', core, 'persistentvolumeclaims'),
    },
    apps: {
      readNamespacedDeployment: call('GET', apps, 'deployments'),
      listNamespacedDeployment: call('GET', apps, 'deployments'),
      listDeploymentForAllNamespaces: call('GET', apps, 'deployments'),
      patchNamespacedDeploymentScale: call('PATCH', apps, 'deployments', 'scale'),
      listNamespacedReplicaSet: call('GET', apps, 'replicasets'),
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
    coordination: {
      readNamespacedLease: call('GET', coordination, 'leases'),
      createNamespacedLease: call('POST', coordination, 'leases'),
      replaceNamespacedLease: call('PUT', coordination, 'leases'),
      deleteNamespacedLease: call('DELETE', coordination, 'leases'),
    },
    discovery: { listNamespacedEndpointSlice: call('GET', '/apis/discovery.k8s.io/v1', 'endpointslices') },
    authentication: {
      createSelfSubjectReview: call('POST', '/apis/authentication.k8s.io/v1', 'selfsubjectreviews'),
    },
    authorization: {
      createSelfSubjectAccessReview: call('POST', '/apis/authorization.k8s.io/v1', 'selfsubjectaccessreviews'),
    },
  }
}
