import type { V1PolicyRule } from '@kubernetes/client-node'
import { formerSecretName, leaseName } from '../../../operation/names.ts'
import { readManifest } from '../../kubernetes/manifests.ts'
import type { OwnObject } from '../../kubernetes/api/objects.ts'

type OfKind<Kind extends OwnObject['kind']> = Extract<OwnObject, { kind: Kind }>

/** What a Role is narrowed to: releases, and the Deployments that run them. */
export interface NamedReleases {
  releases: readonly string[]
  deployments: readonly string[]
}

/**
 * The objects of an installation in the order in which they are applied, all of one name.
 * @param of releases that the Role names; without them it is for every release of the namespace
 */
export function installationObjects(
  name: string,
  namespace: string,
  annotations: Record<string, string>,
  of?: NamedReleases,
): OwnObject[] {
  const account = readManifest<OfKind<'ServiceAccount'>>('install/service-account')
  const role = readManifest<OfKind<'Role'>>('install/role')
  const binding = readManifest<OfKind<'RoleBinding'>>('install/role-binding')
  const named = { name, namespace }
  return [
    {
      ...account,
      metadata: { ...account.metadata, ...named, ...(Object.keys(annotations).length > 0 ? { annotations } : {}) },
    },
    { ...role, metadata: { ...role.metadata, ...named }, rules: narrowed(role.rules ?? [], of) },
    {
      ...binding,
      metadata: { ...binding.metadata, ...named },
      roleRef: { ...binding.roleRef, name },
      subjects: (binding.subjects ?? []).map((subject) => ({ ...subject, ...named })),
    },
  ]
}

/** Verbs of requests that have no name of an object, so that no Role can ask for one. */
const nameless = ['create', 'list', 'watch']

/**
 * Rules that name the objects where a name is known before an operation begins: Deployments, their scale and the Leases
 * of releases. ConfigMaps of operations have names of their own making.
 */
function narrowed(rules: readonly V1PolicyRule[], of: NamedReleases | undefined): V1PolicyRule[] {
  if (of === undefined) return [...rules]
  const names: Record<string, readonly string[]> = {
    deployments: of.deployments,
    'deployments/scale': of.deployments,
    leases: of.releases.map(leaseName),
  }
  return rules.flatMap((rule) => {
    const resourceNames = rule.resources?.flatMap((resource) => names[resource] ?? []) ?? []
    if (resourceNames.length === 0) return [rule]
    const verbs = (named: boolean) => rule.verbs.filter((verb) => nameless.includes(verb) !== named)
    return [
      { ...rule, verbs: verbs(false) },
      { ...rule, verbs: verbs(true), resourceNames },
    ].filter(({ verbs: left }) => left.length > 0)
  })
}

/**
 * What lets the worker of one namespace find the pods of another, or run commands in them: a Role and its binding
 * there, named after the namespace that they are for, since several may share a database.
 * @param name of the worker's ServiceAccount
 * @param at the database's namespace
 * @param secrets there that the worker may read
 */
export function objectsElsewhere(
  name: string,
  namespace: string,
  at: string,
  roleOf: 'install/exec-role' | 'install/pods-role',
  secrets: readonly string[] = [],
): OwnObject[] {
  const role = readManifest<OfKind<'Role'>>(roleOf)
  const binding = readManifest<OfKind<'RoleBinding'>>('install/role-binding')
  const named = { name: `${name}.${namespace}`, namespace: at }
  return [
    {
      ...role,
      metadata: { ...role.metadata, ...named },
      rules: [
        ...(role.rules ?? []),
        ...(secrets.length === 0
          ? []
          : [{ apiGroups: [''], resources: ['secrets'], resourceNames: [...secrets], verbs: ['get'] }]),
      ],
    },
    {
      ...binding,
      metadata: { ...binding.metadata, ...named },
      roleRef: { ...binding.roleRef, name: named.name },
      subjects: (binding.subjects ?? []).map((subject) => ({ ...subject, name, namespace })),
    },
  ]
}

/**
 * What lets the worker point a release to restored data by Secrets: a Role that names them, its binding, and beside
 * each of them ours for what it said before.
 * @param name of the worker's ServiceAccount
 */
export function repointObjects(name: string, namespace: string, secrets: readonly string[]): OwnObject[] {
  const role = readManifest<OfKind<'Role'>>('install/repoint-role')
  const binding = readManifest<OfKind<'RoleBinding'>>('install/role-binding')
  const former = readManifest<OfKind<'Secret'>>('install/former-secret')
  const named = { name: `${name}.repoint`, namespace }
  const resourceNames = secrets.flatMap((secret) => [secret, formerSecretName(secret)])
  return [
    ...secrets.map((secret) => ({
      ...former,
      metadata: { ...former.metadata, name: formerSecretName(secret), namespace },
    })),
    {
      ...role,
      metadata: { ...role.metadata, ...named },
      rules: (role.rules ?? []).map((rule) => ({ ...rule, resourceNames })),
    },
    {
      ...binding,
      metadata: { ...binding.metadata, ...named },
      roleRef: { ...binding.roleRef, name: named.name },
      subjects: (binding.subjects ?? []).map((subject) => ({ ...subject, name, namespace })),
    },
  ]
}

/**
 * What `--admission-policy` adds for one ServiceAccount of one namespace. Both are objects of the cluster, so the
 * namespace is in their name.
 */
export function admissionPolicy(serviceAccount: string, namespace: string): OwnObject[] {
  const name = `${serviceAccount}.${namespace}`
  const policy = readManifest<OfKind<'ValidatingAdmissionPolicy'>>('install/admission-policy')
  const binding = readManifest<OfKind<'ValidatingAdmissionPolicyBinding'>>('install/admission-policy-binding')
  const expression = `request.userInfo.username == "system:serviceaccount:${namespace}:${serviceAccount}"`
  const matchConditions = (policy.spec?.matchConditions ?? []).map((condition) => ({ ...condition, expression }))
  return [
    { ...policy, metadata: { ...policy.metadata, name }, spec: { ...policy.spec, matchConditions } },
    { ...binding, metadata: { ...binding.metadata, name }, spec: { ...binding.spec, policyName: name } },
  ]
}

/** What `--network-policy` adds, for the whole namespace; its names are no ServiceAccount's. */
export function networkPolicies(namespace: string): OwnObject[] {
  return (['jobs', 'ledger', 'auditor'] as const).map((of) => {
    const policy = readManifest<OfKind<'NetworkPolicy'>>(`install/network-policy-${of}`)
    return { ...policy, metadata: { ...policy.metadata, namespace } }
  })
}
