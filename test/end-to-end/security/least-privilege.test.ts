import { setTimeout as sleep } from 'node:timers/promises'
import { ApiException, type V1ConfigMap } from '@kubernetes/client-node'
import t from 'tap'
import { apiMessage } from '../../../job/kubernetes/ask.ts'
import type { Cluster } from '../../../job/kubernetes/cluster.ts'
import { kubernetesCluster } from '../../../job/kubernetes/kubernetes-cluster.ts'
import { kubernetesSecrets } from '../../../job/kubernetes/secrets/kubernetes-secrets.ts'
import { setProperty } from '../../../job/scalardb/set-property.ts'
import { Failure } from '../../../operation/failure.ts'
import { formerSecretName, labels, leaseName, managedBy } from '../../../operation/names.ts'
import { newRecord, type OperationRecord } from '../../../operation/record.ts'
import { admissionPolicy, installationObjects, repointObjects } from '../../../plugin/commands/install/objects.ts'
import { failureOf } from '../../unit/job/failure-of.ts'
import { startLedger } from '../../unit/job/servers/ledgers.ts'
import { openAccounts, rightsOf, roleRules, without, type Right } from './least-privilege-accounts.ts'
import { until } from '../stage/gates.ts'
import { secret } from '../stage/ledger-stage.ts'
import { adminClients, deployLedger, workerNamespace } from '../worker/namespace.ts'

/** Every right of the worker's Role against everything that the worker and its guard ask of the API server. */
const at = await workerNamespace('priv-role')
const { stage, namespace } = at
const ledger = await startLedger()
t.teardown(async () => {
  ledger.stop()
  await at.close()
})
await deployLedger(stage, 'my', ledger)
const admin = adminClients()
await admin.core.createNamespacedConfigMap({
  namespace,
  body: { metadata: { name: 'my-properties' }, data: { 'ledger.properties': '' } },
})
const whole = kubernetesCluster(at.api, namespace)
const never = new AbortController().signal
const ownLabels = { [labels.managedBy]: managedBy }
const rules = roleRules()

function record(operation: string, state: OperationRecord['state'] = 'running'): OperationRecord {
  return {
    ...newRecord({
      operation,
      kind: 'backup',
      namespace,
      releases: ['my'],
      createdAt: '2026-11-21T00:00:00Z',
      plugin: '1',
    }),
    state,
  }
}

/** What an account finds: a record and a Lease of its own operation. */
async function prepare(name: string): Promise<void> {
  await whole.writeRecord(record(`backup-${name}`))
  const spec = { holderIdentity: `backup-${name}/former`, leaseDurationSeconds: 15 }
  await admin.coordination.createNamespacedLease({
    namespace,
    body: { metadata: { name: leaseName(`${name}-old`), labels: ownLabels }, spec },
  })
}

type Calls = Record<Exclude<keyof Cluster, 'namespace'>, (() => Promise<unknown>)[]>

