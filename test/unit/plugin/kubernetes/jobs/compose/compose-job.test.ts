import type { V1EnvVar } from '@kubernetes/client-node'
import t from 'tap'
import { requestHashVariable, requestSchema, type OperationRequest } from '../../../../../../operation/request.ts'
import type { JobOptions } from '../../../../../../plugin/kubernetes/jobs/compose/complete-job.ts'
import { composeGuardJob } from '../../../../../../plugin/kubernetes/jobs/compose/compose-guard-job.ts'
import { composeJob } from '../../../../../../plugin/kubernetes/jobs/compose/compose-job.ts'
import { extraMounts, recordsOf } from '../../../../../../plugin/kubernetes/jobs/compose/extra-mounts.ts'
import { allImages } from '../../../../../../plugin/kubernetes/jobs/compose/image.ts'
import { operationObjects } from '../../../../../../plugin/kubernetes/jobs/compose/operation-objects.ts'
import { referencesOf } from '../../../../../../plugin/kubernetes/jobs/compose/property-references.ts'
import {
  podsOnly,
  releasePart,
  type ReleasePart,
} from '../../../../../../plugin/kubernetes/jobs/compose/release-part.ts'
import { chartPodSpec, chartProperties, chartRelease } from './chart-deployment.ts'
import { refused } from '../../../refused.ts'
import { jobOptions } from './job-options.ts'
import { isRestricted } from './restricted.ts'

function request(parts: readonly ReleasePart[]): OperationRequest {
  return requestSchema.parse({
    version: 1,
    kind: 'backup',
    operation: 'backup-b',
    namespace: 'led',
    createdAt: '2026-11-21T09:30:00.000Z',
    createdBy: '0.1.0',
    target: { releases: parts.map((part) => part.target), serviceUrls: [], addresses: [], tls: { enabled: false } },
    pause: { drainMs: 30_000, maxPauseMs: 60_000, guard: true },
    pauseMode: 'auto',
    to: 'pvc://backups/ledger',
    schemas: [],
    retries: 0,
    parallel: 2,
  })
}

function compose(parts: readonly ReleasePart[], more: Partial<JobOptions> = {}, extra = {}) {
  const job = composeJob(request(parts), parts, extra, { ...jobOptions, ...more })
  const pod = job.spec?.template.spec
  const container = pod?.containers[0]
  return { job, pod, container }
}

t.test('the properties lie where the request says, mounted whole and not by subPath', async (t) => {
  const part = releasePart(chartRelease(), 0, 'my-ledger', referencesOf(chartProperties))
  const { pod, container } = compose([part])
  t.equal(part.target.properties?.file, '/scalardl/release/my-ledger/ledger.properties')
  const mount = container?.volumeMounts?.find((one) => one.mountPath === '/scalardl/release/my-ledger')
  t.equal(mount?.subPath, undefined)
  t.strictSame(pod?.volumes?.find((volume) => volume.name === mount?.name)?.configMap, {
    name: 'my-ledger-scalardl-ledger-properties',
  })
})

t.test(
  'Secrets of the database are referred to, never copied, and nothing else of the release comes along',
  async (t) => {
    const { container, pod } = compose([releasePart(chartRelease(), 0, 'my-ledger', referencesOf(chartProperties))])
    const env = container?.env?.filter(({ name }) => name !== requestHashVariable)
    t.strictSame(env, [
      { name: 'RELEASE_0_HELM_SCALAR_DB_CONTACT_POINTS', value: 'jdbc:postgresql://$(RELEASE_0_DB_HOST):5432/ledger' },
      { name: 'RELEASE_0_DB_HOST', value: 'db' },
      {
        name: 'RELEASE_0_HELM_SCALAR_DB_PASSWORD',
        valueFrom: { secretKeyRef: { name: 'my-ledger', key: 'db-password' } },
      },
    ])
    t.equal(container?.envFrom, undefined)
    t.notOk(
      pod?.volumes?.some((volume) => volume.secret?.secretName === 'ledger-keys'),
      "the Ledger's private key stays with the Ledger",
    )
  },
)

const fips = { name: 'AWS_USE_FIPS_ENDPOINT', value: 'true' }

t.test('the worker has what --env names beside what its releases need', async (t) => {
  const part = releasePart(chartRelease(), 0, 'my-ledger', referencesOf(chartProperties))
  const [plain, given] = [compose([part]), compose([part], { env: { [fips.name]: fips.value } })]
  const byName = (env: readonly V1EnvVar[] = []) => env.toSorted((one, other) => one.name.localeCompare(other.name))
  t.strictSame(byName(given.container?.env), byName([...(plain.container?.env ?? []), fips]), 'in whatever order')
})

t.test('a variable that only an envFrom can hold brings every envFrom, prefixed', async (t) => {
  const part = releasePart(chartRelease(), 1, 'my-ledger', referencesOf('scalar.db.password=${env:ELSEWHERE}'))
  t.strictSame(part.envFrom, [
    { secretRef: { name: 'more' }, prefix: 'RELEASE_1_' },
    { prefix: 'RELEASE_1_X_', configMapRef: { name: 'settings' } },
  ])
})

