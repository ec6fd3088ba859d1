import type { V1Affinity, V1PodSpec } from '@kubernetes/client-node'
import { guardJobName, keySecretName, labels } from '../../../../operation/names.ts'
import { pauseRequestOf, type OperationRequest } from '../../../../operation/request.ts'
import { readManifest } from '../../manifests.ts'
import type { JobObject } from '../../api/objects.ts'
import { completeJob, patchJob, type JobOptions } from './complete-job.ts'
import { extraMounts, type ExtraMounts } from './extra-mounts.ts'
import type { ReleasePart } from './release-part.ts'

/** Whether somebody stands by to unpause while this is done. */
export function hasGuard(request: OperationRequest): boolean {
  return pauseRequestOf(request)?.pause.guard === true
}

/** Keeps away from the workers of this operation alone; those of others are no reason. */
function awayFromWorker(affinity: V1Affinity | undefined, operation: string): V1Affinity {
  const terms = affinity?.podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
  return {
    ...affinity,
    podAntiAffinity: {
      ...affinity?.podAntiAffinity,
      preferredDuringSchedulingIgnoredDuringExecution: terms.map((term) => {
        const selector = term.podAffinityTerm.labelSelector
        return {
          ...term,
          podAffinityTerm: {
            ...term.podAffinityTerm,
            labelSelector: { ...selector, matchLabels: { ...selector?.matchLabels, [labels.operation]: operation } },
          },
        }
      }),
    },
  }
}

/**
 * Members of a Job and of its pod that belong to the worker: what it holds, where it runs, and how often and how long
 * it may try.
 */
const workersOwn = {
  job: ['backoffLimit', 'podFailurePolicy', 'activeDeadlineSeconds'],
  pod: [
    'containers',
    'initContainers',
    'volumes',
    'restartPolicy',
    'activeDeadlineSeconds',
    'nodeName',
    'nodeSelector',
    'affinity',
  ],
}

/** What a patch says that a guard's Job can follow as well, such as the labels that a policy demands. */
function patchForGuard(patch: unknown): unknown {
  return without(without(patch, ['spec'], workersOwn.job), ['spec', 'template', 'spec'], workersOwn.pod)
}

function without(value: unknown, [step, ...further]: readonly string[], members: readonly string[]): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  if (step === undefined) return Object.fromEntries(Object.entries(value).filter(([name]) => !members.includes(name)))
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, name === step ? without(member, further, members) : member]),
  )
}

/**
 * The Job of an operation's guard: the manifest manifests/job/guard-job.yaml, completed, then patched as far as that
 * fits. It reaches servers and the API server alone, so nothing of the databases comes along.
 */
export function composeGuardJob(
  request: OperationRequest,
  parts: readonly ReleasePart[],
  { tlsCaSecret }: ExtraMounts,
  options: JobOptions,
): JobObject {
  const mounted = extraMounts({ tlsCaSecret, keySecret: keySecretName(request.operation) })
  const withServers = (pod: V1PodSpec): V1PodSpec => ({
    ...pod,
    affinity: awayFromWorker(pod.affinity, request.operation),
    containers: pod.containers.map((container) => ({
      ...container,
      volumeMounts: [...(container.volumeMounts ?? []), ...mounted.mounts],
    })),
    volumes: [...(pod.volumes ?? []), ...mounted.volumes],
  })
  const job = completeJob(
    readManifest<JobObject>('job/guard-job'),
    guardJobName(request.operation),
    request,
    parts,
    { ...options, nodeSelector: options.guardNodeSelector },
    withServers,
  )
  return patchJob(job, patchForGuard(options.patch), request)
}
