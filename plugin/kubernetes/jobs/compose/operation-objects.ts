import { annotations, configMapName, labels, operationLabels, partKey, type Part } from '../../../../operation/names.ts'
import { newRecord } from '../../../../operation/record.ts'
import type { OperationRequest } from '../../../../operation/request.ts'
import { programVersion } from '../../../../operation/version.ts'
import type { ConfigMapObject, JobObject, OwnObject } from '../../api/objects.ts'

/** The objects of one operation. */
export interface OperationObjects {
  operation: string
  request: ConfigMapObject
  record: ConfigMapObject
  job: JobObject
  /** where somebody stands by to unpause */
  guard: JobObject | undefined
}

/**
 * In the order in which they are made: the Jobs after what they need, the guard's after the worker's, which owns it.
 */
export function inOrder({ request, record, job, guard }: OperationObjects): OwnObject[] {
  return guard === undefined ? [request, record, job] : [request, record, job, guard]
}

/** The ConfigMap that keeps one part of an operation. It outlives the Job, and so is owned by nothing. */
function partConfigMap(request: OperationRequest, part: Part, document: unknown): ConfigMapObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: configMapName(request.operation, part),
      namespace: request.namespace,
      labels: { ...operationLabels(request.operation, request.kind), [labels.part]: part },
      annotations: { [annotations.releases]: request.target.releases.map((release) => release.name).join(',') },
    },
    ...(part === 'request' ? { immutable: true } : {}),
    data: { [partKey(part)]: `${JSON.stringify(document, undefined, 2)}\n` },
  }
}

/** Everything that an operation needs in the cluster. */
export function operationObjects(request: OperationRequest, job: JobObject, guard?: JobObject): OperationObjects {
  const { operation, kind, namespace, createdAt } = request
  const releases = request.target.releases.map((release) => release.name)
  const record = newRecord({
    operation,
    kind,
    namespace,
    releases: [...new Set(releases)],
    createdAt,
    plugin: programVersion,
  })
  return {
    operation,
    request: partConfigMap(request, 'request', request),
    record: partConfigMap(request, 'record', record),
    job,
    guard,
  }
}
