import { readManifest } from '../../kubernetes/manifests.ts'
import type { OwnObject } from '../../kubernetes/api/objects.ts'

type OfKind<Kind extends OwnObject['kind']> = Extract<OwnObject, { kind: Kind }>

/** The objects of an installation in the order in which they are applied, all of one name. */
export function installationObjects(name: string, namespace: string, annotations: Record<string, string>): OwnObject[] {
  const account = readManifest<OfKind<'ServiceAccount'>>('install/service-account')
  const role = readManifest<OfKind<'Role'>>('install/role')
  const binding = readManifest<OfKind<'RoleBinding'>>('install/role-binding')
  const named = { name, namespace }
  return [
    {
      ...account,
      metadata: { ...account.metadata, ...named, ...(Object.keys(annotations).length > 0 ? { annotations } : {}) },
    },
    { ...role, metadata: { ...role.metadata, ...named } },
    {
      ...binding,
      metadata: { ...binding.metadata, ...named },
      roleRef: { ...binding.roleRef, name },
      subjects: (binding.subjects ?? []).map((subject) => ({ ...subject, ...named })),
    },
  ]
}

/** What `--network-policy` adds, for the whole namespace; its names are no ServiceAccount's. */
export function networkPolicies(namespace: string): OwnObject[] {
  return (['jobs', 'ledger', 'auditor'] as const).map((of) => {
    const policy = readManifest<OfKind<'NetworkPolicy'>>(`install/network-policy-${of}`)
    return { ...policy, metadata: { ...policy.metadata, namespace } }
  })
}
