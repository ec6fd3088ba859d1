import type { V1Deployment, V1EndpointSlice, V1Pod, V1ReplicaSet } from '@kubernetes/client-node'
import type { Api } from './api.ts'
import { ask } from './ask.ts'
import type { ReleaseChange, ReleasePod, ReleaseWatch, WorkloadFact } from './cluster.ts'
import { isAlive, releasePod, releasesSelector } from './pods.ts'
import { watchKind, type Watched } from './watch-kind.ts'
import { deploymentFact, replicaSetFact, sliceFact } from './workload-facts.ts'

/**
 * Watches the pods, Deployments, ReplicaSets and EndpointSlices of the releases, from the state they are in now.
 * @param changed told of what appeared, vanished or changed in a way that matters to a pause
 * @returns when the watch stands; it goes on, over dropped connections, until the signal aborts
 */
export async function watchReleases(
  api: Api,
  namespace: string,
  releases: readonly string[],
  changed: (change: ReleaseChange) => void,
  signal: AbortSignal,
): Promise<ReleaseWatch> {
  if (releases.length === 0) return { catchUp: () => Promise.resolve() }
  const labelSelector = releasesSelector(releases)
  const which = { namespace, labelSelector }
  const services = (await ask('list services', () => api.core.listNamespacedService(which))).items
  const trouble = (text: string) => changed({ of: 'watch', trouble: text })
  const workload = <T>(
    kind: string,
    resource: string,
    list: Watched<T, WorkloadFact>['list'],
    fact: (object: T) => WorkloadFact,
  ): Watched<T, WorkloadFact> => ({
    title: `${kind}s`,
    path: `/apis/${kind === 'EndpointSlice' ? 'discovery.k8s.io' : 'apps'}/v1/namespaces/${namespace}/${resource}`,
    list,
    fact,
    changed: (name, before, now) =>
      changed({ of: 'workload', name: `${kind}/${name}`, ...(before && { before }), ...(now && { now }) }),
    trouble,
  })
  const pods: Watched<V1Pod, ReleasePod> = {
    title: 'pods',
    path: `/api/v1/namespaces/${namespace}/pods`,
    list: () => api.core.listNamespacedPod(which),
    // One that has finished is gone, however long the API server remembers it.
    fact: (pod) => (isAlive(pod) ? releasePod(pod, services) : undefined),
    changed: (name, before, now) => changed({ of: 'pod', name, ...(before && { before }), ...(now && { now }) }),
    trouble,
  }
  const watches = await Promise.all([
    watchKind(api, pods, labelSelector, signal),
    watchKind(
      api,
      workload<V1Deployment>(
        'Deployment',
        'deployments',
        () => api.apps.listNamespacedDeployment(which),
        deploymentFact,
      ),
      labelSelector,
      signal,
    ),
    watchKind(
      api,
      workload<V1ReplicaSet>(
        'ReplicaSet',
        'replicasets',
        () => api.apps.listNamespacedReplicaSet(which),
        replicaSetFact,
      ),
      labelSelector,
      signal,
    ),
    watchKind(
      api,
      workload<V1EndpointSlice>(
        'EndpointSlice',
        'endpointslices',
        () => api.discovery.listNamespacedEndpointSlice(which),
        sliceFact,
      ),
      labelSelector,
      signal,
    ),
  ])
  return {
    async catchUp(patienceMs) {
      await Promise.all(watches.map((watch) => watch.catchUp(patienceMs)))
    },
  }
}
