import { annotations, configMapName, labels, operationLabels, partKey, type Part } from '../../../operation/names.ts'
import { newRecord } from '../../../operation/record.ts'
import type { OperationRequest } from '../../../operation/request.ts'
import { programVersion } from '../../../operation/version.ts'
import type { ConfigMapObject, JobObject } from '../objects.ts'

/** The objects of one operation, in the order in which they are made: the Job last, since it needs the others. */
export interface OperationObjects {
  operation: string
  request: ConfigMapObject
  record: ConfigMapObject
  job: JobObject
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
export function operationObjects(request: OperationRequest, job: JobObject): OperationObjects {
  const { operation, kind, namespace, createdAt } = request
  const releases = request.target.releases.map((release) => release.name)
  const record = newRecord({ operation, kind, namespace, releases: [...new Set(releases)], createdAt, plugin: programVersion })
  return { operation, request: partConfigMap(request, 'request', request), record: partConfigMap(request, 'record', record), job }
}
