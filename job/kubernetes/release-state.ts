import type { Api } from './api.ts'
import { ask } from './ask.ts'
import type { ReleasePod, ReleaseState, WorkloadFact } from './cluster.ts'
import { isAlive, releasePod, releasesSelector } from './pods.ts'
import { podSelector } from '../../operation/product.ts'
import { deploymentFact, replicaSetFact, sliceFact } from './workload-facts.ts'

/**
 * Pods, Deployments, ReplicaSets and EndpointSlices of the releases at this moment.
 * @param patienceMs how long to keep asking an API server that does not answer
 */
export async function releaseState(
  api: Api,
  namespace: string,
  releases: readonly string[],
  patienceMs?: number,
): Promise<ReleaseState> {
  if (releases.length === 0) return { pods: [], workloads: {} }
  const { apps, discovery } = api
  const what = { namespace, labelSelector: releasesSelector(releases) }
  const [pods, deployments, replicaSets, slices] = await Promise.all([
    podsOf(api, namespace, what.labelSelector, patienceMs),
    ask('list deployments', () => apps.listNamespacedDeployment(what), patienceMs),
    ask('list replicasets', () => apps.listNamespacedReplicaSet(what), patienceMs),
    ask('list endpointslices', () => discovery.listNamespacedEndpointSlice(what), patienceMs),
  ])
  const workloads = [
    ...deployments.items.map((one) => named(one, deploymentFact(one))),
    ...replicaSets.items.map((one) => named(one, replicaSetFact(one))),
    ...slices.items.map((one) => named(one, sliceFact(one))),
  ]
  return { pods, workloads: Object.fromEntries(workloads) }
}

function named({ metadata }: { metadata?: { name?: string } }, fact: WorkloadFact): [string, WorkloadFact] {
  return [`${fact.kind}/${metadata?.name}`, fact]
}

/** The pods of every Scalar product in the namespace. */
export function scalarPods(api: Api, namespace: string): Promise<ReleasePod[]> {
  return podsOf(api, namespace, podSelector())
}

/**
 * Every Service of the namespace by the addresses that lead to its pods: within the cluster, of a load balancer, and
 * others.
 */
export async function serviceAddresses({ core }: Api, namespace: string): Promise<Map<string, string>> {
  const { items } = await ask('list services', () => core.listNamespacedService({ namespace }))
  const found = items.flatMap(({ metadata, spec, status }) => {
    const { clusterIP = '', clusterIPs = [], externalIPs = [] } = spec ?? {}
    const balancers = status?.loadBalancer?.ingress?.flatMap(({ ip }) => ip ?? []) ?? []
    const addresses = [clusterIP, ...clusterIPs, ...externalIPs, ...balancers]
    return addresses
      .filter((address) => address !== '' && address !== 'None')
      .map((address) => [address, metadata?.name ?? ''] as const)
  })
  return new Map(found)
}

async function podsOf(
  { core }: Api,
  namespace: string,
  labelSelector: string,
  patienceMs?: number,
): Promise<ReleasePod[]> {
  const [pods, services] = await Promise.all([
    ask('list pods', () => core.listNamespacedPod({ namespace, labelSelector }), patienceMs),
    ask('list services', () => core.listNamespacedService({ namespace, labelSelector }), patienceMs),
  ])
  const found = pods.items.filter(isAlive).map((pod) => releasePod(pod, services.items))
  return found.sort((a, b) => (a.name < b.name ? -1 : 1))
}
