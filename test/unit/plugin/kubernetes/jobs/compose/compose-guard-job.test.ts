import t from 'tap'
import { requestHashVariable, requestSchema, type OperationRequest } from '../../../../../../operation/request.ts'
import { composeGuardJob, hasGuard } from '../../../../../../plugin/kubernetes/jobs/compose/compose-guard-job.ts'
import { composeJob } from '../../../../../../plugin/kubernetes/jobs/compose/compose-job.ts'
import type { JobOptions } from '../../../../../../plugin/kubernetes/jobs/compose/complete-job.ts'
import { referencesOf } from '../../../../../../plugin/kubernetes/jobs/compose/property-references.ts'
import { releasePart } from '../../../../../../plugin/kubernetes/jobs/compose/release-part.ts'
import { chartProperties, chartRelease } from './chart-deployment.ts'
import { jobOptions } from './job-options.ts'
import { isRestricted } from './restricted.ts'

const part = releasePart(chartRelease(), 0, 'my-ledger', referencesOf(chartProperties))
const extra = { location: 'pvc://backups/ledger', databaseSecret: 'admin', tlsCaSecret: 'ca' }

function request(guard = true): OperationRequest {
  return requestSchema.parse({
    version: 1,
    kind: 'pause',
    operation: 'pause-p',
    namespace: 'led',
    createdAt: '2026-11-21T09:30:00.000Z',
    createdBy: '0.1.0',
    target: { releases: [part.target], serviceUrls: [], addresses: [], tls: { enabled: true, caFile: 'ca.crt' } },
    pause: { drainMs: 30_000, maxPauseMs: 60_000, guard },
  })
}

function compose(more: Partial<JobOptions> = {}) {
  const options = { ...jobOptions, ...more }
  const guard = composeGuardJob(request(), [part], extra, options)
  const worker = composeJob(request(), [part], extra, options)
  return { guard, worker, pod: guard.spec?.template.spec, workerPod: worker.spec?.template.spec }
}

t.test('worker and guard are told apart by their role, and belong together by their operation', async (t) => {
  const { guard, worker } = compose()
  t.equal(guard.metadata.name, 'guard-pause-p')
  for (const [job, role] of [
    [guard, 'guard'],
    [worker, 'worker'],
  ] as const) {
    for (const labels of [job.metadata.labels, job.spec?.template.metadata?.labels]) {
      t.equal(labels?.['kubectl-scalardl.dev/role'], role)
      t.equal(labels?.['kubectl-scalardl.dev/operation'], 'pause-p')
    }
  }
})

t.test('the guard runs as whom the worker may, and from the same image, on nodes of its own choice', async (t) => {
  const { pod, workerPod, guard } = compose({
    image: 'own@sha256:0',
    imagePullPolicy: 'Never',
    imagePullSecrets: ['registry'],
    serviceAccount: 'other',
    nodeSelector: { disk: 'ssd' },
    guardNodeSelector: { zone: 'b' },
    patch: { spec: { template: { spec: { nodeName: 'one', nodeSelector: { disk: 'hdd' }, affinity: {} } } } },
    tolerations: [{ key: 'dedicated', operator: 'Exists' }],
    ttlSeconds: 90,
  })
  t.equal(pod?.containers[0]?.image, 'own@sha256:0')
  t.equal(guard.spec?.ttlSecondsAfterFinished, 90)
  for (const same of ['imagePullSecrets', 'serviceAccountName'] as const) t.strictSame(pod?.[same], workerPod?.[same])
  t.strictSame(workerPod?.nodeSelector, { disk: 'hdd' })
  t.strictSame(pod?.nodeSelector, { zone: 'b' }, 'bound to the node of the worker it would die with it')
  t.equal(pod?.nodeName, undefined)
  t.ok(pod?.affinity?.podAntiAffinity)
  t.equal(compose({ nodeSelector: { disk: 'ssd' } }).pod?.nodeSelector, undefined)
  t.strictSame(workerPod?.tolerations, [{ key: 'dedicated', operator: 'Exists' }])
  t.strictSame(pod?.tolerations?.at(-1), workerPod?.tolerations?.[0])
  t.equal(pod?.containers[0]?.imagePullPolicy, 'Never')
})