t.test("a certificate that the properties point to is mounted at the release's own path", async (t) => {
  const references = referencesOf(
    'scalar.db.contact_points=jdbc:postgresql://db/ledger?sslmode=verify-full&sslrootcert=/tls/database/ca.crt',
  )
  const { pod, container } = compose([releasePart(chartRelease(), 0, 'my-ledger', references)])
  const mount = container?.volumeMounts?.find((one) => one.mountPath === '/tls/database')
  t.equal(pod?.volumes?.find((volume) => volume.name === mount?.name)?.secret?.secretName, 'database-ca')
})

t.test('properties that cannot be read bring every variable and every file', async (t) => {
  const part = releasePart(chartRelease(), 0, 'my-ledger', undefined)
  t.same(
    part.env.map((variable) => variable.name),
    [
      'RELEASE_0_HELM_SCALAR_DB_CONTACT_POINTS',
      'RELEASE_0_DB_HOST',
      'RELEASE_0_HELM_SCALAR_DB_PASSWORD',
      'RELEASE_0_SCALAR_DL_LEDGER_LOG_LEVEL',
    ],
  )
  t.same(
    part.mounts.map((mount) => mount.mountPath),
    ['/scalardl/release/my-ledger', '/keys', '/tls/database'],
  )
})

t.test('a whole folder mounted from a Secret is found as well', async (t) => {
  const spec = chartPodSpec()
  const [container] = spec.containers
  if (container === undefined) throw new Error('no container')
  container.volumeMounts = [{ name: 'all', mountPath: '/scalar' }]
  spec.volumes = [
    { name: 'all', secret: { secretName: 'properties', items: [{ key: 'p', path: 'ledger/ledger.properties' }] } },
  ]
  const part = releasePart(chartRelease(spec), 0, 'my-ledger', undefined)
  t.equal(part.target.properties?.file, '/scalardl/release/my-ledger/ledger/ledger.properties')
})

t.test('a release without its properties is refused, naming the file', async (t) => {
  const spec = chartPodSpec()
  spec.volumes = []
  t.match(
    refused(() => releasePart(chartRelease(spec), 0, 'my-ledger', undefined)),
    { why: /ledger\.properties/ },
  )
})

t.test('Ledger and Auditor share a Job without sharing variables', async (t) => {
  const ledger = releasePart(chartRelease(), 0, 'my-ledger', referencesOf(chartProperties))
  const spec = chartPodSpec()
  const mount = spec.containers[0]?.volumeMounts?.[1]
  if (mount !== undefined)
    Object.assign(mount, { mountPath: '/scalar/auditor/auditor.properties', subPath: 'auditor.properties' })
  const auditor = releasePart(
    chartRelease(spec, 'my-auditor', 'auditor'),
    1,
    'my-auditor',
    referencesOf(chartProperties),
  )
  const { container, pod } = compose([ledger, auditor])
  const names = container?.env?.map((variable) => variable.name) ?? []
  t.equal(new Set(names).size, names.length)
  t.equal(names.length, 7, 'the hash of the request is there as well')
  const volumes = pod?.volumes?.map((volume) => volume.name) ?? []
  t.equal(new Set(volumes).size, volumes.length)
})

t.test('two releases with different files at one path are refused', async (t) => {
  const part = (index: number) => releasePart(chartRelease(chartPodSpec(), `l${index}`), index, `l${index}`, undefined)
  t.match(
    refused(() => compose([part(0), part(1)])),
    { why: /at \/keys/ },
  )
})

t.test('the database tools come only where a database may need them', async (t) => {
  const jdbc = releasePart(chartRelease(), 0, 'l', referencesOf('scalar.db.storage=jdbc'))
  const cassandra = releasePart(chartRelease(), 0, 'l', referencesOf('scalar.db.storage=cassandra'))
  const hidden = releasePart(
    chartRelease(),
    0,
    'l',
    referencesOf('scalar.db.storage={{ default .Env.HELM_SCALAR_DB_STORAGE "" }}'),
  )
  t.match(compose([jdbc]).container?.image, /worker-sql:/)
  t.match(compose([cassandra]).container?.image, /worker:/)
  t.match(compose([hidden]).container?.image, /worker-sql:/)
  t.equal(compose([jdbc], { image: 'own@sha256:0' }).container?.image, 'own@sha256:0')
})

t.test('a mirror has the image that the plugin lists', async (t) => {
  const jdbc = releasePart(chartRelease(), 0, 'l', referencesOf('scalar.db.storage=jdbc'))
  const cassandra = releasePart(chartRelease(), 0, 'l', referencesOf('scalar.db.storage=cassandra'))
  for (const registryMirror of [undefined, 'registry.example.com:5000/ghcr', 'registry.example.com/']) {
    const used = [cassandra, jdbc].map((part) => compose([part], { registryMirror }).container?.image)
    t.strictSame(allImages(registryMirror), used)
    t.match(used[0], `${registryMirror?.replace(/\/$/, '') ?? 'ghcr.io'}/kubectl-scalardl/worker:`)
  }
})

