import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { annotations, labels, managedBy, signingKey, type OperationKind } from '../../../operation/names.ts'
import { newRecord, type BackupPart } from '../../../operation/record.ts'
import { mounts, parseRequest, requestHashVariable, type OperationRequest } from '../../../operation/request.ts'
import { fingerprintOf, signatureOf } from '../../../operation/signature/signature.ts'
import { recordHash } from '../../../operation/signature/signed-text.ts'
import { runInstall } from '../../../plugin/commands/install/action.ts'
import type { InstallFlags } from '../../../plugin/commands/install/command.ts'
import { installSigningKey, readWishes } from '../../../plugin/commands/install/signing-key.ts'
import { composeGuardJob } from '../../../plugin/kubernetes/jobs/compose/compose-guard-job.ts'
import { composeJob } from '../../../plugin/kubernetes/jobs/compose/compose-job.ts'
import { operationObjects } from '../../../plugin/kubernetes/jobs/compose/operation-objects.ts'
import { knownKeys } from '../../../plugin/kubernetes/signing/known-keys.ts'
import { refuseStranger } from '../../../plugin/operations/refuse-untrusted.ts'
import { signedBy } from '../../../plugin/presentation/signed-by.ts'
import { pauseRequest } from '../../unit/job/pausing-context.ts'
import { failureOf } from '../../unit/job/failure-of.ts'
import { jobOptions } from '../../unit/plugin/kubernetes/jobs/compose/job-options.ts'
import { ObjectStore } from '../../unit/plugin/kubernetes/object-store.ts'
import { recordingTerminal } from '../../unit/plugin/terminal/recording-terminal.ts'

const flags: InstallFlags = {
  serviceAccount: 'kubectl-scalardl',
  serviceAccountAnnotation: undefined,
  exec: true,
  release: undefined,
  repointSecret: undefined,
  networkPolicy: false,
  admissionPolicy: false,
  dryRun: 'none',
  signingKeyFrom: undefined,
  rotateSigningKey: false,
  trustedKey: undefined,
  namespace: undefined,
  context: undefined,
  kubeconfig: undefined,
  as: undefined,
  asGroup: undefined,
  requestTimeout: undefined,
  output: 'table',
  verbose: false,
}

const pemOf = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString()
const fingerprint = (key: KeyObject): string => fingerprintOf(createPublicKey(key))

/** A namespace after the ServiceAccount was applied. */
async function namespace(t: { teardown(run: () => void): unknown }) {
  const store = new ObjectStore()
  store.put('serviceaccounts', { metadata: { name: 'kubectl-scalardl', labels: { [labels.managedBy]: managedBy } } })
  const session = await store.session(t)
  const install = async (more: Partial<InstallFlags> = {}) => {
    const { terminal, data, lines } = recordingTerminal()
    const all = { ...flags, ...more }
    await installSigningKey(session, terminal, await readWishes(all), all)
    return { printed: [...data, ...lines].join('\n') }
  }
  const secret = () => {
    const { data } = (store.objects.get(`secrets/${signingKey.secret}`) ?? {}) as { data?: Record<string, string> }
    const textOf = (name: string) => Buffer.from(data?.[name] ?? '', 'base64').toString()
    return { pem: textOf(signingKey.privateKey), trusted: textOf(signingKey.trustedKeys).trim().split('\n') }
  }
  return { store, session, install, secret }
}

t.test('install makes a key once, says its fingerprint, and prints it nowhere', async (t) => {
  const { install, secret, session } = await namespace(t)
  const first = await install()
  const { pem, trusted } = secret()
  t.match(pem, /PRIVATE KEY/)
  t.equal(trusted.length, 1)
  t.ok(first.printed.includes(trusted[0] ?? ''), first.printed)
  t.strictSame(await knownKeys(session), trusted, 'the ServiceAccount tells those who may not read Secrets')
  const second = await install()
  t.strictSame(secret(), { pem, trusted }, 'a second install leaves it as it is')
  t.match(second.printed, /unchanged/)
  for (const { printed } of [first, second]) {
    t.notMatch(printed, /PRIVATE/)
    t.notOk(printed.includes(pem.split('\n')[1] ?? '?'))
  }
})

