import { execFile } from 'node:child_process'
import { symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { parse, parseAllDocuments } from 'yaml'
import type { WorkerEvent } from '../../operation/event.ts'
import { parseRecord } from '../../operation/record.ts'
import { programVersion } from '../../operation/version.ts'
import { projectFolder } from '../../build/project.ts'
import { addLedger, openDatabaseStage } from './stage/ledger-stage.ts'
import { backupOf, recordOf } from './stage/records.ts'
import { ground } from './stage/stage.ts'
import { stopWriters } from './stage/writers.ts'

const location = 'pvc://backups/records'
const stage = await openDatabaseStage('kind-records')
t.teardown(() => stage.close())
const { deployment } = await addLedger(stage, { storage: 'single', replicas: 1, standIn: { STAND_IN_WORKERS: '1' } })

interface Installed {
  kind: string
  metadata: { name: string; uid: string; resourceVersion: string; managedFields?: unknown }
}

const installed = async (): Promise<Installed[]> => {
  const { items } = await stage.get<{ items: Installed[] }>([
    'serviceaccount,role,rolebinding',
    '-l',
    'app.kubernetes.io/managed-by=kubectl-scalardl',
  ])
  return items
}
/** Names of whatever an operation has in the namespace. */
const traces = async (operation: string): Promise<string> =>
  stage.kubectl([
    'get',
    'configmaps,jobs,pods,leases',
    '-l',
    `kubectl-scalardl.dev/operation=${operation}`,
    '-o',
    'name',
  ])

t.test('install for GitOps prints what install applies', async (t) => {
  const printed = await stage.scalardl(['install', '--dry-run=client', '-o', 'yaml'])
  t.equal(printed.code, 0, printed.stderr)
  t.strictSame(await installed(), [], 'a dry run makes nothing')
  const applied = await stage.scalardl(['install', '-o', 'yaml'])
  t.equal(applied.code, 0, applied.stderr)
  t.equal(applied.stdout, printed.stdout)
  t.match(applied.stderr, /signed by key SHA256:/)
  t.notMatch(applied.stdout + applied.stderr, /PRIVATE/)

  const before = await installed()
  t.strictSame(before.map(({ kind }) => kind).toSorted(), ['Role', 'RoleBinding', 'ServiceAccount'])
  t.equal(parseAllDocuments(printed.stdout).length, 3)
  const apply = ['apply', '--server-side', '--field-manager=kubectl-scalardl', '-f', '-', '-o', 'json']
  const { items } = JSON.parse(await stage.kubectl([...apply, '--dry-run=server'], printed.stdout)) as {
    items: Installed[]
  }
  const versions = (objects: Installed[]): string[] =>
    objects.map(({ kind, metadata }) => `${kind} ${metadata.uid} ${metadata.resourceVersion}`).toSorted()
  t.strictSame(versions(items), versions(before), 'kubectl finds nothing to change in it')
})

t.test('a backup that nobody follows is waited for, and its log read afterwards', async (t) => {
  const made = await stage.scalardl([
    'backup',
    'my',
    '--to',
    location,
    '--name',
    'one',
    '--pause',
    'always',
    '--wait=false',
  ])
  t.equal(made.code, 0, made.stderr)
  t.equal(made.stdout, 'backup-one\n')
  const waited = await stage.scalardl(['wait', 'backup-one'])
  t.equal(waited.code, 0, waited.stderr)
  const logs = await stage.scalardl(['logs', 'backup-one'])
  t.equal(logs.code, 0, logs.stderr)
  t.match(logs.stdout, /preflight[\s\S]*pause[\s\S]*dump[\s\S]*publish/)
  const raw = await stage.scalardl(['logs', 'backup-one', '--no-follow', '--raw'])
  const codes = raw.stdout
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as WorkerEvent).code)
  t.ok(codes.includes('phase'), 'every line is an event')
  t.equal((await stage.scalardl(['backup', 'my', '--to', location, '--name', 'two'])).code, 0)
})

