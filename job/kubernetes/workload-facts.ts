import type { V1Deployment, V1EndpointSlice, V1ReplicaSet } from '@kubernetes/client-node'
import type { WorkloadFact } from './cluster.ts'

/** What of a Deployment must not change in a pause. */
export function deploymentFact({ metadata, spec }: V1Deployment): WorkloadFact {
  return {
    kind: 'Deployment',
    uid: metadata?.uid ?? '',
    generation: metadata?.generation ?? 0,
    replicas: spec?.replicas ?? 1,
  }
}

/** What of a ReplicaSet must not change in a pause. */
export function replicaSetFact({ metadata, spec }: V1ReplicaSet): WorkloadFact {
  return { kind: 'ReplicaSet', uid: metadata?.uid ?? '', replicas: spec?.replicas ?? 1 }
}

/** What of an EndpointSlice must not change in a pause. */
export function sliceFact({ metadata, endpoints }: V1EndpointSlice): WorkloadFact {
  const addresses = (endpoints ?? []).flatMap((endpoint) => endpoint.addresses).sort()
  return { kind: 'EndpointSlice', uid: metadata?.uid ?? '', addresses }
}

/** For people: `generation 2, 3 replicas`. */
export function factText(fact: WorkloadFact | undefined): string {
  switch (fact?.kind) {
    case undefined:
      return 'absent'
    case 'Deployment':
      return `generation ${fact.generation}, ${fact.replicas} replicas`
    case 'ReplicaSet':
      return `${fact.replicas} replicas`
    case 'EndpointSlice':
      return fact.addresses.length === 0 ? 'no addresses' : fact.addresses.join(' ')
  }
}
