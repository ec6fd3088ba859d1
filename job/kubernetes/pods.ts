import type { V1Container, V1ContainerStatus, V1Pod, V1Service } from '@kubernetes/client-node'
import { adminPortOf, appLabel, instanceLabel, podSelector } from '../../operation/product.ts'
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
  const adminPort = adminPortOf(pod, services)
  const otherIps = (status?.podIPs ?? []).map(({ ip }) => ip).filter((ip) => ip !== status?.podIP)
  return {
    name: metadata?.name ?? '',
    uid: metadata?.uid ?? '',
    ip: status?.podIP ?? '',
    ...(otherIps.length > 0 && { otherIps }),
    ready: trouble === undefined,
    ...(trouble === undefined ? {} : { trouble }),
    ...(metadata?.deletionTimestamp === undefined ? {} : { deleting: true }),
    ...restartsOf(pod, adminPort),
    release: metadata?.labels?.[instanceLabel] ?? '',
    app: metadata?.labels?.[appLabel] ?? '',
    adminPort,
  }
}

/** A proxy beside the server may restart as it likes: the server stays paused. */
function restartsOf({ spec, status }: V1Pod, adminPort: number): Pick<ReleasePod, 'restarts' | 'otherRestarts'> {
  const server = serverContainer(spec?.containers ?? [], adminPort)
  const sum = (of: readonly V1ContainerStatus[]) => of.reduce((total, { restartCount }) => total + restartCount, 0)
  const statuses = status?.containerStatuses ?? []
  return {
    restarts: sum(statuses.filter(({ name }) => name === server)),
    otherRestarts: sum(statuses.filter(({ name }) => name !== server)),
  }
}

/** The name of the container that listens on the admin port: the only one, or the only one that says so. */
function serverContainer(containers: readonly V1Container[], adminPort: number): string | undefined {
  const [found, ...others] =
    containers.length === 1
      ? containers
      : containers.filter(({ ports }) => ports?.some(({ containerPort }) => containerPort === adminPort))
  return others.length === 0 ? found?.name : undefined
}

/** Why a pod does not serve, for people; undefined when it does. */
export function podTrouble({ metadata, status }: V1Pod): string | undefined {
  if (metadata?.deletionTimestamp !== undefined) return 'it is being deleted'
  const condition = (type: string) => status?.conditions?.find((one) => one.type === type)
  if (condition('Ready')?.status === 'True') return undefined
  const scheduled = condition('PodScheduled')
  if (scheduled?.status === 'False')
    return `${scheduled.reason ?? 'not scheduled'}: ${scheduled.message ?? 'no node takes it'}`
  for (const { name, state, lastState } of [
    ...(status?.initContainerStatuses ?? []),
    ...(status?.containerStatuses ?? []),
  ]) {
    const { waiting, terminated } = state ?? {}
    if (waiting !== undefined) {
      const last = lastState?.terminated === undefined ? '' : `, last exit code ${lastState.terminated.exitCode}`
      return (
        `container ${name}: ` +
        `${waiting.reason ?? 'waiting'}${waiting.message === undefined ? '' : `: ${waiting.message}`}${last}`
      )
    }
    if (terminated !== undefined && terminated.exitCode !== 0)
      return `container ${name} exited with ${terminated.exitCode}`
  }
  return condition('Ready')?.message ?? `it is ${status?.phase ?? 'unknown'}`
}