t.test('flags reach the pod; the patch has the last word', async (t) => {
  const { job, pod, container } = compose(
    [podsOnly(chartRelease())],
    {
      imagePullPolicy: 'Never',
      imagePullSecrets: ['registry'],
      nodeSelector: { disk: 'ssd' },
      tolerations: [{ key: 'dedicated', operator: 'Exists' }],
      requests: { cpu: '1' },
      patch: { spec: { backoffLimit: 0, podFailurePolicy: null }, metadata: { labels: { team: 'a' } } },
    },
    { location: 'pvc://backups/ledger', databaseSecret: 'admin', tlsCaSecret: 'ca' },
  )
  t.equal(container?.imagePullPolicy, 'Never')
  t.strictSame(pod?.imagePullSecrets, [{ name: 'registry' }])
  t.strictSame(pod?.nodeSelector, { disk: 'ssd' })
  t.strictSame(container?.resources?.requests, { cpu: '1', memory: '256Mi' })
  t.equal(job.spec?.backoffLimit, 0)
  t.notOk('podFailurePolicy' in (job.spec ?? {}))
  t.equal(job.metadata.labels?.['team'], 'a')
  t.same(container?.volumeMounts?.map((mount) => mount.mountPath).slice(-5), [
    '/scalardl/storage',
    '/scalardl/database-secret',
    '/scalardl/tls-ca',
    '/scalardl/operation-key',
    '/scalardl/signing',
  ])
  t.equal(pod?.volumes?.find((volume) => volume.name === 'storage')?.persistentVolumeClaim?.claimName, 'backups')
})

t.test('who writes what others go by, or goes by it, is given the keys for that', (t) => {
  const its = (kind: OperationRequest['kind']) => {
    const { volumes } = extraMounts({ records: recordsOf[kind] })
    return volumes.map(({ secret }) => secret?.items?.map(({ key }) => key) ?? 'all')
  }
  for (const kind of ['restore', 'undo', 'drop', 'resume'] as const) t.strictSame(its(kind), ['all'], kind)
  t.strictSame(its('delete'), [['trusted-keys']])
  t.strictSame(its('doctor'), [])
  t.end()
})

t.test('the Secret of an object store is mounted under its name, and nothing for an identity of the pod', (t) => {
  const parts = [podsOnly(chartRelease())]
  const named = compose(parts, {}, { location: 's3://dumps/ledger?secret=keys' })
  t.match(named.pod?.volumes?.find(({ name }) => name === 'storage-secret')?.secret, { secretName: 'keys' })
  t.strictSame(
    named.container?.volumeMounts?.find(({ name }) => name === 'storage-secret'),
    {
      name: 'storage-secret',
      mountPath: '/scalardl/storage-secrets/keys',
      readOnly: true,
    },
  )
  t.notMatch(JSON.stringify(named.container?.env ?? []), /keys/)
  const own = compose(parts, {}, { location: 'azblob://account/dumps/ledger' })
  t.strictSame(own.pod?.volumes, compose(parts).pod?.volumes)
  t.end()
})

t.test('the objects of an operation are found by its name, and outlive the Job', async (t) => {
  const parts = [podsOnly(chartRelease())]
  const { request: configMap, record, job } = operationObjects(request(parts), compose(parts).job)
  t.equal(configMap.metadata.name, 'scalardl-backup-b.request')
  t.equal(configMap.immutable, true)
  t.equal(record.metadata.name, 'scalardl-backup-b.record')
  t.equal(record.metadata.ownerReferences, undefined)
  t.match(record.data?.['record.json'], /"state": "pending"/)
  t.equal(job.metadata.name, 'scalardl-backup-b')
  for (const object of [configMap, record, job])
    t.equal(object.metadata.labels?.['kubectl-scalardl.dev/operation'], 'backup-b')
  t.equal(job.spec?.template.metadata?.labels?.['kubectl-scalardl.dev/operation'], 'backup-b')
})

t.test('the worker is restricted as Pod Security asks', async (t) => {
  const { pod } = compose([podsOnly(chartRelease())])
  isRestricted(t, pod)
})

t.test('a backup is given recipients alone, and a restore the identity, each as one file of its Secret', async (t) => {
  const secretsOf = ({ pod, container }: ReturnType<typeof compose>) =>
    (container?.volumeMounts ?? []).flatMap(({ name, mountPath }) => {
      const { secret } = pod?.volumes?.find((volume) => volume.name === name) ?? {}
      return secret?.items === undefined ? [] : [[secret.secretName, secret.items.map(({ key }) => key), mountPath]]
    })
  t.strictSame(secretsOf(compose([], {}, { recipientSecrets: ['keys', 'more'] })), [
    ['keys', ['recipients'], '/scalardl/recipients/keys'],
    ['more', ['recipients'], '/scalardl/recipients/more'],
  ])
  const extra = { decryptSecret: 'keys' }
  t.strictSame(secretsOf(compose([], {}, extra)), [['keys', ['identity'], '/scalardl/identity']])
  const guard = composeGuardJob(request([]), [], extra, jobOptions)
  t.notMatch(JSON.stringify(guard), '/scalardl/identity', 'the guard has no use of it')
})