/** Everything that can be asked, each call by itself. */
function calls(cluster: Cluster, name: string): Calls {
  const operation = `backup-${name}`
  return {
    releaseState: [() => cluster.releaseState(['my'])],
    serviceAddresses: [() => cluster.serviceAddresses()],
    scalarPods: [() => cluster.scalarPods()],
    watchReleases: [
      async () => {
        const stop = new AbortController()
        await cluster.watchReleases(['my'], () => undefined, stop.signal).finally(() => stop.abort())
      },
    ],
    workloads: [() => cluster.workloads(['my'])],
    scale: [() => cluster.scale('my-ledger', 0)],
    tellOnReleases: [
      () => cluster.tellOnReleases({ operation, releases: ['my'], reason: 'Scaling', message: name, type: 'Normal' }),
    ],
    waitForNoPods: [() => cluster.waitForNoPods(['nobody'], 5000, never)],
    waitForReady: [() => cluster.waitForReady(['my-ledger'], 120_000, never)],
    takeLeases: [
      () => takeNewLease(cluster, `${name}-new`, operation),
      async () => (await cluster.takeLeases([`${name}-old`], operation)).release(),
    ],
    takeOver: [() => cluster.takeOver(operation)],
    leaseVersions: [() => cluster.leaseVersions(['my'], operation)],
    leasesOfOthers: [() => cluster.leasesOfOthers(['my'], operation)],
    missingRights: [() => cluster.missingRights(['my'])],
    records: [() => cluster.records(() => true)],
    pausingRecords: [() => cluster.pausingRecords()],
    findRecord: [() => cluster.findRecord(operation)],
    readRecord: [() => cluster.readRecord(operation)],
    writeRecord: [
      () => cluster.writeRecord(record(`${operation}-new`)),
      // Only who has taken an operation over may write its record.
      async () => {
        await cluster.takeOver(operation)
        await cluster.writeRecord(record(operation, 'succeeded'))
      },
    ],
    writeGuardReport: [() => cluster.writeGuardReport(operation, { pod: 'guard', node: 'a', interventions: [] })],
    askToEnd: [() => cluster.askToEnd(operation, 'unpause-x')],
    askedToEnd: [() => cluster.askedToEnd(operation)],
    readJournal: [() => cluster.readJournal(operation)],
    writeJournal: [() => cluster.writeJournal({ version: 1, operation, steps: [] })],
    deleteRecord: [() => cluster.deleteRecord(operation)],
    cancelled: [() => cluster.cancelled(operation)],
    operationPods: [() => cluster.operationPods(operation)],
    workerJob: [() => cluster.workerJob(operation)],
    configMapText: [() => cluster.configMapText('my-properties', 'ledger.properties')],
    configMapManaged: [() => cluster.configMapManaged('my-properties')],
    changeConfigMapText: [
      () =>
        cluster.changeConfigMapText('my-properties', 'ledger.properties', (text) =>
          setProperty(text, 'scalar.db.dynamo.namespace.prefix', `${name}_`),
        ),
    ],
  }
}

async function takeNewLease(cluster: Cluster, release: string, holder: string): Promise<void> {
  const held = await cluster.takeLeases([release], holder)
  await held.release()
  const left = await admin.coordination.listNamespacedLease({ namespace })
  if (left.items.some(({ metadata }) => metadata?.name === leaseName(release)))
    throw new Error('the Lease was left behind')
}

/** The calls that failed, with what was said. */
async function failures(cluster: Cluster, name: string): Promise<{ call: string; error: Error }[]> {
  const failed: { call: string; error: Error }[] = []
  for (const [call, ways] of Object.entries(calls(cluster, name))) {
    for (const way of ways) await way().catch((error: unknown) => failed.push({ call, error: error as Error }))
  }
  return failed
}

/** What a call has to say that lacks a right. */
function names({ verb, resource }: Right, error: Error): boolean {
  // Whoever lets go of a Lease cannot wait for it to be removed: it expires.
  if (verb === 'delete' && resource === 'leases') return error.message === 'the Lease was left behind'
  // The refusal of a watch is in our own words.
  return (
    said(error).includes(`cannot ${verb} resource "${resource}"`) ||
    said(error).toLowerCase().includes(`may not ${verb} ${resource}`)
  )
}

function said(error: Error): string {
  return error instanceof Failure ? `${error.what}: ${error.why}` : apiMessage(error)
}

t.test('the whole Role is enough for every call, and gives nothing but what it says', async (t) => {
  await prepare('whole')
  t.strictSame(await failures(whole, 'whole'), [])
  t.strictSame(await whole.missingRights(['my']), [])
  const { status } = await at.clients.authorization.createSelfSubjectRulesReview({ body: { spec: { namespace } } })
  const own = (status?.resourceRules ?? []).filter(({ apiGroups }) =>
    apiGroups?.every((group) => !/^(authentication|authorization)\.k8s\.io$/.test(group)),
  )
  const listed = own.flatMap(({ resources = [], verbs }) =>
    resources.flatMap((resource) => verbs.map((verb) => `${verb} ${resource}`)),
  )
  t.strictSame(
    listed.sort(),
    rightsOf(rules)
      .map(({ verb, resource }) => `${verb} ${resource}`)
      .sort(),
  )
})

