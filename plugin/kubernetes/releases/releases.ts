// Room: the releases of a namespace: found, and how they stand.
// Read releases, release-status.

import type { V1Deployment, V1Pod } from '@kubernetes/client-node'
import { Failure } from '../../../operation/failure.ts'
import { instanceLabel, podSelector, productOf, type Product } from '../../../operation/product.ts'
import { unlessMissing } from '../api/api-error.ts'
import type { Session } from '../api/session.ts'

/** One Scalar product of a Helm release, as its labels tell. */
export interface Release {
  name: string
  product: Product
  /** undefined where something other than a Deployment runs the pods */
  deployment: V1Deployment | undefined
  pods: V1Pod[]
}

/** The releases that labelled objects belong to; several products under one name are several entries. */
export function groupReleases(deployments: readonly V1Deployment[], pods: readonly V1Pod[]): Release[] {
  const found = new Map<string, Release>()
  const entry = (labels: Record<string, string> | undefined): Release | undefined => {
    const product = productOf(labels)
    const name = labels?.[instanceLabel]
    if (product === undefined || name === undefined) return undefined
    const key = `${name}/${product.app}`
    const release = found.get(key) ?? { name, product, deployment: undefined, pods: [] }
    found.set(key, release)
    return release
  }
  for (const deployment of deployments) {
    const release = entry(deployment.spec?.template.metadata?.labels)
    if (release !== undefined) release.deployment = deployment
  }
  for (const pod of pods.filter(mayServe)) entry(pod.metadata?.labels)?.pods.push(pod)
  return [...found.values()].sort((a, b) => a.name.localeCompare(b.name) || a.product.app.localeCompare(b.product.app))
}

/** Whether a pod may serve now or later: one that was evicted or has completed stays listed, and never serves again. */
function mayServe({ status }: V1Pod): boolean {
  return status?.phase !== 'Failed' && status?.phase !== 'Succeeded'
}

/** Every release of a Scalar product in the session's namespace. */
export async function listReleases(session: Session): Promise<Release[]> {
  const { namespace } = session
  // Deployments are found by their pods' labels, since those of their own are the chart's affair
  const [deployments, pods] = await Promise.all([
    session.apps.listNamespacedDeployment({ namespace }),
    session.core.listNamespacedPod({ namespace, labelSelector: podSelector() }),
  ])
  return groupReleases(deployments.items, pods.items)
}

async function refuseMissingNamespace(session: Session): Promise<void> {
  let namespace: unknown
  try {
    namespace = await unlessMissing(session.core.readNamespace({ name: session.namespace }))
  } catch {
    return // those who may not look at namespaces can still use one
  }
  if (namespace !== undefined) return
  throw new Failure({
    what: `the namespace "${session.namespace}" cannot be used`,
    why: 'the cluster has none of that name',
    next: 'name the namespace of the release with -n',
  })
}

/** How many releases an error names. */
const mostNamed = 8

/**
 * The releases of these names.
 * @throws Failure naming the releases that there are, where one is missing.
 */
export async function findReleases(session: Session, names: readonly string[]): Promise<Release[]> {
  const all = await listReleases(session)
  const missing = names.filter((name) => !all.some((release) => release.name === name))
  if (missing.length === 0) return all.filter((release) => names.includes(release.name))
  await refuseMissingNamespace(session)
  const known = all.slice(0, mostNamed).map((release) => `${release.name} (${release.product.title})`)
  const more = all.length > mostNamed ? ` and ${all.length - mostNamed} more` : ''
  throw new Failure({
    what: `release ${missing.map((name) => `"${name}"`).join(', ')} was not found in namespace ${session.namespace}`,
    why:
      known.length === 0
        ? `no pod there has the labels of a Scalar product with ${instanceLabel}`
        : `the releases there are ${known.join(', ')}${more}`,
    next: 'give the name of the Helm release, and its namespace with -n',
  })
}

/**
 * Refuses releases that have nothing to pause.
 * @throws Failure where a release has no pod that is running
 */
export function requirePods(releases: readonly Release[]): void {
  const empty = releases.find((release) => release.pods.length === 0)
  if (empty === undefined) return
  throw new Failure({
    what: `release "${empty.name}" has no pods`,
    why:
      `its Deployment ${empty.deployment?.metadata?.name ?? ''} stands at ` +
      `${empty.deployment?.spec?.replicas ?? 0} replicas`,
    next: 'scale it up, and wait until its pods are ready',
  })
}
