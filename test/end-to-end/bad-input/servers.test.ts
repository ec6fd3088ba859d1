import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { makeCertificates } from '../../stand-ins/ledger/release/certificates.ts'
import { charts } from '../../stand-ins/ledger/release/chart.ts'
import { standInProduct } from '../../stand-ins/ledger/product.ts'
import { twoDatabases } from '../../stand-ins/ledger/release/release-properties.ts'
import { until } from '../stage/gates.ts'
import { addLedger, openLedgerStage, secret } from '../stage/ledger-stage.ts'
import { neverPaused, nothingLeft, refuses, type Expected } from './refusal.ts'

/** Servers that cannot be spoken to: one release in plaintext, one with TLS. */
const { stage, deployment, release } = await openLedgerStage('bad-servers', {
  replicas: 2,
  standIn: { STAND_IN_WORKERS: '0' },
})
t.teardown(() => stage.close())

const authority = 'ledger.example.com'
const { ca, certificate, key } = await makeCertificates([authority])
const folder = await mkdtemp(join(tmpdir(), 'bad-servers-'))
t.teardown(() => rm(folder, { recursive: true }))
const caFile = join(folder, 'ca.crt')
await writeFile(caFile, ca)
await stage.apply([secret('certificates', { 'ca.crt': ca, 'tls.crt': certificate, 'tls.key': key })])
const { tls } = standInProduct('ledger')
const at = (name: string) => `${charts.ledger.tlsFolder}/${name}`
const plain = twoDatabases('database:5432', ['ledger_a', 'ledger_b'], {
  username: 'HELM_SCALAR_DB_USERNAME',
  password: 'LEDGER_PASSWORD',
})
await addLedger(stage, {
  release: 'secure',
  replicas: 1,
  standIn: { STAND_IN_WORKERS: '0' },
  more: {
    tls: { secretName: 'certificates' },
    properties: `${plain}${tls.enabled}=true\n${tls.certificate}=${at('tls.crt')}\n${tls.key}=${at('tls.key')}\n`,
  },
})

const to = ['--to', 'pvc://backups/ledger']
const notBegun = /was not begun, nothing was touched/

/** Several at once, since each waits some seconds for a connection; those of one release must not meet in its Lease. */
async function refuseAll(
  t: Test,
  cases: readonly [name: string, args: string[], expected: Omit<Expected, 'what'>][],
): Promise<void> {
  const runs = await Promise.all(
    cases.map(async ([name, args, expected]) => ({
      name,
      args,
      expected,
      run: await stage.scalardl([...args, '--name', name]),
    })),
  )
  for (const { name, args, expected, run } of runs) {
    refuses(t, run, { what: notBegun, ...expected }, name)
    await neverPaused(t, stage, `${args[0]}-${name}`)
  }
  await nothingLeft(t, stage, ['my', 'secure'])
}

t.test('a port on which nothing, something else, or plaintext instead of TLS is spoken', async (t) => {
  const pause = (release: string, ...more: string[]) => ['pause', release, '--duration', '1s', ...more]
  await refuseAll(t, [
    [
      'http',
      pause('my', '--admin-port', '8080'),
      { why: /8080 is open but does not speak gRPC/, next: /--admin-port/ },
    ],
    ['plain', pause('my', '--tls'), { why: /port 50053 does not speak TLS/, next: /omit --tls/ }],
    [
      'no-ca',
      pause('secure', '--tls'),
      { why: /its certificate is not trusted/, next: /--tls-ca-file or --tls-ca-secret/ },
    ],
    [
      'other-name',
      pause('secure', '--tls-ca-file', caFile),
      { why: /its certificate is for another name: DNS:ledger\.example\.com/, next: /--tls-authority/ },
    ],
  ])
  await refuseAll(t, [
    [
      'closed',
      ['backup', 'my', ...to, '--admin-port', '50059'],
      { why: /nothing listens on port 50059/, next: /--admin-port/ },
    ],
    [
      'no-tls',
      ['backup', 'secure', ...to],
      { why: /port 50053 speaks TLS, and it was asked in plaintext/, next: /add --tls/ },
    ],
  ])
})

t.test('a gRPC port without the admin service is named as such', async (t) => {
  const run = await stage.scalardl(['pause', 'my', '--duration', '1s', '--admin-port', '50051'])
  refuses(t, run, {
    what: /could not be paused|not begun/,
    why: /no admin service answers on this port|not the admin service/,
    next: /--admin-port/,
  })
  await nothingLeft(t, stage)
})

t.test('TLS done right works, the CA from a file or from a Secret', async (t) => {
  for (const trust of [
    ['--tls', '--tls-ca-file', caFile],
    ['--tls-ca-secret', 'certificates/ca.crt'],
  ]) {
    const run = await stage.scalardl(['pause', 'secure', '--duration', '1s', ...trust, '--tls-authority', authority])
    t.equal(run.code, 0, run.stderr)
    t.match(run.stdout, /valid/)
  }
  const backup = await stage.scalardl([
    'backup',
    'secure',
    ...to,
    '--name',
    'secure',
    '--tls-ca-file',
    caFile,
    '--tls-authority',
    authority,
  ])
  t.equal(backup.code, 0, backup.stderr)
  const wrong = await stage.scalardl(['pause', 'secure', '--duration', '1s', '--tls-ca-secret', 'nothing'])
  refuses(
    t,
    wrong,
    { what: /Secret "nothing" is not there/, why: /bad-servers/, next: /--tls-ca-secret/ },
    'a Secret that is not there',
  )
  await nothingLeft(t, stage, ['my', 'secure'])
})

t.test('pods that are not ready are named, and nothing is paused', async (t) => {
  await stage.kubectl(['set', 'image', deployment, '*=kubectl-scalardl-test/none:dev'])
  // the rolling update brings a new pod beside the old ones, whose image is never found
  const rollout = stage.kubectl(['rollout', 'status', deployment, '--timeout=3s'])
  await t.rejects(rollout)
  await until('the new pod is there', async () => (await stage.pods(release.selector)).length === 3)
  const run = await stage.scalardl(['backup', 'my', ...to, '--name', 'unready'])
  refuses(t, run, {
    what: notBegun,
    why: /pods ready, pod my-scalardl-ledger-\S+: .*(Image|not ready|creating)/i,
    next: /kubectl describe pod my-scalardl-ledger-/,
  })
  await neverPaused(t, stage, 'backup-unready')
  await stage.kubectl(['rollout', 'undo', deployment])
  await stage.rolledOut(deployment)
  await until('the new pod is gone', async () => (await stage.pods(release.selector)).length === 2)
  await nothingLeft(t, stage)
})
