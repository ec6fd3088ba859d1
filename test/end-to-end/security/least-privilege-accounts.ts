import type { V1PolicyRule } from '@kubernetes/client-node'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parse } from 'yaml'
import * as z from 'zod'
import type { Api } from '../../../job/kubernetes/api.ts'
import type { Stage } from '../stage/stage.ts'
import { adminClients, apiWith } from '../worker/namespace.ts'

const roleSchema = z.looseObject({
  rules: z.array(
    z.strictObject({ apiGroups: z.array(z.string()), resources: z.array(z.string()), verbs: z.array(z.string()) }),
  ),
})
type Rules = z.infer<typeof roleSchema>['rules']

/** The rules of manifests/install/role.yaml, which `install` gives the worker. */
export function roleRules(): Rules {
  return roleSchema.parse(
    parse(readFileSync(resolve(import.meta.dirname, '../../../manifests/install/role.yaml'), 'utf8')),
  ).rules
}

/** One right, as the API server names it: `watch` of `pods`. */
export interface Right {
  verb: string
  resource: string
}

/** Every right of these rules. */
export function rightsOf(rules: Rules): Right[] {
  return rules.flatMap(({ resources, verbs }) =>
    resources.flatMap((resource) => verbs.map((verb) => ({ verb, resource }))),
  )
}

/** The rules with one right taken out. */
export function without({ verb, resource }: Right, rules: Rules): Rules {
  const reduced = rules.map((rule) =>
    rule.resources.includes(resource) ? { ...rule, verbs: rule.verbs.filter((one) => one !== verb) } : rule,
  )
  return reduced.filter(({ verbs }) => verbs.length > 0)
}

/**
 * Makes a ServiceAccount for each set of rules, with nothing but these. @returns the API as each of them may use it, by
 * name
 */
export async function openAccounts(
  stage: Stage,
  accounts: ReadonlyMap<string, readonly V1PolicyRule[]>,
): Promise<Map<string, Api>> {
  const rbac = 'rbac.authorization.k8s.io'
  await stage.apply(
    [...accounts].flatMap(([name, rules]) => [
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name } },
      { apiVersion: `${rbac}/v1`, kind: 'Role', metadata: { name }, rules },
      {
        apiVersion: `${rbac}/v1`,
        kind: 'RoleBinding',
        metadata: { name },
        roleRef: { apiGroup: rbac, kind: 'Role', name },
        subjects: [{ kind: 'ServiceAccount', name }],
      },
    ]),
  )
  const { core } = adminClients()
  const opened = [...accounts.keys()].map(async (name): Promise<[string, Api]> => {
    const body = { spec: { audiences: [], expirationSeconds: 600 } }
    const { status } = await core.createNamespacedServiceAccountToken({ name, namespace: stage.namespace, body })
    return [name, apiWith(status?.token ?? '')]
  })
  return new Map(await Promise.all(opened))
}
