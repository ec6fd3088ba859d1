import { execFile } from 'node:child_process'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { memoryJournal } from '../../databases/database-conformance.ts'
import { byVariables, endpoints, file, keys, settings, stageOf } from './stage.ts'

const { text, where } = byVariables
const secret = { kind: 'Secret' as const, name: 'account' }
/** the endpoint in the file, the key a variable */
const byConfigMap = { variables: [{ name: 'KEY', from: { ...secret, key: 'KEY' } }] }

t.test('the file of the properties is in a Secret: two lines of it change, and no other', async (t) => {
  const before = `# ours\nscalar.db.contact_points=${endpoints.former}\nscalar.db.password=${keys.former}\nother=1\n`
  const stage = stageOf(before, { secret: { name: 'account', key: 'ledger.properties' } })
  const repointing = stage.repointing()
  t.match(await repointing.findings(), [{ outcome: 'ok' }])
  const journal = await memoryJournal()
  await repointing.point('restored', journal)
  t.equal(
    stage.stored.data('account')?.['ledger.properties'],
    `# ours\nscalar.db.contact_points=${endpoints.restored}\nscalar.db.password=${keys.restored}\nother=1\n`,
  )
  await repointing.point('former', journal)
  t.equal(stage.stored.data('account')?.['ledger.properties'], before)
})

t.test('the endpoint in the ConfigMap, the key a variable of its own', async (t) => {
  const before = `scalar.db.contact_points=${endpoints.former}\nscalar.db.password=\${env:ACCOUNT_KEY}\n`
  const stage = stageOf(before, { variables: [{ name: 'ACCOUNT_KEY', from: { ...secret, key: 'KEY' } }] })
  const journal = await memoryJournal()
  await stage.repointing().point('restored', journal)
  t.equal(stage.text(), before.replace(endpoints.former, endpoints.restored))
  t.match(stage.stored.data('account'), { KEY: keys.restored, URI: endpoints.former })
  await stage.repointing().point('former', journal)
  t.equal(stage.text(), before)
  t.match(stage.stored.data('account'), { KEY: keys.former })
})

t.test('a variable has its value from where the kubelet takes it', async (t) => {
  const of = async (variables: (typeof where)['variables'] | object[]) =>
    await stageOf(text, { variables: variables as typeof where.variables }).of.written(settings, 'password')
  t.equal(await of([{ from: secret }]), keys.former)
  t.equal(await of([{ prefix: 'K', from: secret }]), '{{ default .Env.KEY "" }}', 'no key EY')
  t.equal(await of([{ from: secret }, { name: 'KEY' }]), '{{ default .Env.KEY "" }}', 'the Deployment says it itself')
  t.equal(await of([{ from: secret }, { name: 'KEY', from: { ...secret, key: 'URI' } }]), endpoints.former)
})

t.test('an object that cannot be read now is not one that has no such key', async (t) => {
  const map = { kind: 'ConfigMap', name: 'map' } as const
  const stage = stageOf(text, { variables: [{ from: map }] })
  const { configMapText } = stage.cluster
  stage.cluster.configMapText = (name, key) =>
    name === 'map' ? Promise.reject(new Error('no answer')) : configMapText(name, key)
  await t.rejects(stage.of.write(settings, 'password', 'x'), { message: 'no answer' })
  const other = stageOf(text, { variables: [{ from: secret }] })
  other.stored.unreadable = 400
  await t.rejects(other.of.write(settings, 'password', 'x'), { message: /unreadable/ })
  t.strictSame([stage.text(), other.text()], [text, text], 'the line of the file stays the variable')
})

