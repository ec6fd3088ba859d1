import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { rights } from '../../../../job/kubernetes/rights.ts'

interface Role {
  rules: { apiGroups: string[]; resources: string[]; verbs: string[] }[]
}

t.test('what the preflight asks for is what `install` gives, no more and no less', async (t) => {
  const role = parse(
    readFileSync(resolve(import.meta.dirname, '../../../../manifests/install/role.yaml'), 'utf8'),
  ) as Role
  const given = role.rules.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) => verbs.map((verb) => `${verb} ${resource} of "${group}"`)),
    ),
  )
  const asked = rights.flatMap(({ group, resource, subresource, verbs }) =>
    verbs.map((verb) => `${verb} ${subresource === undefined ? resource : `${resource}/${subresource}`} of "${group}"`),
  )
  t.strictSame(asked.sort(), given.sort())
})