t.test('the guard has the request and the CA, and nothing of databases and storage', async (t) => {
  const { pod } = compose()
  t.same(
    pod?.volumes?.map((volume) => volume.name),
    ['request', 'token', 'tls-ca', 'operation-key'],
  )
  t.equal(pod?.volumes?.[0]?.configMap?.name, 'scalardl-pause-p.request')
  t.same(
    pod?.containers[0]?.volumeMounts?.map((mount) => mount.name),
    ['request', 'token', 'tls-ca', 'operation-key'],
  )
  t.strictSame(
    pod?.containers[0]?.env?.map(({ name }) => name),
    [requestHashVariable],
  )
})

t.test('a guard whose node is lost is replaced within seconds of that', async (t) => {
  const { pod } = compose()
  for (const lost of ['unreachable', 'not-ready']) {
    t.match(
      pod?.tolerations?.find(({ key }) => key === `node.kubernetes.io/${lost}`),
      { effect: 'NoExecute', tolerationSeconds: 5 },
    )
  }
})

t.test("the guard prefers another node than its own operation's worker", async (t) => {
  const [term] = compose().pod?.affinity?.podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
  t.equal(term?.podAffinityTerm.topologyKey, 'kubernetes.io/hostname')
  t.match(term?.podAffinityTerm.labelSelector?.matchLabels, {
    'kubectl-scalardl.dev/operation': 'pause-p',
    'kubectl-scalardl.dev/role': 'worker',
  })
})

t.test(
  "a patch brings the guard labels that a policy demands, but neither the worker's containers nor its limits on tries",
  async (t) => {
    const { guard, worker } = compose({
      patch: {
        metadata: { labels: { team: 'a' } },
        spec: {
          backoffLimit: 0,
          podFailurePolicy: { rules: [] },
          template: {
            metadata: { labels: { team: 'a' } },
            spec: { priorityClassName: 'high', containers: [{ name: 'x', image: 'x' }] },
          },
        },
      },
    })
    t.equal(worker.spec?.backoffLimit, 0)
    t.equal(guard.spec?.backoffLimit, 20)
    t.equal(guard.spec?.podFailurePolicy, undefined)
    t.equal(guard.metadata.labels?.['team'], 'a')
    t.equal(guard.spec?.template.metadata?.labels?.['team'], 'a')
    t.equal(guard.spec?.template.spec?.priorityClassName, 'high')
    t.equal(guard.spec?.template.spec?.containers[0]?.name, 'guard')
  },
)

t.test('the guard is restricted as Pod Security asks, and its token short-lived', async (t) => {
  const { pod } = compose()
  isRestricted(t, pod)
  t.equal(
    pod?.volumes?.find((volume) => volume.name === 'token')?.projected?.sources?.[0]?.serviceAccountToken
      ?.expirationSeconds,
    3600,
  )
})

t.test('only what pauses, and was not told otherwise, has a guard', async (t) => {
  t.ok(hasGuard(request()))
  t.notOk(hasGuard(request(false)))
  const { pause: _, ...rest } = request() as Extract<OperationRequest, { kind: 'pause' }>
  t.notOk(hasGuard({ ...rest, kind: 'unpause', force: false }))
})

t.test("both resolve the cluster's names where a patch puts them on the host's network", async (t) => {
  const onHost = (spec: Record<string, unknown>) => compose({ patch: { spec: { template: { spec } } } })
  const { pod, workerPod } = onHost({ hostNetwork: true })
  for (const one of [pod, workerPod]) t.match(one, { hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' })
  t.equal(
    onHost({ hostNetwork: true, dnsPolicy: 'Default' }).workerPod?.dnsPolicy,
    'Default',
    'what a patch says stays',
  )
  t.equal(compose().pod?.dnsPolicy, undefined)
})