t.test('refused before anything is changed, with the cause and the cure', async (t) => {
  const refusal = async (stage: ReturnType<typeof stageOf>) =>
    (await stage.repointing().findings()).flatMap(({ outcome, message, cure }) =>
      outcome === 'error' ? [`${message}: ${cure}`] : [],
    )
  const own = { KEY: keys.former, URI: endpoints.former }
  const marked = (metadata: object, immutable = false) => {
    const stage = stageOf(text, where)
    stage.stored.put('account', own, { metadata, immutable })
    return stage
  }
  const back = (who: string) => [new RegExp(`${who}.* would put Secret account back.*kubectl annotate secret account`)]
  const owner = (kind: string) => ({ ownerReferences: [{ apiVersion: 'x/v1', kind, name: 'its', uid: 'u' }] })
  t.match(await refusal(marked({ annotations: { 'argocd.argoproj.io/tracking-id': 'x' } })), back('Argo CD'))
  t.match(await refusal(marked({ labels: { 'argocd.argoproj.io/instance': 'x' } })), back('Argo CD'))
  t.match(await refusal(marked({ labels: { 'kustomize.toolkit.fluxcd.io/name': 'x' } })), back('Flux'))
  t.match(await refusal(marked({ labels: { 'helm.toolkit.fluxcd.io/name': 'x' } })), back('Flux'))
  t.match(await refusal(marked({ annotations: { 'reconcile.external-secrets.io/data-hash': 'x' } })), back('External'))
  t.match(await refusal(marked(owner('ExternalSecret'))), back('External Secrets'))
  t.match(await refusal(marked(owner('SealedSecret'))), back('SealedSecret its'))
  t.match(await refusal(marked({ labels: { 'app.kubernetes.io/managed-by': 'Helm' } })), back('by Helm'))
  const agreed = { 'argocd.argoproj.io/tracking-id': 'x', 'kubectl-scalardl.dev/left-alone': 'true' }
  t.strictSame(await refusal(marked({ annotations: agreed })), [], 'whoever manages it leaves its data alone')
  t.match(await refusal(marked({}, true)), [/immutable.*--repoint print/])

  const map = (managed: Parameters<ReturnType<typeof stageOf>['cluster']['managed']['set']>[1]) => {
    const stage = stageOf(text, byConfigMap)
    stage.cluster.managed.set(file, managed)
    return stage
  }
  const mapBack = (who: string) => [
    new RegExp(`${who}.* would put ConfigMap ${file} back.*kubectl annotate configmap ${file}`),
  ]
  t.match(await refusal(map({ annotations: { 'argocd.argoproj.io/tracking-id': 'x' } })), mapBack('Argo CD'))
  t.match(await refusal(map({ labels: { 'kustomize.toolkit.fluxcd.io/name': 'x' } })), mapBack('Flux'))
  t.match(await refusal(map({ owners: [{ kind: 'Ledger', name: 'its' }] })), mapBack('Ledger its'))
  t.match(await refusal(map({ immutable: true })), [/ConfigMap .* is immutable.*--repoint print/])
  t.strictSame(await refusal(map({ annotations: agreed })), [])
  const ofChart = { 'app.kubernetes.io/managed-by': 'Helm', 'helm.toolkit.fluxcd.io/name': 'x' }
  t.strictSame(await refusal(map({ labels: ofChart })), [], 'as every chart does')

  const without = (change: (stage: ReturnType<typeof stageOf>) => void) => {
    const stage = stageOf(text, where)
    change(stage)
    return stage
  }
  const install = /kubectl scalardl install -n ns --repoint-secret account/
  t.match(await refusal(without(({ stored }) => stored.granted.delete('account'))), [install])
  t.match(await refusal(without(({ stored }) => stored.granted.set('account', new Set(['get'])))), [install])
  t.match(await refusal(without(({ stored }) => stored.granted.delete('scalardl-former.account'))), [/install/])
  t.match(
    await refusal(without(({ stored }) => stored.put('account', { URI: endpoints.former }))),
    [/is no place for one/],
    'the variable is nowhere',
  )
  t.match(
    await refusal(stageOf(text, { variables: [{ name: 'URI', from: { ...secret, key: 'URI' } }, { name: 'KEY' }] })),
    [/is a secret, and .*ConfigMap my-ledger-properties.* is no place for one.*--repoint print/],
    'the Deployment itself has the key',
  )
  t.match(await refusal(stageOf(`scalar.db.password=${keys.former}\n`)), [/is no place for one/])
  t.match(
    await refusal(
      stageOf(text, {
        variables: [
          { name: 'KEY', from: { kind: 'ConfigMap' as const, name: 'my-ledger-properties', key: 'ledger.properties' } },
        ],
      }),
    ),
    [/is no place for one/],
  )
  t.match(await refusal(stageOf(text, { configMap: undefined } as never)), [/not in a ConfigMap, nor in a Secret/])
})

