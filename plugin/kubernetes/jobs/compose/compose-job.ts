// Room: the objects of an operation, made of the manifests in manifests/job/.
// Read operation-objects, compose-job, compose-guard-job, create-operation.

import type { V1Container, V1PodSpec } from '@kubernetes/client-node'
import { Failure } from '../../../../operation/failure.ts'
import { jobName, keySecretName, type OperationKind } from '../../../../operation/names.ts'
import type { OperationRequest } from '../../../../operation/request.ts'
import { readManifest } from '../../manifests.ts'
import type { JobObject } from '../../api/objects.ts'
import { hasGuard } from './compose-guard-job.ts'
import { completeJob, patchJob, type JobOptions } from './complete-job.ts'
import { extraMounts, recordsOf, type ExtraMounts } from './extra-mounts.ts'
import { withOwnTool } from './own-tool.ts'
import type { ReleasePart } from './release-part.ts'

/** Two releases that keep different files at one path cannot share a container. */
function refuseCollisions(container: V1Container): void {
  const paths = (container.volumeMounts ?? []).map((mount) => mount.mountPath)
  const twice = paths.find((path, index) => paths.indexOf(path) !== index)
  if (twice === undefined) return
  throw new Failure({
    what: 'these releases cannot be handled together',
    why: `the properties of several of them refer to files at ${twice}, each to its own`,
    next: 'mount the files of one of them at another path, and correct its properties',
  })
}

function completeContainer(
  container: V1Container,
  options: JobOptions,
  parts: readonly ReleasePart[],
  extra: ReturnType<typeof extraMounts>,
): V1Container {
  const own = Object.entries(options.env).map(([name, value]) => ({ name, value }))
  const env = [...(container.env ?? []), ...parts.flatMap((part) => part.env), ...own]
  const envFrom = parts.flatMap((part) => part.envFrom)
  const completed: V1Container = {
    ...container,
    resources: {
      requests: { ...container.resources?.requests, ...options.requests },
      limits: { ...container.resources?.limits, ...options.limits },
    },
    env,
    ...(envFrom.length > 0 ? { envFrom } : {}),
    volumeMounts: [...(container.volumeMounts ?? []), ...parts.flatMap((part) => part.mounts), ...extra.mounts],
  }
  refuseCollisions(completed)
  return completed
}

/** Operations that only read what lies on a volume. */
const readers: ReadonlySet<OperationKind> = new Set(['restore', 'import', 'list', 'copy'])

/** The Job of an operation: the manifest manifests/job/worker-job.yaml, completed, then patched as asked. */
export function composeJob(
  request: OperationRequest,
  parts: readonly ReleasePart[],
  extra: ExtraMounts,
  options: JobOptions,
): JobObject {
  const keySecret = hasGuard(request) ? keySecretName(request.operation) : undefined
  const mounted = extraMounts({
    ...extra,
    keySecret,
    readsOnly: readers.has(request.kind),
    records: recordsOf[request.kind],
  })
  const withReleases = (pod: V1PodSpec): V1PodSpec =>
    withOwnTool(
      {
        ...pod,
        containers: pod.containers.map((container) => completeContainer(container, options, parts, mounted)),
        volumes: [...(pod.volumes ?? []), ...parts.flatMap((part) => part.volumes), ...mounted.volumes],
      },
      extra.ownTool,
    )
  const job = completeJob(
    readManifest<JobObject>('job/worker-job'),
    jobName(request.operation),
    request,
    parts,
    options,
    withReleases,
  )
  return patchJob(job, options.patch, request)
}
