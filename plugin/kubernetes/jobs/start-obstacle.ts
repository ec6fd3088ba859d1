import type { CoreV1Event, V1ContainerStateTerminated, V1Pod } from '@kubernetes/client-node'
import { parseEvent } from '../../../operation/event.ts'
import { ownToolContainer } from './compose/own-tool.ts'
import type { Role } from '../../../operation/names.ts'

/** Something that keeps a Job's pod from starting. */
export interface Obstacle {
  /** what it is waiting for, a few words */
  title: string
  /** Kubernetes' own text */
  reason: string
  /** what to do about it */
  next: string
  /** how long it may last before it is taken for lasting, ms */
  patienceMs: number
}

const imageReasons = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
  'ErrImageNeverPull',
  'ImageInspectError',
  'RegistryUnavailable',
])
const configReasons = new Set(['CreateContainerConfigError', 'CreateContainerError', 'RunContainerError'])
const startReasons = new Set(['StartError', 'ContainerCannotRun'])

/**
 * How long a cluster may take to bring a node, once its autoscaler (cluster-autoscaler, Karpenter) says that it does.
 * ms
 */
const newNodeMs = 10 * 60_000

function newest(events: readonly CoreV1Event[], reasons: RegExp): CoreV1Event | undefined {
  const time = (event: CoreV1Event) => (event.lastTimestamp ?? event.eventTime ?? event.firstTimestamp)?.getTime() ?? 0
  return events.filter((event) => reasons.test(event.reason ?? '')).sort((a, b) => time(b) - time(a))[0]
}

function rejection(event: CoreV1Event): Obstacle {
  // every try has another pod's name, which tells nothing
  const reason = (event.message ?? event.reason ?? '').replace(/^Error creating: (pods "[^"]*" is forbidden: )?/, '')
  const obstacle = { title: 'its pod to be admitted', reason, patienceMs: 8000 }
  if (/exceeded quota|must specify/.test(reason))
    return {
      ...obstacle,
      title: 'the quota of the namespace',
      next: 'ask for less with --requests and --limits, or have the ResourceQuota raised',
    }
  if (/PodSecurity/.test(reason))
    return {
      ...obstacle,
      title: 'the Pod Security of the namespace',
      next: 'leave out the --patch that loosens the pod, or change the level that the namespace enforces',
    }
  if (/serviceaccount|service account/i.test(reason))
    return { ...obstacle, title: 'its ServiceAccount', next: 'run `kubectl scalardl install`' }
  return { ...obstacle, next: 'correct what the message names; an admission policy of the cluster may refuse the pod' }
}

/** The line of a container's last words that says most. */
function complaint(ended: V1ContainerStateTerminated | undefined): string {
  const lines = (ended?.message ?? '')
    .split('\n')
    .map((line) => parseEvent(line)?.message ?? line.trim())
    .filter((line) => line !== '')
  return lines.find((line) => /^\w*Error: /.test(line)) ?? lines.at(-1) ?? `exit code ${ended?.exitCode ?? 'unknown'}`
}

const injectedNext =
  'correct what injects this container into pods of the namespace, ' +
  'or keep it out of the Job by a label or annotation, see --patch'

const toolNext = 'see that its image is for the architecture of the nodes, and that --exec-limits are enough'

/** Whether a container is this program's; any other was injected into the pod. */
function isOwn(container: string): boolean {
  return (['worker', 'guard'] satisfies Role[]).some((role) => role === container)
}

function ofContainer(pod: V1Pod): Obstacle | undefined {
  const states = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])]
  for (const { name, state, lastState, restartCount, image } of states) {
    const isTool = name === ownToolContainer
    const injected = !isOwn(name) && !isTool
    const reason = state?.waiting?.reason ?? state?.terminated?.reason ?? ''
    const message = state?.waiting?.message ?? state?.terminated?.message ?? reason
    if (imageReasons.has(reason)) {
      const next = injected
        ? injectedNext
        : isTool
          ? 'give an image that the nodes can pull (--exec-image, --schema-loader-image), ' +
            'and its credentials with --image-pull-secret'
          : 'give an image that the nodes can pull with --image, credentials with --image-pull-secret, ' +
            'or --image-pull-policy=IfNotPresent for one that is there already'
      return { title: `the image ${image}`, reason: `${reason}: ${message}`, next, patienceMs: 20_000 }
    }
    if (configReasons.has(reason))
      return {
        title: 'its configuration',
        reason: `${reason}: ${message}`,
        next: 'make the Secret, ConfigMap or key that is named, or correct the flag that names it',
        patienceMs: 8000,
      }
    const ended = state?.terminated ?? lastState?.terminated
    if (reason === 'CrashLoopBackOff' || (restartCount > 0 && (state?.terminated?.exitCode ?? 0) !== 0)) {
      return {
        title: injected ? `the container ${name}, which fails` : 'its program, which fails',
        reason: complaint(ended),
        next: injected ? injectedNext : isTool ? toolNext : 'give an image of this version with --image',
        patienceMs: 20_000,
      }
    }
    if (startReasons.has(reason))
      return {
        title: 'its start',
        reason: `${reason}: ${message}`,
        next: isTool ? toolNext : 'give an image of this program with --image',
        patienceMs: 0,
      }
  }
  return undefined
}

/**
 * What keeps the pod of a Job from starting, by the pod itself and the events of it and its Job; undefined when nothing
 * does.
 * @param pod undefined while the Job has made none
 */
export function findObstacle(pod: V1Pod | undefined, events: readonly CoreV1Event[]): Obstacle | undefined {
  if (pod === undefined) {
    const refused = newest(events, /^FailedCreate$/)
    return refused === undefined ? undefined : rejection(refused)
  }
  const scheduled = pod.status?.conditions?.find((condition) => condition.type === 'PodScheduled')
  if (scheduled?.status === 'False') {
    const reason = scheduled.message ?? scheduled.reason ?? ''
    const volume = /persistentvolumeclaim|volume/i.test(reason)
    const next = volume
      ? 'check the PersistentVolumeClaim of --to with `kubectl describe pvc`'
      : 'make room on the nodes, ask for less with --requests, or choose others with --node-selector and --toleration'
    const growing = newest(events, /^(TriggeredScaleUp|Nominated)$/)
    return growing === undefined
      ? { title: 'a node', reason, next, patienceMs: 60_000 }
      : { title: 'a new node', reason: `${reason}; ${growing.message ?? ''}`, next, patienceMs: newNodeMs }
  }
  const container = ofContainer(pod)
  if (container !== undefined) return container
  const mount = newest(events, /^(FailedMount|FailedAttachVolume|FailedCreatePodSandBox)$/)
  if (mount === undefined || pod.status?.phase !== 'Pending') return undefined
  return {
    title: mount.reason === 'FailedCreatePodSandBox' ? 'its sandbox' : 'its volumes',
    reason: mount.message ?? '',
    next: 'make what is named, or wait until the volume is free on its other node',
    patienceMs: 60_000,
  }
}