t.test('get lists backups in every format', async (t) => {
  const table = await stage.scalardl(['get', 'backups'])
  t.match(
    table.stdout,
    /^NAME +RELEASES +STATE +RESTORE POINT +SIZE +AGE\none +my +restorable +2\S+ +\S+ \S+ +\S+\ntwo /,
  )
  const wide = await stage.scalardl(['get', 'backups', '-o', 'wide'])
  t.match(wide.stdout, /yes +pvc:\/\/backups\/records\/one[\s\S]*no +pvc:\/\/backups\/records\/two/)
  t.match(wide.stdout, /SIGNED BY\none .* SHA256:\S+\ntwo .* SHA256:\S+\n/)
  t.equal((await stage.scalardl(['get', 'backups', '-o', 'name'])).stdout, 'backup/one\nbackup/two\n')
  const names = (document: unknown): string[] =>
    (document as { items: { backup: { name: string } }[] }).items.map(({ backup }) => backup.name)
  t.strictSame(names(JSON.parse((await stage.scalardl(['get', 'backups', '-o', 'json'])).stdout)), ['one', 'two'])
  t.strictSame(names(parse((await stage.scalardl(['get', 'backups', '-o', 'yaml'])).stdout)), ['one', 'two'])
  t.strictSame(
    parseRecord((await stage.scalardl(['get', 'backup', 'one', '-o', 'json'])).stdout, 'stdout'),
    await recordOf(stage, 'backup-one'),
  )
  const none = await stage.scalardl(['get', 'backup', 'three'])
  t.equal(none.code, 1)
  t.match(none.stderr, /there is no backup "three"[\s\S]*the latest there: one, two$/m)
})

t.test('describe draws what happened when', async (t) => {
  const { stdout, code } = await stage.scalardl(['describe', 'backup', 'one'])
  t.equal(code, 0)
  t.match(
    stdout,
    /Time line[\s\S]*preflight[\s\S]*▸ paused[\s\S]*dump[\s\S]*Verdict: +valid[\s\S]*checking\.transfer +\d+/,
  )
})

t.test('an exported record brings back a forgotten backup, which can be restored', async (t) => {
  const file = join(t.testdir(), 'one.json')
  t.equal((await stage.scalardl(['export', 'backup', 'one', '-f', file])).code, 0)
  const before = await recordOf(stage, 'backup-one')
  const refused = await stage.scalardl(['delete', 'backup', 'one', '--keep-data'])
  t.equal(refused.code, 4, 'nobody agreed')
  const forgotten = await stage.scalardl(['delete', 'backup', 'one', '--keep-data', '--yes'])
  t.equal(forgotten.code, 0, forgotten.stderr)
  t.equal(await traces('backup-one'), '')

  const imported = await stage.scalardl(['import', '-f', file])
  t.equal(imported.code, 0, imported.stderr)
  t.strictSame(await recordOf(stage, 'backup-one'), before)
  await stage.kubectl(['exec', deployment, '--', 'node', '/app/main.mjs', 'damage'])
  await stopWriters(stage, deployment)
  const restored = await stage.scalardl([
    'restore',
    'one',
    '--name',
    'records',
    '--database-secret',
    'database-admin',
    '--yes',
  ])
  t.equal(restored.code, 0, restored.stderr)
  t.strictSame((await stage.check(deployment)).problems, [])
})

t.test('the record beside the data brings it back as well', async (t) => {
  const before = await recordOf(stage, 'backup-two')
  t.equal((await stage.scalardl(['delete', 'backup', 'two', '--keep-data', '--yes'])).code, 0)
  const imported = await stage.scalardl(['import', `${location}/two`])
  t.equal(imported.code, 0, imported.stderr)
  t.strictSame(backupOf(await recordOf(stage, 'backup-two')), backupOf(before))
})

