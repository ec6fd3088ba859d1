import type { V1Job, V1Pod, V1Secret } from '@kubernetes/client-node'
import t, { type Test } from 'tap'
import { keySecretName, labels, signingKey } from '../../../operation/names.ts'
import { openLedgerStage, passwords, secret } from '../stage/ledger-stage.ts'
import type { Run } from '../stage/plugin.ts'
import { recordOf } from '../stage/records.ts'
import { collectNamespace, findSecrets, searchVolume, type Collected } from './secrets-search.ts'
import { Volume } from '../stage/volume.ts'

/**
 * Nothing that a Secret holds comes out anywhere, and the pods are as Pod Security wants them at its strictest. All
 * passwords are odd enough not to be found by chance.
 */
const restricted = {
  'pod-security.kubernetes.io/enforce': 'restricted',
  'pod-security.kubernetes.io/warn': 'restricted',
}
const { stage, deployment } = await openLedgerStage('priv-secrets', { replicas: 2, labels: restricted })
t.teardown(() => stage.close())
const volume = await Volume.of(stage, 'backups')

const wrong = 'wr0ng+"m@rker/&\\%'
const secrets = { ...passwords, wrong }
await stage.apply([secret('database-wrong', { username: 'admin', password: wrong, hosts: 'database' })])

const to = ['--to', 'pvc://backups/ledger', '-v']
const printed: Collected = new Map()

function keep(name: string, { stdout, stderr }: Run): void {
  printed.set(`output of ${name}`, stdout + stderr)
}

interface Items<T> {
  items: T[]
}

/** The pods of operations, by role. */
async function podsByRole(operation: string): Promise<Map<string, V1Pod>> {
  const { items } = await stage.get<Items<V1Pod>>(['pods', '-l', `${labels.operation}=${operation}`])
  return new Map(items.map((pod) => [pod.metadata?.labels?.[labels.role] ?? 'none', pod]))
}

const claims = `
const token = '/var/run/secrets/kubernetes.io/serviceaccount/token'
const [, payload] = require('node:fs').readFileSync(token, 'utf8').split('.')
const { iat, exp, 'kubernetes.io': about } = JSON.parse(Buffer.from(payload, 'base64url'))
console.log(JSON.stringify({ seconds: exp - iat, pod: about.pod.name }))
`

async function checkTokens(t: Test, role: string, { metadata, spec }: V1Pod): Promise<void> {
  const token = JSON.parse(await stage.kubectl(['exec', metadata?.name ?? '', '--', 'node', '-e', claims])) as {
    seconds: number
    pod: string
  }
  t.ok(token.seconds <= 3600, `${role}: valid for ${token.seconds} s`)
  t.equal(token.pod, metadata?.name, `${role}: bound to its pod`)
  t.equal(spec?.automountServiceAccountToken, false, `${role}: no other token`)
  const volumes = spec?.volumes ?? []
  const tokens = volumes
    .flatMap(({ projected }) => projected?.sources ?? [])
    .flatMap(({ serviceAccountToken }) => serviceAccountToken?.expirationSeconds ?? [])
  t.strictSame(tokens, [3600], role)
  const secrets = volumes.flatMap(({ secret }) => secret?.secretName ?? [])
  t.strictSame(
    secrets,
    [keySecretName('pause-held'), ...(role === 'worker' ? [signingKey.secret] : [])],
    `${role}: a pause needs the key that both share, and whoever records it the one that signs`,
  )
  const fromSecrets = (spec?.containers ?? []).some(
    ({ env, envFrom }) => env?.some(({ valueFrom }) => valueFrom?.secretKeyRef !== undefined) || envFrom !== undefined,
  )
  t.notOk(fromSecrets, `${role}: nor one in its environment`)
}

t.test(
  'worker and guard run under Pod Security restricted, with a token that is short-lived and their own',
  async (t) => {
    const pause = await stage.scalardl(['pause', 'my', '--name', 'held', '--max-pause', '10m', '-v'])
    keep('pause', pause)
    t.equal(pause.code, 0, pause.stderr)
    t.notMatch(pause.stderr, /PodSecurity/, 'no warning')
    const pods = await podsByRole('pause-held')
    t.strictSame([...pods.keys()].sort(), ['guard', 'worker'])
    await Promise.all([...pods].map(([role, pod]) => checkTokens(t, role, pod))).finally(async () =>
      keep('unpause', await stage.scalardl(['unpause', 'my', '-v'])),
    )
    t.equal((await stage.scalardl(['wait', 'pause-held', '--timeout', '4m'])).code, 0)
    const { items } = await stage.get<Items<V1Secret>>(['secrets'])
    t.strictSame(
      items.filter(({ type }) => type === 'kubernetes.io/service-account-token').map(({ metadata }) => metadata?.name),
      [],
      'no token lies about',
    )
  },
)

t.test('nothing of a Secret is in what operations leave, print or write down', async (t) => {
  const backup = await stage.scalardl(['backup', 'my', ...to, '--name', 'good', '--database-secret', 'database-admin'])
  keep('backup', backup)
  t.equal(backup.code, 0, backup.stderr)
  const refused = await stage.scalardl([
    'backup',
    'my',
    ...to,
    '--name',
    'refused',
    '--database-secret',
    'database-wrong',
  ])
  keep('refused backup', refused)
  t.not(refused.code, 0)
  t.match((await recordOf(stage, 'backup-refused')).failure, { why: /password/ })
  for (const args of [['doctor', 'my', ...to], ['status'], ['describe', 'backup', 'good'], ['export', 'good']])
    keep(args.join(' '), await stage.scalardl(args))

  const { items } = await stage.get<Items<V1Job>>(['jobs'])
  t.ok(
    items.some(({ metadata }) => metadata?.name === 'guard-backup-good'),
    'the guard was there as well',
  )
  const collected = new Map([...printed, ...(await collectNamespace(stage))])
  t.ok(collected.size > 10, [...collected.keys()].join(', '))
  const objects = collected.get('objects') ?? ''
  for (const name of ['backup-good.request', 'backup-good.journal', 'backup-good.record', 'database-admin'])
    t.ok(objects.includes(name), `the search sees ${name}`)
  t.strictSame(findSecrets(collected, secrets), [])
  const { files, found } = await searchVolume(volume, secrets)
  t.ok(files > 5, `${files} files on the volume`)
  t.strictSame(found, [])
})

t.test('the search finds what is there: plain, encoded, in a log, on the volume', async (t) => {
  const user = Buffer.from(`user:${passwords.scalar}`).toString('base64')
  const data = { header: `Basic ${user}`, url: `postgresql://u:${encodeURIComponent(wrong)}@host` }
  const planted = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'planted', annotations: { note: passwords.admin } },
    data,
  }
  await stage.apply([planted])
  await stage.kubectl([
    'exec',
    deployment,
    '--',
    'node',
    '-e',
    `fs.writeFileSync('/proc/1/fd/1', process.argv[1] + '\\n')`,
    passwords.superuser,
  ])
  await volume.node(`fs.writeFileSync('/volume/planted', process.argv[1])`, JSON.stringify({ password: wrong }))
  const found = findSecrets(await collectNamespace(stage), secrets)
  for (const name of ['admin', 'scalar', 'wrong'])
    t.ok(
      found.some((line) => line.startsWith(`${name} in objects`)),
      name,
    )
  t.ok(found.some((line) => line.includes('in described')))
  t.ok(found.some((line) => line.startsWith('superuser in log of')))
  t.match((await searchVolume(volume, secrets)).found, [/^\/volume\/planted: wr0ng/])
})
