import type { V1Pod } from '@kubernetes/client-node'
import type { Connection } from '../../../kubernetes/api-request.ts'
import type { Api } from '../api.ts'
import { Failure } from '../../../operation/failure.ts'
import { ask, askIfAny } from '../ask.ts'
import { isAlive, podTrouble } from '../pods.ts'
import { execInPod } from './exec.ts'
import type { PodElsewhere, PodsElsewhere } from './pods-elsewhere.ts'

type Right = { resource: string; subresource?: string; verbs: readonly string[] }

/** What manifests/install/pods-role.yaml allows. */
export const rightsToFind: readonly Right[] = [{ resource: 'pods', verbs: ['get', 'list'] }]

/** What manifests/install/exec-role.yaml allows. */
export const rightsToRun: readonly Right[] = [
  ...rightsToFind,
  // A WebSocket asks with GET; newer API servers want the right to create as well (KEP-4006).
  { resource: 'pods', subresource: 'exec', verbs: ['get', 'create'] },
]

/** The pods of a namespace, through the API server. */
export function kubernetesPods(api: Api, connection: Connection, namespace: string): PodsElsewhere {
  return {
    namespace,
    async missingRights(to) {
      const rights = { find: rightsToFind, run: rightsToRun }[to]
      const wanted = rights.flatMap(({ verbs, ...of }) => verbs.map((verb) => ({ verb, ...of })))
      const missing = await Promise.all(
        wanted.map(async (attributes) => {
          const body = { spec: { resourceAttributes: { namespace, group: '', ...attributes } } }
          const { status } = await ask('review its own access', () =>
            api.authorization.createSelfSubjectAccessReview({ body }),
          )
          return status?.allowed === true ? undefined : attributes
        }),
      )
      return missing
        .filter((one) => one !== undefined)
        .map(({ verb, resource, subresource }) => [`${verb} ${resource}`, subresource].filter(Boolean).join('/'))
    },
    async readSecret(name) {
      const what = `read Secret ${name} in namespace ${namespace}`
      const found = await askIfAny(what, () => api.core.readNamespacedSecret({ namespace, name }))
      if (found === undefined)
        throw new Failure({
          what: `the worker could not ${what}`,
          why: 'there is none of that name',
          next: `correct the name; those that are there: kubectl get secrets -n ${namespace}`,
        })
      return new Map(
        Object.entries(found.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]),
      )
    },
    async list(labelSelector) {
      const { items } = await ask(`list pods in namespace ${namespace}`, () =>
        api.core.listNamespacedPod({ namespace, labelSelector }),
      )
      return items
        .filter(isAlive)
        .map(podElsewhere)
        .sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))
    },
    run: (pod, container, command, limits) => execInPod(connection, { namespace, pod, container }, command, limits),
  }
}

function podElsewhere(pod: V1Pod): PodElsewhere {
  const trouble = podTrouble(pod)
  return {
    name: pod.metadata?.name ?? '',
    uid: pod.metadata?.uid ?? '',
    ip: pod.status?.podIP ?? '',
    node: pod.spec?.nodeName ?? '',
    labels: pod.metadata?.labels ?? {},
    ready: trouble === undefined,
    trouble,
    containers: (pod.spec?.containers ?? []).map(({ name, ports }) => ({
      name,
      ports: (ports ?? []).map((one) => ({ name: one.name, port: one.containerPort })),
    })),
  }
}