t.test('each right is needed: without it a call fails and names it, and the preflight does too', async (t) => {
  const cases = new Map(rightsOf(rules).map((right, index) => [`less-${index}`, right]))
  const accounts = await openAccounts(stage, new Map([...cases].map(([name, right]) => [name, without(right, rules)])))
  for (const [name, right] of cases) {
    const api = accounts.get(name)
    if (api === undefined) throw new Error(`${name} has no account`)
    const title = `${right.verb} ${right.resource}`
    const cluster = kubernetesCluster(api, namespace)
    await prepare(name)
    // A Role counts from when the API server has seen it.
    await until(`the Role without ${title} counts`, async () => (await cluster.missingRights(['my'])).length <= 1)
    t.strictSame(await cluster.missingRights(['my']), [title])
    const failed = await failures(cluster, name)
    t.ok(failed.length > 0, `something needs ${title}`)
    for (const { call, error } of failed) t.ok(names(right, error), `${call} without ${title}: ${said(error)}`)
    t.comment(`${title}: ${failed.map(({ call }) => call).join(', ')}`)
  }
})

t.test('a Role that names a release is enough for it, and for no other', async (t) => {
  const role = installationObjects('named', namespace, {}, { releases: ['my'], deployments: ['my-ledger'] }).find(
    (object) => object.kind === 'Role',
  )
  const accounts = await openAccounts(stage, new Map([['named', role?.rules ?? []]]))
  const api = accounts.get('named')
  if (api === undefined) throw new Error('named has no account')
  const cluster = kubernetesCluster(api, namespace)
  await until('the named Role counts', async () => (await cluster.missingRights(['my'])).length === 0)
  t.strictSame(await cluster.missingRights(['my']), [])
  await cluster.scale('my-ledger', 0)
  await (await cluster.takeLeases(['my'], 'backup-named')).release()
  await deployLedger(stage, 'foreign', ledger)
  t.strictSame((await cluster.missingRights(['foreign'])).sort(), [
    'delete leases',
    'get deployments',
    'get leases',
    'patch deployments/scale',
    'update leases',
  ])
  const refused = await cluster.scale('foreign-ledger', 0).catch((error: unknown) => error)
  t.match(refused instanceof Failure ? refused.what : refused, /scale the deployment foreign-ledger/)
})

/** What the policy of `install --admission-policy` must not let pass, of all that the whole Role would. */
const attacks: Record<string, () => Promise<unknown>> = {
  'make a ConfigMap without our labels': () =>
    at.clients.core.createNamespacedConfigMap({ namespace, body: { metadata: { name: 'made' }, data: {} } }),
  "change another program's ConfigMap": () => changeText('others', (text) => `${text}#changed\n`),
  'point a release to another JDBC database': () =>
    changeText('my-properties', (text) => text.replace('jdbc:postgresql://db', 'jdbc:postgresql://rogue')),
  'point a release to an account that is not at Azure': () =>
    changeText('my-properties', (text) =>
      text.replace('jdbc:postgresql://db/ledger', 'https://a.documents.azure.com.rogue:443/'),
    ),
  'add another property': () => changeText('my-properties', (text) => `${text}scalar.db.password=known\n`),
  'swallow the next line': () => changeText('my-properties', (text) => `scalar.db.contact_points=a\\\n${text}`),
  'label it as ours': () => changeMap('others', (map) => (map.metadata = { ...map.metadata, labels: ownLabels })),
  "delete another program's ConfigMap": () => at.clients.core.deleteNamespacedConfigMap({ name: 'others', namespace }),
  'take the label from ours': () =>
    changeMap('scalardl-backup-policy.record', (map) => (map.metadata = { ...map.metadata, labels: {} })),
  'stop what is no server of Scalar': () => whole.scale('stranger', 0),
  'make an Event without our label': () =>
    at.clients.core.createNamespacedEvent({
      namespace,
      body: { metadata: { name: 'made', namespace }, involvedObject: { kind: 'Pod', namespace, name: 'my-0' } },
    }),
  'make a Lease without our label': () =>
    at.clients.coordination.createNamespacedLease({ namespace, body: { metadata: { name: 'made' }, spec: {} } }),
}

