import type { V1Pod, V1Service } from '@kubernetes/client-node'
import { appLabel, instanceLabel, podSelector, productOf } from '../../operation/product.ts'
import type { ReleasePod } from './cluster.ts'

/** Label selector for everything that belongs to these releases. */
export function releasesSelector(releases: readonly string[]): string {
  return `${podSelector()},${instanceLabel} in (${releases.join(',')})`
}

/** Whether a pod has processes, or will have; one that has finished or was evicted is a mere memory. */
export function isAlive(pod: V1Pod): boolean {
  return pod.status?.phase !== 'Succeeded' && pod.status?.phase !== 'Failed'
}

/** @param services of the same releases, which say where the admin port is */
export function releasePod(pod: V1Pod, services: readonly V1Service[]): ReleasePod {
  const { metadata, status } = pod
  const trouble = podTrouble(pod)
  return {
    name: metadata?.name ?? '',
    uid: metadata?.uid ?? '',
    ip: status?.podIP ?? '',
    ready: trouble === undefined,
    ...(trouble === undefined ? {} : { trouble }),
    ...(metadata?.deletionTimestamp === undefined ? {} : { deleting: true }),
    restarts: (status?.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + restartCount, 0),
    release: metadata?.labels?.[instanceLabel] ?? '',
    app: metadata?.labels?.[appLabel] ?? '',
    adminPort: adminPortOf(pod, services),
  }
}

/**
 * The pod's port that the admin Service of its release leads to. The charts (scalar-labs/helm-charts) call that Service
 * `<fullname>-headless`, and its port as the product calls it.
 */
function adminPortOf(pod: V1Pod, services: readonly V1Service[]): number {
  const podLabels = pod.metadata?.labels ?? {}
  const product = productOf(podLabels)
  if (product === undefined) return 0
  const ports = services
    .filter(({ metadata }) => metadata?.labels?.[instanceLabel] === podLabels[instanceLabel] && metadata?.labels?.[appLabel] === product.app)
    .filter(({ metadata }) => metadata?.name?.endsWith('-headless'))
    .flatMap(({ spec }) => spec?.ports ?? [])
  const port = ports.find(({ name }) => name === product.adminPortName)
  const wanted = port?.targetPort ?? port?.port
  if (typeof wanted === 'number') return wanted
  const named = pod.spec?.containers.flatMap((container) => container.ports ?? []).find(({ name }) => name !== undefined && name === wanted)
  return named?.containerPort ?? port?.port ?? product.adminPort
}

/** Why a pod does not serve, for people; undefined when it does. */
export function podTrouble({ metadata, status }: V1Pod): string | undefined {
  if (metadata?.deletionTimestamp !== undefined) return 'it is being deleted'
  const condition = (type: string) => status?.conditions?.find((one) => one.type === type)
  if (condition('Ready')?.status === 'True') return undefined
  const scheduled = condition('PodScheduled')
  if (scheduled?.status === 'False') return `${scheduled.reason ?? 'not scheduled'}: ${scheduled.message ?? 'no node takes it'}`
  for (const { name, state, lastState } of [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]) {
    const { waiting, terminated } = state ?? {}
    if (waiting !== undefined) {
      const last = lastState?.terminated === undefined ? '' : `, last exit code ${lastState.terminated.exitCode}`
      return `container ${name}: ${waiting.reason ?? 'waiting'}${waiting.message === undefined ? '' : `: ${waiting.message}`}${last}`
    }
    if (terminated !== undefined && terminated.exitCode !== 0) return `container ${name} exited with ${terminated.exitCode}`
  }
  return condition('Ready')?.message ?? `it is ${status?.phase ?? 'unknown'}`
}