t.test('Tab completes the names that there are', async (t) => {
  const { executable, kubectl, kubeconfig, context } = ground()
  const folder = t.testdir()
  symlinkSync(executable, join(folder, 'kubectl-scalardl'))
  const env = { ...process.env, PATH: `${folder}:${process.env['PATH'] ?? ''}`, KUBECONFIG: kubeconfig }
  await promisify(execFile)('kubectl-scalardl', ['completion', 'install'], { env })
  const complete = async (...words: string[]): Promise<string[]> => {
    const { stdout } = await promisify(execFile)(
      kubectl,
      ['__complete', 'scalardl', '--context', context, '-n', stage.namespace, ...words],
      { env },
    )
    return stdout.split('\n').map((line) => line.split('\t')[0] ?? '')
  }
  t.match(await complete('describe', 'backup', ''), ['two', 'one', ':4'])
  t.match(await complete('backup', ''), ['my', ':4'])
  t.match(await complete('restore', 'o'), ['one', ':4'])
  t.match(await complete('logs', 'backup-t'), ['backup-two', ':4'])
})

t.test('delete removes the data, then the record, once no restore needs them to go back', async (t) => {
  const refused = await stage.scalardl(['delete', 'backup', 'one', '--yes'])
  t.equal(refused.code, 1)
  t.match(
    refused.stderr,
    /restore-records kept the data that was in service before[\s\S]*restore restore-records --drop-previous/,
  )
  const dropped = await stage.scalardl([
    'restore',
    'restore-records',
    '--drop-previous',
    '--database-secret',
    'database-admin',
    '--yes',
  ])
  t.equal(dropped.code, 0, dropped.stderr)
  const deleted = await stage.scalardl(['delete', 'backup', 'one', '--yes'])
  t.equal(deleted.code, 0, deleted.stderr)
  t.equal(await traces('backup-one'), '')
  const imported = await stage.scalardl(['import', `${location}/one`])
  t.equal(imported.code, 1)
  t.match(imported.stderr, /no backup at pvc:\/\/backups\/records\/one/)
  t.equal((await stage.scalardl(['get', 'backups', '-o', 'name'])).stdout, 'backup/two\n')
})

t.test('version needs no cluster', async (t) => {
  const file = join(t.testdir(), 'kubeconfig')
  writeFileSync(file, 'not a kubeconfig')
  const { stdout } = await promisify(execFile)(ground().executable, ['version', '-o', 'json'], {
    env: { ...process.env, KUBECONFIG: file },
  })
  t.equal((JSON.parse(stdout) as { version: string }).version, programVersion)
})

t.test('uninstall leaves nothing of what install made', async (t) => {
  const run = await stage.scalardl(['uninstall'])
  t.equal(run.code, 0, run.stderr)
  t.strictSame(await installed(), [])
  const again = await stage.scalardl(['uninstall'])
  t.match(again, { code: 0, stderr: /nothing called kubectl-scalardl is installed/ })
  t.equal((await stage.scalardl(['get', 'backups', '-o', 'name'])).stdout, 'backup/two\n', 'records stay')
})

t.test('plain kubectl applies the installation and what a dry run prints', async (t) => {
  await stage.kubectl(['apply', '-k', join(projectFolder, 'manifests/install')])
  t.strictSame((await installed()).map(({ kind }) => kind).toSorted(), ['Role', 'RoleBinding', 'ServiceAccount'])
  const flags = ['--to', location, '--name', 'applied', '--pause', 'always']
  const printed = await stage.scalardl(['backup', 'my', ...flags, '--dry-run=client', '-o', 'yaml'])
  t.equal(printed.code, 0, printed.stderr)
  await stage.kubectl(['apply', '-f', '-'], printed.stdout)
  const waited = await stage.scalardl(['wait', 'backup-applied'])
  t.equal(waited.code, 0, waited.stderr)
  t.equal((await recordOf(stage, 'backup-applied')).backup?.state, 'restorable')
})