async function changeMap(name: string, change: (map: V1ConfigMap) => void): Promise<void> {
  const map = await at.clients.core.readNamespacedConfigMap({ name, namespace })
  change(map)
  await at.clients.core.replaceNamespacedConfigMap({ name, namespace, body: map })
}

const changeText = (name: string, change: (text: string) => string) =>
  changeMap(name, (map) => (map.data = { ...map.data, text: change(map.data?.['text'] ?? '') }))

/** @returns what the API server said to each attack, undefined where it came through */
async function attack(): Promise<Record<string, string | undefined>> {
  const answers: Record<string, string | undefined> = {}
  for (const [title, call] of Object.entries(attacks)) {
    const error: unknown = await call().then(
      () => undefined,
      (reason: unknown) => reason,
    )
    answers[title] = error === undefined ? undefined : said(error as Error)
  }
  return answers
}

t.test('with the admission policy the Role changes its own alone, and what a restore switches', async (t) => {
  const text = 'scalar.db.contact_points=jdbc:postgresql://db/ledger\nscalar.db.dynamo.namespace.prefix=a_\n'
  const properties = { apiVersion: 'v1', kind: 'ConfigMap', data: { text } }
  const spec = {
    replicas: 0,
    selector: { matchLabels: { app: 'stranger' } },
    template: {
      metadata: { labels: { app: 'stranger' } },
      spec: { containers: [{ name: 'stranger', image: 'stranger' }] },
    },
  }
  const own = [
    { ...properties, metadata: { name: 'my-properties' } },
    { ...properties, metadata: { name: 'others' } },
    { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'stranger' }, spec },
  ]
  await stage.apply(own)
  await prepare('policy')
  const policy = admissionPolicy('kubectl-scalardl', namespace)
  t.teardown(async () => {
    for (const { kind, metadata } of policy.toReversed())
      await stage.kubectl(['delete', kind, metadata.name, '--ignore-not-found'])
  })
  await stage.apply(policy)
  // A policy counts from when the API server has seen it.
  const refused = (answer: string | undefined) => /ValidatingAdmissionPolicy|admission/i.test(answer ?? '')
  const bare = () => at.clients.core.createNamespacedConfigMap({ namespace, body: { metadata: { name: 'probe' } } })
  for (let tries = 0; tries < 300; tries += 1) {
    const error: unknown = await bare().then(
      () => undefined,
      (reason: unknown) => reason,
    )
    if (error !== undefined && refused(said(error as Error))) break
    await admin.core.deleteNamespacedConfigMap({ name: 'probe', namespace }).catch(() => undefined)
    await sleep(100)
  }
  for (const [title, answer] of Object.entries(await attack())) t.ok(refused(answer), `${title}: ${answer}`)
  t.strictSame(await failures(whole, 'policy'), [], 'everything that the worker does itself comes through')
  await whole.changeConfigMapText('my-properties', 'text', (before) =>
    setProperty(before, 'scalar.db.dynamo.namespace.prefix', 'restored_'),
  )
  await whole.changeConfigMapText('my-properties', 'text', (before) =>
    setProperty(before, 'scalar.db.multi_storage.storages.b.contact_points', 'eu-central-1'),
  )
  t.match(await whole.configMapText('my-properties', 'text'), /prefix=restored_\n.*b\.contact_points=eu-central-1\n$/s)
  await whole.changeConfigMapText('my-properties', 'text', (before) =>
    setProperty(before, 'scalar.db.multi_storage.storages.b.contact_points', 'https://b.documents.azure.com:443/'),
  )
})

