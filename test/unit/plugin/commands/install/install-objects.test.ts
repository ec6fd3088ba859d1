import t from 'tap'
import { parseAllDocuments } from 'yaml'
import { rightsToFind, rightsToRun } from '../../../../../job/kubernetes/elsewhere/kubernetes-pods.ts'
import {
  admissionPolicy,
  installationObjects,
  objectsElsewhere,
  repointObjects,
} from '../../../../../plugin/commands/install/objects.ts'
import { readRepointSecrets } from '../../../../../plugin/commands/install/repoint-secrets.ts'
import { failureOf } from '../../../job/failure-of.ts'
import { collectionPath, objectText } from '../../../../../plugin/kubernetes/api/objects.ts'

t.test('account, role and binding have one name, in one namespace, and belong together', async (t) => {
  const [account, role, binding] = installationObjects('backup', 'led', { 'eks.amazonaws.com/role-arn': 'arn' })
  t.match(account, {
    kind: 'ServiceAccount',
    metadata: { name: 'backup', namespace: 'led', annotations: { 'eks.amazonaws.com/role-arn': 'arn' } },
  })
  t.match(role, { kind: 'Role', metadata: { name: 'backup' } })
  t.match(binding, { roleRef: { name: 'backup' }, subjects: [{ name: 'backup', namespace: 'led' }] })
})

t.test('an annotation that looks like a truth value stays text for a YAML 1.1 reader', async (t) => {
  const [account] = installationObjects('backup', 'led', { a: 'on', b: '0440', c: 'yes' })
  if (account === undefined) throw new Error('no account')
  const [read] = parseAllDocuments(objectText(account, 'yaml'), { version: '1.1' })
  t.match(read && 'toJS' in read ? read.toJS() : undefined, {
    metadata: { annotations: { a: 'on', b: '0440', c: 'yes' } },
  })
})

t.test('the role gives no right to read Secrets, to run pods or to reach beyond its namespace', async (t) => {
  const text = installationObjects('backup', 'led', {})
    .map((object) => objectText(object, 'json'))
    .join('')
  t.notMatch(text, /secrets|Cluster|pods\/exec|"\*"/)
})

t.test('with --release the Role names what has a name before an operation begins, and loses no verb', async (t) => {
  const rulesOf = (...of: Parameters<typeof installationObjects>) => {
    const role = installationObjects(...of).find((object) => object.kind === 'Role')
    return role?.rules ?? []
  }
  const whole = rulesOf('backup', 'led', {})
  const narrow = rulesOf('backup', 'led', {}, { releases: ['my'], deployments: ['my-ledger', 'my-envoy'] })
  t.strictSame(
    narrow.filter(({ resourceNames }) => resourceNames !== undefined),
    [
      { apiGroups: ['apps'], resources: ['deployments'], verbs: ['get'], resourceNames: ['my-ledger', 'my-envoy'] },
      {
        apiGroups: ['apps'],
        resources: ['deployments/scale'],
        verbs: ['patch'],
        resourceNames: ['my-ledger', 'my-envoy'],
      },
      {
        apiGroups: ['coordination.k8s.io'],
        resources: ['leases'],
        verbs: ['get', 'update', 'delete'],
        resourceNames: ['scalardl-my'],
      },
    ],
  )
  const verbs = (rules: typeof whole) =>
    rules.flatMap((rule) => rule.verbs.map((verb) => `${verb} ${rule.resources?.join()}`)).sort()
  t.strictSame(verbs(narrow), verbs(whole))
  for (const { verbs: of, resourceNames } of narrow)
    if (resourceNames !== undefined)
      t.notOk(
        of.some((verb) => ['create', 'list', 'watch'].includes(verb)),
        'such a request has no name, and would be refused',
      )
})

