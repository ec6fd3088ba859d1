import type { V1ResourceAttributes } from '@kubernetes/client-node'
import type { Api } from './api.ts'
import { ask } from './ask.ts'

/**
 * Every right that some operation of the worker uses; manifests/install/role.yaml grants them, and a test compares the
 * two.
 */
export const rights: readonly { group: string; resource: string; subresource?: string; verbs: readonly string[] }[] = [
  { group: '', resource: 'pods', verbs: ['list', 'watch'] },
  { group: '', resource: 'services', verbs: ['list'] },
  { group: 'discovery.k8s.io', resource: 'endpointslices', verbs: ['list', 'watch'] },
  { group: 'apps', resource: 'deployments', verbs: ['get', 'list', 'watch'] },
  { group: 'apps', resource: 'replicasets', verbs: ['list', 'watch'] },
  { group: 'apps', resource: 'deployments', subresource: 'scale', verbs: ['patch'] },
  { group: '', resource: 'configmaps', verbs: ['get', 'list', 'create', 'update', 'patch', 'delete'] },
  { group: 'coordination.k8s.io', resource: 'leases', verbs: ['get', 'create', 'update', 'delete'] },
  { group: 'batch', resource: 'jobs', verbs: ['get'] },
]

/** The rights among them that the worker's ServiceAccount does not have, for people: `watch pods`. */
export async function missingRights({ authorization }: Api, namespace: string): Promise<string[]> {
  const wanted = rights.flatMap(({ group, resource, subresource, verbs }) =>
    verbs.map((verb): V1ResourceAttributes => ({
      namespace,
      group,
      resource,
      verb,
      ...(subresource === undefined ? {} : { subresource }),
    })),
  )
  const missing = await Promise.all(
    wanted.map(async (resourceAttributes) => {
      const body = { spec: { resourceAttributes } }
      const { status } = await ask('review its own access', () => authorization.createSelfSubjectAccessReview({ body }))
      return status?.allowed === true ? undefined : resourceAttributes
    }),
  )
  return missing
    .filter((one) => one !== undefined)
    .map(
      ({ verb, resource, subresource }) => `${verb} ${resource}${subresource === undefined ? '' : `/${subresource}`}`,
    )
}
