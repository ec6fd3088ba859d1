import { randomBytes } from 'node:crypto'
import {
  annotations,
  configMapName,
  keySecretName,
  labels,
  operationLabels,
  partKey,
  type Part,
} from '../../../../operation/names.ts'
import { newRecord } from '../../../../operation/record.ts'
import { requestText, type OperationRequest } from '../../../../operation/request.ts'
import { programVersion } from '../../../../operation/version.ts'
import type { ConfigMapObject, JobObject, OwnObject, SecretObject } from '../../api/objects.ts'

/** The objects of one operation. */
export interface OperationObjects {
  operation: string
  request: ConfigMapObject
  record: ConfigMapObject
  /** what worker and guard know of each other; there where a guard is */
  key: SecretObject | undefined
  job: JobObject
  /** where somebody stands by to unpause */
  guard: JobObject | undefined
}

/**
 * In the order in which they are made, those of a step at once: the request first, which only one command can make, and
 * the worker's Job last, since the operation begins with it. What is made before it does nothing by itself.
 */
export function inSteps({ request, record, key, guard, job }: OperationObjects): OwnObject[][] {
  return [[request], [record, key, guard].filter((object) => object !== undefined), [job]]
}

export function inOrder(objects: OperationObjects): OwnObject[] {
  return inSteps(objects).flat()
}

/** The same without the key, which is nobody's to see once it is in use. */
export function shownObjects(objects: OperationObjects): OwnObject[] {
  return inOrder({ ...objects, key: undefined })
}

/** A new key, which only this operation ever has. The worker's Job gets to own it, so that it goes with it. */
function keySecret({ operation, kind, namespace }: OperationRequest): SecretObject {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: keySecretName(operation), namespace, labels: operationLabels(operation, kind) },
    type: 'Opaque',
    immutable: true,
    stringData: { key: randomBytes(32).toString('hex') },
  }
}

/** The ConfigMap that keeps one part of an operation. It outlives the Job, and so is owned by nothing. */
function partConfigMap(request: OperationRequest, part: Part, text: string): ConfigMapObject {
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
    data: { [partKey(part)]: text },
  }
}

/** Everything that an operation needs in the cluster. */
export function operationObjects(request: OperationRequest, job: JobObject, guard?: JobObject): OperationObjects {
  const { operation, kind, namespace, createdAt, requestedBy } = request
  const releases = request.target.releases.map((release) => release.name)
  const record = newRecord({
    operation,
    kind,
    namespace,
    releases: [...new Set(releases)],
    createdAt,
    plugin: programVersion,
    requestedBy,
  })
  return {
    operation,
    request: partConfigMap(request, 'request', requestText(request)),
    record: partConfigMap(request, 'record', `${JSON.stringify(record, undefined, 2)}\n`),
    key: guard === undefined ? undefined : keySecret(request),
    job,
    guard,
  }
}