t.test('no Secret can be read, no pod entered or made, nothing outside of the namespace seen', async (t) => {
  await stage.apply([secret('release-password', { password: 'not for the worker' })])
  const { core, batch } = at.clients
  const pod = { metadata: { name: 'made' }, spec: { containers: [{ name: 'made', image: 'made' }] } }
  const forbidden: Record<string, () => Promise<unknown>> = {
    'get a Secret': () => core.readNamespacedSecret({ name: 'release-password', namespace }),
    'list Secrets': () => core.listNamespacedSecret({ namespace }),
    'list Secrets of all namespaces': () => core.listSecretForAllNamespaces(),
    'watch Secrets': () => core.listNamespacedSecret({ namespace, watch: true, timeoutSeconds: 1 }),
    'make a token': () =>
      core.createNamespacedServiceAccountToken({
        name: 'kubectl-scalardl',
        namespace,
        body: { spec: { audiences: [] } },
      }),
    'make a pod that mounts one': () => core.createNamespacedPod({ namespace, body: pod }),
    'make a Job': () =>
      batch.createNamespacedJob({
        namespace,
        body: { metadata: { name: 'made' }, spec: { template: { spec: { ...pod.spec, restartPolicy: 'Never' } } } },
      }),
    'read the log of a pod': () => core.readNamespacedPodLog({ name: 'my-0', namespace }),
    'enter a pod': () => core.connectPostNamespacedPodExec({ name: 'my-0', namespace, command: 'env' }),
    'list ConfigMaps elsewhere': () => core.listNamespacedConfigMap({ namespace: 'kube-system' }),
    'list nodes': () => core.listNode(),
  }
  for (const [title, call] of Object.entries(forbidden)) {
    const error: unknown = await call().catch((reason: unknown) => reason)
    t.equal(error instanceof ApiException ? error.code : error, 403, title)
  }
  for (const verb of ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', '*']) {
    const body = { spec: { resourceAttributes: { namespace, verb, resource: 'secrets' } } }
    t.equal(
      (await at.clients.authorization.createSelfSubjectAccessReview({ body })).status?.allowed,
      false,
      `can-i ${verb} secrets`,
    )
  }
})

t.test('--repoint-secret: the Secret that it names and ours beside it are changed, and no other', async (t) => {
  const sealed = { ...secret('sealed', { key: 'x' }), immutable: true }
  await stage.apply([
    secret('account', { key: 'former', other: 'x' }),
    secret('not-named', { key: 'x' }),
    sealed,
    ...repointObjects('kubectl-scalardl', namespace, ['account', 'sealed']),
  ])
  const secrets = kubernetesSecrets(at.api, namespace)
  await until('the Role counts', () =>
    secrets.tryChange('sealed').then(
      () => true,
      () => false,
    ),
  )
  await secrets.change('account', 'key', (text) => `${text}, restored`)
  await secrets.tryChange('account')
  t.strictSame((await secrets.read('account'))?.data, { key: 'former, restored', other: 'x' })
  const former = formerSecretName('account')
  t.strictSame((await secrets.read(former))?.data, {})
  await secrets.change(former, 'restore-a', () => '{"a":"b"}')
  t.strictSame((await secrets.read(former))?.data, { 'restore-a': '{"a":"b"}' })
  // A second install takes nothing away that is kept.
  await stage.apply(repointObjects('kubectl-scalardl', namespace, ['account', 'sealed']))
  await secrets.change(former, 'restore-a', (text) => (text === '{"a":"b"}' ? undefined : text))
  t.strictSame((await secrets.read(former))?.data, {})
  t.equal((await secrets.read('sealed'))?.immutable, true)
  const denied = { next: /kubectl scalardl install .*--repoint-secret not-named$/ }
  t.match(await failureOf(secrets.read('not-named')), denied)
  t.match(await failureOf(secrets.tryChange('not-named')), denied)
  t.match(await failureOf(secrets.change('sealed', 'key', () => 'y')), { why: /immutable/ })
  for (const verb of ['list', 'watch', 'create', 'update', 'delete']) {
    const body = { spec: { resourceAttributes: { namespace, verb, resource: 'secrets', name: 'account' } } }
    const review = await at.clients.authorization.createSelfSubjectAccessReview({ body })
    t.equal(review.status?.allowed, false, `can-i ${verb} secrets/account`)
  }
})
