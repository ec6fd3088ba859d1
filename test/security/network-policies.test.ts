import type { V1LabelSelector, V1NetworkPolicy } from '@kubernetes/client-node'
import t from 'tap'
import { guardPort, labels, managedBy } from '../../operation/names.ts'
import type { OperationRequest, RequestOf } from '../../operation/request.ts'
import { products } from '../../operation/product.ts'
import { networkPolicies } from '../../plugin/commands/install/objects.ts'
import { composeJob } from '../../plugin/kubernetes/jobs/compose/compose-job.ts'
import { jobOptions } from '../unit/plugin/kubernetes/jobs/compose/job-options.ts'

type Labels = Readonly<Record<string, string>>

/** Whether a selector means a pod (Kubernetes documentation, "Labels and Selectors"). */
function selects(selector: V1LabelSelector | undefined, pod: Labels): boolean {
  const exact = Object.entries(selector?.matchLabels ?? {}).every(([key, value]) => pod[key] === value)
  const sets = (selector?.matchExpressions ?? []).every(
    ({ key, operator, values }) => operator === 'In' && values?.includes(pod[key] ?? '') === true,
  )
  return exact && sets
}

const policies = networkPolicies('ns').filter((object): object is typeof object & V1NetworkPolicy => 'spec' in object)

/**
 * Whether a connection within the namespace is let in: by any rule of any policy that means the pod, or where none does
 * (Kubernetes documentation, "Network Policies").
 */
function letsIn(from: Labels, to: Labels, port: number, protocol = 'TCP'): boolean {
  const mine = policies.filter(({ spec }) => selects(spec?.podSelector, to))
  if (mine.length === 0) return true
  return mine.some(({ spec }) =>
    (spec?.ingress ?? []).some((rule) => {
      const peers = sources(rule)
      const fromHere = peers === undefined || peers.some((one) => selects(one, from))
      const there = (rule.ports ?? []).some(
        (open) =>
          (open.protocol ?? 'TCP') === protocol &&
          (open.port === undefined || (port >= Number(open.port) && port <= (open.endPort ?? Number(open.port)))),
      )
      return fromHere && there
    }),
  )
}

/** The manifest says `from`, which the client calls `_from`. */
function sources(rule: object): (V1LabelSelector | undefined)[] | undefined {
  const peers = Reflect.get(rule, 'from') as { podSelector?: V1LabelSelector }[] | undefined
  return peers?.map(({ podSelector }) => podSelector)
}

const ours = (role: string) => ({ [labels.managedBy]: managedBy, [labels.role]: role, [labels.operation]: 'pause-p' })
const worker = ours('worker')
const guard = ours('guard')
const stranger = { app: 'web', [labels.role]: 'guard' }

t.test('only a guard reaches the worker, and on its port alone; nobody reaches a guard', (t) => {
  t.ok(letsIn(guard, worker, guardPort))
  t.notOk(letsIn(guard, worker, 22))
  t.notOk(letsIn(stranger, worker, guardPort))
  t.notOk(letsIn(worker, worker, guardPort))
  t.notOk(letsIn(worker, guard, guardPort))
  t.notOk(letsIn(guard, worker, guardPort, 'UDP'))
  t.end()
})

t.test('only worker and guard reach the admin ports of ScalarDL, and every other port is as open as before', (t) => {
  for (const app of ['ledger', 'auditor']) {
    const product = products.find((one) => one.app === app)
    const admin = product?.adminPort ?? 0
    const server = { 'app.kubernetes.io/app': app, 'app.kubernetes.io/instance': 'my' }
    t.ok(letsIn(worker, server, admin) && letsIn(guard, server, admin), app)
    t.notOk(letsIn(stranger, server, admin), app)
    for (const port of [1, admin - 1, admin + 1, 8080, 65535]) t.ok(letsIn(stranger, server, port), `${app} ${port}`)
    t.ok(letsIn(stranger, server, 53, 'UDP'))
  }
  t.ok(letsIn(stranger, { app: 'web' }, 80), 'no other pod is meant')
  t.ok(letsIn(stranger, { 'app.kubernetes.io/app': 'scalardb-cluster' }, 60053), 'its clients use the admin port')
  t.end()
})

t.test('a volume is mounted for writing only where something is written', (t) => {
  const common: Omit<RequestOf<'import'>, 'kind' | 'from'> = {
    version: 1,
    operation: 'x-y',
    namespace: 'ns',
    createdAt: '2026-11-21T00:00:00Z',
    createdBy: '1',
    target: { releases: [], serviceUrls: [], addresses: [], tls: { enabled: false } },
  }
  const requests: [OperationRequest, true | undefined][] = [
    [{ ...common, kind: 'import', from: 'pvc://b/a' }, true],
    [{ ...common, kind: 'delete', backup: 'backup-a', location: 'pvc://b/a' }, undefined],
  ]
  for (const [request, readOnly] of requests) {
    const { spec } = composeJob(request, [], { location: 'pvc://b/a' }, jobOptions)
    const mount = spec?.template.spec?.containers[0]?.volumeMounts?.find(({ name }) => name === 'storage')
    t.equal(mount?.readOnly, readOnly, request.kind)
  }
  t.end()
})