t.test('a dry run makes no key, and prints none', async (t) => {
  const { session, store } = await namespace(t)
  for (const output of ['yaml', 'json', 'table'] as const) {
    const { terminal, data, lines } = recordingTerminal()
    await runInstall({ ...flags, dryRun: 'client', output }, session, terminal)
    t.notMatch(data.join('\n'), /secret|PRIVATE/i, output)
    t.match(lines.join('\n'), /kubectl scalardl install. makes it/, output)
  }
  t.equal(store.objects.has(`secrets/${signingKey.secret}`), false)
})

t.test('a rotated, a brought and a trusted key keep older backups restorable', async (t) => {
  const { install, secret, session } = await namespace(t)
  await install()
  const [first = ''] = secret().trusted
  await install({ rotateSigningKey: true })
  const [second = '', ...former] = secret().trusted
  t.not(second, first)
  t.strictSame(former, [first])
  const { privateKey } = generateKeyPairSync('ed25519')
  const file = join(t.testdir(), 'key.pem')
  writeFileSync(file, pemOf(privateKey))
  await install({ signingKeyFrom: file })
  t.strictSame(secret(), { pem: pemOf(privateKey), trusted: [fingerprint(privateKey), second, first] })
  const stranger = fingerprint(generateKeyPairSync('ed25519').privateKey)
  await install({ trustedKey: [stranger] })
  t.strictSame(secret(), { pem: pemOf(privateKey), trusted: [fingerprint(privateKey), second, first, stranger] })
  t.strictSame(await knownKeys(session), secret().trusted)
})

t.test('what is no signing key is refused before anything is made, and not repeated', async (t) => {
  const folder = t.testdir()
  const { privateKey: rsa } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  for (const [text, why] of [
    ['SECRET-TEXT', /not a private key/],
    [pemOf(rsa), /for rsa/],
  ] as const) {
    const file = join(folder, 'key.pem')
    writeFileSync(file, text)
    const failure = await failureOf(readWishes({ ...flags, signingKeyFrom: file }))
    t.match(failure, { exitCode: 2, why })
    t.notMatch(JSON.stringify(failure.text), /SECRET-TEXT|PRIVATE/)
  }
  const both = { ...flags, rotateSigningKey: true, signingKeyFrom: 'x' }
  t.match(await failureOf(readWishes(both)), { exitCode: 2, what: /exclude each other/ })
  t.match(await failureOf(readWishes({ ...flags, trustedKey: ['SHA256:short'] })), { exitCode: 2 })
})

const { durationMs: _, pause: __, ...common } = pauseRequest()
const requests: Partial<Record<OperationKind, OperationRequest>> = {
  import: { ...common, kind: 'import', operation: 'import-x', from: 'pvc://backups/ledger/monday' } as OperationRequest,
  copy: { ...common, kind: 'copy', operation: 'copy-x', backup: 'b' } as OperationRequest,
  delete: { ...common, kind: 'delete', operation: 'delete-x', backup: 'backup-monday' } as OperationRequest,
  materialize: { ...common, kind: 'materialize', operation: 'materialize-x', backup: 'b' } as OperationRequest,
  pause: pauseRequest({ pause: { drainMs: 1000, maxPauseMs: 20_000, guard: true } }),
  unpause: { ...common, kind: 'unpause', operation: 'unpause-x', force: false } as OperationRequest,
}

