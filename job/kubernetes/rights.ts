import type { V1ResourceAttributes } from '@kubernetes/client-node'
import type { Api } from './api.ts'
import { leaseName } from '../../operation/names.ts'
import { ask } from './ask.ts'
import { workloads } from './workloads.ts'

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
  { group: '', resource: 'events', verbs: ['create'] },
  { group: '', resource: 'configmaps', verbs: ['get', 'list', 'create', 'update', 'patch', 'delete'] },
  { group: 'coordination.k8s.io', resource: 'leases', verbs: ['get', 'create', 'update', 'delete'] },
  { group: 'batch', resource: 'jobs', verbs: ['get'] },
]

/** Questions at once: each takes a connection of its own, which costs more than the answer. */
const atOnce = 4

/** Verbs of requests that have no name of an object, so that no Role can ask for one. */
const nameless = ['create', 'list', 'watch']

/**
 * The rights among them that the worker's ServiceAccount does not have, for people: `watch pods`. A Role may name the
 * objects, so each is asked for by the name that it will have; what is there for releases alone is not asked for where
 * there are none.
 */
export async function missingRights(api: Api, namespace: string, releases: readonly string[]): Promise<string[]> {
  const { authorization } = api
  const names = await namesOf(api, namespace, releases)
  const wanted = rights.flatMap(({ group, resource, subresource, verbs }) =>
    verbs.flatMap((verb): V1ResourceAttributes[] => {
      const attributes = { namespace, group, resource, verb, ...(subresource === undefined ? {} : { subresource }) }
      const named = nameless.includes(verb) ? undefined : names[resource]
      return named === undefined ? [attributes] : named.map((name) => ({ ...attributes, name }))
    }),
  )
  const allowed = new Set<V1ResourceAttributes>()
  const left = wanted.values()
  const askOn = async () => {
    for (const resourceAttributes of left) {
      const body = { spec: { resourceAttributes } }
      const { status } = await ask('review its own access', () => authorization.createSelfSubjectAccessReview({ body }))
      if (status?.allowed === true) allowed.add(resourceAttributes)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, askOn))
  const titles = wanted
    .filter((one) => !allowed.has(one))
    .map(
      ({ verb, resource, subresource }) => `${verb} ${resource}${subresource === undefined ? '' : `/${subresource}`}`,
    )
  return [...new Set(titles)]
}

/** The names of what a Role may name, by resource; undefined where they are not known, and all of a kind are meant. */
async function namesOf(
  api: Api,
  namespace: string,
  releases: readonly string[],
): Promise<Partial<Record<string, string[]>>> {
  const leases = releases.map(leaseName)
  try {
    const found = (await workloads(api, namespace, releases)).map(({ name }) => name)
    // Without a Deployment of the releases nobody knows which there will be.
    return { leases, ...(found.length === 0 && releases.length > 0 ? {} : { deployments: found }) }
  } catch {
    // That they cannot be listed is among the rights that are missing.
    return { leases }
  }
}
