import type { V1Deployment, V1EndpointSlice } from '@kubernetes/client-node'
import { podSelector } from '../../operation/product.ts'
import type { Api } from './api.ts'
import { ask } from './ask.ts'
import type { ReleasePod, ReleaseState } from './cluster.ts'
import { isAlive, releasePod, releasesSelector } from './pods.ts'

/** Pods, Deployments and EndpointSlices of the releases at this moment. */
export async function releaseState({ apps, discovery, ...api }: Api, namespace: string, releases: readonly string[]): Promise<ReleaseState> {
  if (releases.length === 0) return { pods: [], workloads: {} }
  const what = { namespace, labelSelector: releasesSelector(releases) }
  const [pods, deployments, slices] = await Promise.all([
    podsOf({ apps, discovery, ...api }, namespace, what.labelSelector),
    ask('list deployments', () => apps.listNamespacedDeployment(what)),
    ask('list endpointslices', () => discovery.listNamespacedEndpointSlice(what)),
  ])
  const workloads = [
    ...deployments.items.map((one) => [`Deployment/${one.metadata?.name}`, deploymentFact(one)] as const),
    ...slices.items.map((one) => [`EndpointSlice/${one.metadata?.name}`, sliceFact(one)] as const),
  ]
  return { pods, workloads: Object.fromEntries(workloads) }
}

/** The pods of every Scalar product in the namespace. */
export function scalarPods(api: Api, namespace: string): Promise<ReleasePod[]> {
  return podsOf(api, namespace, podSelector())
}

async function podsOf({ core }: Api, namespace: string, labelSelector: string): Promise<ReleasePod[]> {
  const [pods, services] = await Promise.all([
    ask('list pods', () => core.listNamespacedPod({ namespace, labelSelector })),
    ask('list services', () => core.listNamespacedService({ namespace, labelSelector })),
  ])
  const found = pods.items.filter(isAlive).map((pod) => releasePod(pod, services.items))
  return found.sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** What of a Deployment must not change in a pause. */
export function deploymentFact({ metadata, spec }: V1Deployment): string {
  return `generation ${metadata?.generation ?? 0}, ${spec?.replicas ?? 1} replicas`
}

/** What of an EndpointSlice must not change in a pause. */
export function sliceFact({ endpoints }: V1EndpointSlice): string {
  const addresses = (endpoints ?? []).flatMap((endpoint) => endpoint.addresses)
  return addresses.length === 0 ? 'no addresses' : addresses.sort().join(' ')
}