t.test('a Job gets of the key what it needs: all, the fingerprints, or nothing', (t) => {
  const secretOf = (kind: OperationKind) => {
    const request = requests[kind]
    if (request === undefined) throw new Error(kind)
    const pod = composeJob(request, [], {}, jobOptions).spec?.template.spec
    const volume = pod?.volumes?.find(({ secret }) => secret?.secretName === signingKey.secret)
    const mount = pod?.containers[0]?.volumeMounts?.find(({ name }) => name === volume?.name)
    t.equal(mount?.mountPath, volume && mounts.signing, kind)
    return volume?.secret
  }
  for (const kind of ['materialize', 'import', 'pause', 'copy'] as const)
    t.match(secretOf(kind), { optional: true, items: undefined }, kind)
  const verifying = { optional: true, items: [{ key: signingKey.trustedKeys, path: signingKey.trustedKeys }] }
  t.match(secretOf('delete'), verifying)
  t.equal(secretOf('unpause'), undefined)
  const guard = requests.pause && composeGuardJob(requests.pause, [], {}, jobOptions)
  t.notMatch(JSON.stringify(guard), signingKey.secret)
  t.end()
})

t.test('a request that took the place of the one that the Job was made for is refused', (t) => {
  const request = requests.delete
  if (request === undefined) throw new Error('delete')
  const job = composeJob(request, [], {}, jobOptions)
  const text = operationObjects(request, job).request.data?.['request.json'] ?? ''
  const [{ env = [] } = {}] = job.spec?.template.spec?.containers ?? []
  const hash = env.find(({ name }) => name === requestHashVariable)?.value
  t.strictSame(parseRequest(text, hash), request)
  const forged = { ...request, trust: { keys: [], records: ['0'.repeat(64)] } }
  t.throws(() => parseRequest(JSON.stringify(forged), hash), { message: /not the one that this Job was made for/ })
  t.end()
})

t.test('trusted keys are read where the installation says them, and unknown where it does not', async (t) => {
  const store = new ObjectStore()
  const session = await store.session(t)
  t.equal(await knownKeys(session), undefined)
  const metadata = { labels: { [labels.managedBy]: managedBy }, annotations: { [annotations.trustedKeys]: 'a,b' } }
  store.put('serviceaccounts', { metadata: { ...metadata, name: 'one' } })
  store.put('serviceaccounts', { metadata: { name: 'other', annotations: { [annotations.trustedKeys]: 'c' } } })
  t.strictSame(await knownKeys(session), ['a', 'b'])
  store.fault = 403
  t.equal(await knownKeys(session), undefined)
})

t.test(
  'the plugin marks and refuses strangers before a Job is made, as far as the namespace says who is none',
  async (t) => {
    const { install, session, secret } = await namespace(t)
    const backup: BackupPart = { name: 'monday', state: 'restorable', databases: [] }
    const unsigned = {
      ...newRecord({
        operation: 'backup-monday',
        kind: 'backup',
        namespace: 'ns',
        releases: ['my-ledger'],
        createdAt: '2026-11-21T00:00:00.000Z',
        plugin: '0.1.0',
      }),
      backup,
    }
    const { privateKey } = generateKeyPairSync('ed25519')
    const signature = signatureOf(unsigned, privateKey)
    const foreign = { ...unsigned, backup: { ...backup, signature } }
    const changed = { ...foreign, releases: ['other'] }
    const nobody = { keys: [], records: [] }
    for (const record of [unsigned, foreign, changed]) await refuseStranger(session, record, nobody)
    t.pass('without a key of its own the namespace refuses nothing here')

    await install()
    const { trusted } = secret()
    for (const [record, mark] of [
      [unsigned, 'nobody'],
      [foreign, `FOREIGN ${fingerprint(privateKey)}`],
      [changed, `CHANGED since ${fingerprint(privateKey)}`],
    ] as const) {
      t.match(await failureOf(refuseStranger(session, record, nobody)), { exitCode: 4 }, mark)
      t.equal(signedBy(record, trusted), mark)
      await refuseStranger(session, record, { keys: [], records: [recordHash(record)] })
    }
    await refuseStranger(session, foreign, { keys: [fingerprint(privateKey)], records: [] })
    await install({ trustedKey: [fingerprint(privateKey)] })
    await refuseStranger(session, foreign, nobody)
    t.equal(signedBy(foreign, secret().trusted), fingerprint(privateKey))
    t.equal(signedBy({ ...foreign, backup: { ...foreign.backup, state: 'unusable' } }, trusted), undefined)
  },
)