for (const [manifest, rights] of [
  ['install/exec-role', rightsToRun],
  ['install/pods-role', rightsToFind],
] as const)
  t.test(`what ${manifest} allows is made in another namespace alone, for one ServiceAccount`, async (t) => {
    const [role, binding, ...others] = objectsElsewhere('backup', 'led', 'db', manifest)
    t.strictSame(others, [])
    t.match(role, { kind: 'Role', metadata: { name: 'backup.led', namespace: 'db' } })
    t.match(binding, {
      kind: 'RoleBinding',
      metadata: { name: 'backup.led', namespace: 'db' },
      roleRef: { kind: 'Role', name: 'backup.led' },
      subjects: [{ kind: 'ServiceAccount', name: 'backup', namespace: 'led' }],
    })
    const rules = role?.kind === 'Role' ? (role.rules ?? []) : []
    const granted = rules.flatMap(({ resources = [], verbs }) => verbs.map((verb) => `${verb} ${resources.join()}`))
    const needed = rights.flatMap(({ resource, subresource, verbs }) =>
      verbs.map((verb) => `${verb} ${[resource, subresource].filter((part) => part !== undefined).join('/')}`),
    )
    t.strictSame(granted.sort(), needed.sort(), 'no more than what is asked for')
  })

t.test('a Secret in another namespace: one rule more, to get that one and no other', async (t) => {
  const rulesOf = (secrets: readonly string[]) => {
    const [role] = objectsElsewhere('backup', 'led', 'db', 'install/pods-role', secrets)
    return role?.kind === 'Role' ? (role.rules ?? []) : []
  }
  t.strictSame(rulesOf(['mgmt']), [
    ...rulesOf([]),
    { apiGroups: [''], resources: ['secrets'], resourceNames: ['mgmt'], verbs: ['get'] },
  ])
})

t.test('--repoint-secret: get and patch on that Secret and on ours beside it, and on no other', async (t) => {
  const objects = repointObjects('backup', 'led', ['account', 'other'])
  t.strictSame(
    objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`),
    [
      'Secret scalardl-former.account',
      'Secret scalardl-former.other',
      'Role backup.repoint',
      'RoleBinding backup.repoint',
    ],
  )
  const role = objects.find((object) => object.kind === 'Role')
  t.strictSame(role?.rules, [
    {
      apiGroups: [''],
      resources: ['secrets'],
      resourceNames: ['account', 'scalardl-former.account', 'other', 'scalardl-former.other'],
      verbs: ['get', 'patch'],
    },
  ])
  t.match(
    objects.find((object) => object.kind === 'RoleBinding'),
    { roleRef: { name: 'backup.repoint' }, subjects: [{ kind: 'ServiceAccount', name: 'backup', namespace: 'led' }] },
  )
  const former = objects.find((object) => object.kind === 'Secret')
  t.strictSame(
    Object.keys(former ?? {}).sort(),
    ['apiVersion', 'kind', 'metadata', 'type'],
    'an apply takes nothing away',
  )
})

t.test('--repoint-secret names Secrets of releases, and none of ours', async (t) => {
  t.strictSame(readRepointSecrets({ repointSecret: ['b', 'a', 'b'] }), ['a', 'b'])
  t.strictSame(readRepointSecrets({}), [])
  for (const name of ['*', 'A', '', 'a'.repeat(250), 'scalardl-backup-a.key', 'kubectl-scalardl-signing-key'])
    t.match(await failureOf(() => readRepointSecrets({ repointSecret: [name] })), { exitCode: 2 })
})

t.test('the admission policy is of one ServiceAccount, and lies in no namespace', async (t) => {
  const [policy, binding] = admissionPolicy('backup', 'led')
  if (policy === undefined || binding === undefined) throw new Error('no policy')
  t.match(policy, {
    metadata: { name: 'backup.led' },
    spec: {
      failurePolicy: 'Fail',
      matchConditions: [{ expression: 'request.userInfo.username == "system:serviceaccount:led:backup"' }],
    },
  })
  t.match(binding, { metadata: { name: 'backup.led' }, spec: { policyName: 'backup.led' } })
  t.notMatch(objectText(policy, 'json') + objectText(binding, 'json'), /NAMESPACE/)
  t.equal(
    collectionPath(policy, 'led'),
    '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies',
    'not below a namespace',
  )
})