t.test('the commands that are shown set both, and no program is given a key', async (t) => {
  const shown = await stageOf(text, where).repointing().byHand()
  t.match(shown, [
    /^set scalar\.db\.contact_points, the variable URI: kubectl patch secret account --namespace ns/,
    /^set scalar\.db\.password, the variable KEY, without showing it: /,
    /kubectl rollout restart deployment --namespace ns --selector app\.kubernetes\.io\/instance=my-ledger,/,
  ])
  const ran = await typed(t, shown.slice(0, 2))
  t.match(ran.patches, [
    { stringData: { URI: endpoints.restored } },
    { data: { KEY: Buffer.from(keys.restored).toString('base64') } },
  ])
  t.notMatch(ran.words, /S3CRET/)
})

t.test('the same where the file is in a Secret, which need not be readable for the worker', async (t) => {
  const before = `a=1\nscalar.db.contact_points=${endpoints.former}\nscalar.db.password = ${keys.former}\nb=2`
  const stage = stageOf(before, { secret: { name: 'account', key: 'ledger.properties' } })
  const shown = await stage.repointing().byHand()
  const ran = await typed(t, shown.slice(0, 1), before)
  const after = `a=1\nb=2\nscalar.db.contact_points=${endpoints.restored}\nscalar.db.password=${keys.restored}\n`
  t.strictSame(
    ran.patches.map(({ data }) => Buffer.from(String(data?.['ledger.properties']), 'base64').toString()),
    [after],
  )
  t.notMatch(ran.words, /S3CRET/)
  const failing = await typed(t, shown.slice(0, 1), '')
  t.strictSame(failing.patches, [], 'a Secret that could not be read is not overwritten')
})

t.test('the values of a chart are named where the ConfigMap has the line', async (t) => {
  const line = `scalar.db.contact_points=${endpoints.former}\n`
  t.match(await stageOf(line).repointing().byHand(), [
    /^set scalar\.db\.contact_points=https:\/\/restored.* of release my-ledger \(Helm: in ledger\.ledgerProperties\)/,
    /^set scalar\.db\.password=what this prints: az cosmosdb keys list/,
    /rollout restart/,
  ])
})

/** Has a shell run what follows the first colon of each line; its `az` and `kubectl` keep what they are told. */
async function typed(t: Test, lines: readonly string[], held?: string) {
  const folder = await mkdtemp(join(tmpdir(), 'typed-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const program = async (name: string, body: string) => {
    await writeFile(join(folder, name), `#!/bin/sh\necho "$0 $*" >> ${folder}/words\n${body}\n`)
    await chmod(join(folder, name), 0o755)
  }
  await writeFile(join(folder, 'patches'), '')
  await program('az', `echo '${keys.restored}'`)
  await writeFile(join(folder, 'held'), Buffer.from(held ?? '').toString('base64'))
  // get gives what is held, create wraps its input as a Secret, patch keeps its patch
  await program(
    'kubectl',
    `case "$1" in
get) cat ${folder}/held ;;
create) for word; do case $word in --from-file=*) key=\${word#--from-file=}; key=\${key%%=*} ;; esac; done
  printf '{"kind":"Secret","data":{"%s":"%s"}}' "$key" "$(base64 -w0)" ;;
patch) case "$*" in *--patch-file*) cat ;; *) for word; do :; done; printf '%s' "$word" ;; esac >> ${folder}/patches
  echo >> ${folder}/patches ;;
esac`,
  )
  for (const line of lines) {
    const command = line.slice(line.indexOf(': ') + 2)
    await promisify(execFile)('bash', ['-c', command], { env: { PATH: `${folder}:/usr/bin:/bin` } }).catch(
      () => undefined,
    )
  }
  const patches = (await readFile(join(folder, 'patches'), 'utf8')).split('\n').filter((line) => line !== '')
  return {
    patches: patches.map((line) => JSON.parse(line) as { data?: Record<string, string>; stringData?: object }),
    words: await readFile(join(folder, 'words'), 'utf8'),
  }
}
