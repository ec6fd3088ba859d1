import type {
  V1ConfigMap,
  V1Job,
  V1NetworkPolicy,
  V1Role,
  V1RoleBinding,
  V1Secret,
  V1ServiceAccount,
  V1ValidatingAdmissionPolicy,
  V1ValidatingAdmissionPolicyBinding,
} from '@kubernetes/client-node'
import { stringify } from 'yaml'

type Typed<Kind extends string, Version extends string, Body> = Body & {
  apiVersion: Version
  kind: Kind
  metadata: { name: string }
}

/** The objects that this plugin makes. */
export type OwnObject =
  | Typed<'ConfigMap', 'v1', V1ConfigMap>
  | Typed<'Secret', 'v1', V1Secret>
  | Typed<'ServiceAccount', 'v1', V1ServiceAccount>
  | Typed<'Job', 'batch/v1', V1Job>
  | Typed<'Role', 'rbac.authorization.k8s.io/v1', V1Role>
  | Typed<'RoleBinding', 'rbac.authorization.k8s.io/v1', V1RoleBinding>
  | Typed<'NetworkPolicy', 'networking.k8s.io/v1', V1NetworkPolicy>
  | Typed<'ValidatingAdmissionPolicy', 'admissionregistration.k8s.io/v1', V1ValidatingAdmissionPolicy>
  | Typed<'ValidatingAdmissionPolicyBinding', 'admissionregistration.k8s.io/v1', V1ValidatingAdmissionPolicyBinding>

export type ConfigMapObject = Extract<OwnObject, { kind: 'ConfigMap' }>
export type SecretObject = Extract<OwnObject, { kind: 'Secret' }>
export type JobObject = Extract<OwnObject, { kind: 'Job' }>

const plurals: Record<OwnObject['kind'], string> = {
  ConfigMap: 'configmaps',
  Secret: 'secrets',
  ServiceAccount: 'serviceaccounts',
  Job: 'jobs',
  Role: 'roles',
  RoleBinding: 'rolebindings',
  NetworkPolicy: 'networkpolicies',
  ValidatingAdmissionPolicy: 'validatingadmissionpolicies',
  ValidatingAdmissionPolicyBinding: 'validatingadmissionpolicybindings',
}

/** Those that lie in no namespace. */
const ofTheCluster: readonly OwnObject['kind'][] = ['ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding']

/** Path of the collection that an object belongs to, on the API server. */
export function collectionPath(object: Pick<OwnObject, 'apiVersion' | 'kind'>, namespace: string): string {
  const group = object.apiVersion.includes('/') ? `/apis/${object.apiVersion}` : `/api/${object.apiVersion}`
  const place = ofTheCluster.includes(object.kind) ? '' : `/namespaces/${namespace}`
  return `${group}${place}/${plurals[object.kind]}`
}

/** `job.batch/NAME`, as kubectl calls an object. */
export function objectTitle(object: OwnObject): string {
  const group = object.apiVersion.includes('/') ? `.${object.apiVersion.split('/')[0]}` : ''
  return `${object.kind.toLowerCase()}${group}/${object.metadata.name}`
}

/**
 * An object as text: what is sent to the API server and what --dry-run prints, byte for byte.
 * YAML is written so that a YAML 1.1 reader, which the API server is, reads the same (`"on"`, `"0440"`).
 */
export function objectText(object: OwnObject, format: 'json' | 'yaml'): string {
  return format === 'json'
    ? `${JSON.stringify(object, undefined, 2)}\n`
    : stringify(object, { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false })
}
