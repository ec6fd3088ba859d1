import type { V1Container, V1PodSpec, V1Toleration } from '@kubernetes/client-node'
import { Failure } from '../../../operation/failure.ts'
import { annotations, configMapName, jobName, operationLabels } from '../../../operation/names.ts'
import type { OperationRequest } from '../../../operation/request.ts'
import { readManifest } from '../../manifests.ts'
import type { JobObject } from '../objects.ts'
import { extraMounts, type ExtraMounts } from './extra-mounts.ts'
import { defaultImage } from './image.ts'
import { mergePatch } from './merge-patch.ts'
import type { ReleasePart } from './release-part.ts'

/** What the administrator may say about a Job. */
export interface JobOptions {
  image: string | undefined
  imagePullPolicy: string | undefined
  imagePullSecrets: readonly string[]
  serviceAccount: string
  nodeSelector: Record<string, string>
  tolerations: readonly V1Toleration[]
  requests: Record<string, string>
  limits: Record<string, string>
  /** merged over the finished Job, RFC 7386 */
  patch: Record<string, unknown>
  ttlSeconds: number
}

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

function completeContainer(container: V1Container, image: string, options: JobOptions, parts: readonly ReleasePart[], extra: ReturnType<typeof extraMounts>): V1Container {
  const env = parts.flatMap((part) => part.env)
  const envFrom = parts.flatMap((part) => part.envFrom)
  const completed: V1Container = {
    ...container,
    image,
    ...(options.imagePullPolicy === undefined ? {} : { imagePullPolicy: options.imagePullPolicy }),
    resources: { requests: { ...container.resources?.requests, ...options.requests }, limits: { ...container.resources?.limits, ...options.limits } },
    ...(env.length > 0 ? { env } : {}),
    ...(envFrom.length > 0 ? { envFrom } : {}),
    volumeMounts: [...(container.volumeMounts ?? []), ...parts.flatMap((part) => part.mounts), ...extra.mounts],
  }
  refuseCollisions(completed)
  return completed
}

function completePod(spec: V1PodSpec, request: OperationRequest, options: JobOptions, parts: readonly ReleasePart[], extra: ReturnType<typeof extraMounts>): V1PodSpec {
  const kinds = parts.map((part) => part.storages)
  const storages = kinds.some((kind) => kind === undefined) ? undefined : kinds.flatMap((kind) => kind ?? [])
  const image = options.image ?? defaultImage(request.kind, storages)
  const requestVolume = { name: 'request', configMap: { name: configMapName(request.operation, 'request') } }
  return {
    ...spec,
    serviceAccountName: options.serviceAccount,
    ...(options.imagePullSecrets.length > 0 ? { imagePullSecrets: options.imagePullSecrets.map((name) => ({ name })) } : {}),
    ...(Object.keys(options.nodeSelector).length > 0 ? { nodeSelector: options.nodeSelector } : {}),
    ...(options.tolerations.length > 0 ? { tolerations: [...options.tolerations] } : {}),
    containers: spec.containers.map((container) => completeContainer(container, image, options, parts, extra)),
    volumes: [
      ...(spec.volumes ?? []).map((volume) => (volume.name === requestVolume.name ? requestVolume : volume)),
      ...parts.flatMap((part) => part.volumes),
      ...extra.volumes,
    ],
  }
}

/** The Job of an operation: the manifest manifests/worker-job.yaml, completed, then patched as asked. */
export function composeJob(request: OperationRequest, parts: readonly ReleasePart[], extra: ExtraMounts, options: JobOptions): JobObject {
  const manifest = readManifest<JobObject>('worker-job')
  const { spec } = manifest
  const podSpec = spec?.template.spec
  if (spec === undefined || podSpec === undefined || podSpec === null) throw new Error('manifests/worker-job.yaml has no pod')
  const labels = operationLabels(request.operation, request.kind)
  const noted = { [annotations.releases]: request.target.releases.map((release) => release.name).join(',') }
  const job: JobObject = {
    ...manifest,
    metadata: { ...manifest.metadata, name: jobName(request.operation), namespace: request.namespace, labels: { ...manifest.metadata.labels, ...labels }, annotations: noted },
    spec: {
      ...spec,
      ttlSecondsAfterFinished: options.ttlSeconds,
      template: {
        ...spec.template,
        metadata: { ...spec.template.metadata, labels: { ...spec.template.metadata?.labels, ...labels } },
        spec: completePod(podSpec, request, options, parts, extraMounts(extra)),
      },
    },
  }
  return mergePatch(job, options.patch) as JobObject
}
