import type { V1Container, V1PodSpec, V1Toleration } from '@kubernetes/client-node'
import { annotations, configMapName, operationLabels } from '../../../../operation/names.ts'
import { requestHash, requestHashVariable, requestText, type OperationRequest } from '../../../../operation/request.ts'
import type { JobObject } from '../../api/objects.ts'
import { defaultImage } from './image.ts'
import { mergePatch } from './merge-patch.ts'
import type { ReleasePart } from './release-part.ts'

/** What the administrator may say about the Jobs of an operation. */
export interface JobOptions {
  image: string | undefined
  /** a registry that has the published images */
  registryMirror?: string | undefined
  imagePullPolicy: string | undefined
  imagePullSecrets: readonly string[]
  serviceAccount: string
  /** of the worker: bound to its node, a guard would die with it */
  nodeSelector: Record<string, string>
  guardNodeSelector: Record<string, string>
  tolerations: readonly V1Toleration[]
  /** of the worker */
  requests: Record<string, string>
  /** of the worker */
  limits: Record<string, string>
  /** of the worker, beside what its releases need */
  env: Record<string, string>
  /** merged over the finished Job, RFC 7386 */
  patch: Record<string, unknown>
  ttlSeconds: number
}

/** The image of every pod of an operation. */
function imageOf(request: OperationRequest, parts: readonly ReleasePart[], options: JobOptions): string {
  const kinds = parts.map((part) => part.storages)
  const storages = kinds.some((kind) => kind === undefined) ? undefined : kinds.flatMap((kind) => kind ?? [])
  return options.image ?? defaultImage(request.kind, storages, options.registryMirror)
}

function completePod(spec: V1PodSpec, image: string, request: OperationRequest, options: JobOptions): V1PodSpec {
  const requestVolume = { name: 'request', configMap: { name: configMapName(request.operation, 'request') } }
  return {
    ...spec,
    serviceAccountName: options.serviceAccount,
    ...(options.imagePullSecrets.length > 0
      ? { imagePullSecrets: options.imagePullSecrets.map((name) => ({ name })) }
      : {}),
    ...(Object.keys(options.nodeSelector).length > 0 ? { nodeSelector: options.nodeSelector } : {}),
    ...(options.tolerations.length > 0 ? { tolerations: [...(spec.tolerations ?? []), ...options.tolerations] } : {}),
    containers: spec.containers.map((container) => ({
      ...container,
      image,
      ...(options.imagePullPolicy === undefined ? {} : { imagePullPolicy: options.imagePullPolicy }),
    })),
    volumes: (spec.volumes ?? []).map((volume) => (volume.name === requestVolume.name ? requestVolume : volume)),
  }
}

/**
 * A Job's manifest with all that worker and guard have in common: names, labels, image, request, and where they may
 * run.
 * @param finish completes the pod further
 */
export function completeJob(
  manifest: JobObject,
  name: string,
  request: OperationRequest,
  parts: readonly ReleasePart[],
  options: JobOptions,
  finish: (pod: V1PodSpec) => V1PodSpec,
): JobObject {
  const { spec } = manifest
  const podSpec = spec?.template.spec
  if (spec === undefined || podSpec === undefined || podSpec === null)
    throw new Error(`the manifest of ${name} has no pod`)
  const labels = operationLabels(request.operation, request.kind)
  const noted = { [annotations.releases]: request.target.releases.map((release) => release.name).join(',') }
  return {
    ...manifest,
    metadata: {
      ...manifest.metadata,
      name,
      namespace: request.namespace,
      labels: { ...manifest.metadata.labels, ...labels },
      annotations: noted,
    },
    spec: {
      ...spec,
      ttlSecondsAfterFinished: options.ttlSeconds,
      template: {
        ...spec.template,
        metadata: { ...spec.template.metadata, labels: { ...spec.template.metadata?.labels, ...labels } },
        spec: finish(completePod(podSpec, imageOf(request, parts, options), request, options)),
      },
    },
  }
}

/**
 * A Job with the administrator's patch, tied to its request. Pods on the host's network resolve the cluster's own names
 * only with the policy made for them (Kubernetes documentation, "Pod's DNS Policy"), which a patch with `hostNetwork`
 * alone would lack.
 */
export function patchJob(job: JobObject, patch: unknown, request: OperationRequest): JobObject {
  const patched = mergePatch(job, patch) as JobObject
  const { hostNetwork, dnsPolicy } = patched.spec?.template.spec ?? {}
  const lacksPolicy = hostNetwork === true && dnsPolicy === undefined
  const own = job.spec?.template.spec?.containers.map(({ name }) => name) ?? []
  const containers = (patched.spec?.template.spec?.containers ?? []).map((container) =>
    own.includes(container.name) ? tiedTo(request, container) : container,
  )
  return mergePatch(patched, {
    spec: { template: { spec: { containers, ...(lacksPolicy ? { dnsPolicy: 'ClusterFirstWithHostNet' } : {}) } } },
  }) as JobObject
}

/**
 * A container that takes this request alone: whoever replaces its ConfigMap has no operation of theirs done. It is tied
 * last, since a patch may bring the container as a dry run showed it, made for another request.
 */
function tiedTo(request: OperationRequest, container: V1Container): V1Container {
  const env = (container.env ?? []).filter(({ name }) => name !== requestHashVariable)
  return { ...container, env: [...env, { name: requestHashVariable, value: requestHash(requestText(request)) }] }
}
