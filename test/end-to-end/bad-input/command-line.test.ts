import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { newRecord, type OperationRecord } from '../../../operation/record.ts'
import { isSignable } from '../../../operation/signature/trust.ts'
import { recordHash } from '../../../operation/signature/signed-text.ts'
import { formatVersion } from '../../../operation/version.ts'
import { ledgerRelease } from '../../stand-ins/ledger/release/objects.ts'
import { singleStorage } from '../../stand-ins/ledger/release/release-properties.ts'
import { refuses, type Expected } from './refusal.ts'
import { ground, Stage } from '../stage/stage.ts'

/** What is found out without a pod: nothing may be made in the cluster for it. */
const stage = new Stage('bad-line', ground())
await stage.open()
t.teardown(() => stage.close())

const properties = singleStorage(
  { server: 'database:5432', database: 'ledger_a' },
  { username: 'HELM_SCALAR_DB_USERNAME', password: 'HELM_SCALAR_DB_PASSWORD' },
)
const release = ledgerRelease({
  release: 'my',
  namespace: 'bad-line',
  replicas: 0,
  properties,
  database: { username: 'scalar', password: 'secret' },
})
await stage.apply(release.objects)

const folder = await mkdtemp(join(tmpdir(), 'bad-line-'))
t.teardown(() => rm(folder, { recursive: true }))

/** The record of a backup that another cluster made. */
const record: OperationRecord = {
  ...newRecord({
    operation: 'backup-nightly',
    kind: 'backup',
    namespace: 'bad-line',
    releases: ['my'],
    createdAt: '2026-11-21T09:00:00.000Z',
    plugin: '0.1.0',
  }),
  state: 'succeeded',
  finishedAt: '2026-11-21T09:01:00.000Z',
  exitCode: 0,
  backup: {
    name: 'nightly',
    state: 'restorable',
    restorePoint: '2026-11-21T09:00:30.000Z',
    location: 'pvc://backups/my/nightly',
    databases: [],
  },
}

async function file(name: string, content: OperationRecord): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, JSON.stringify(content))
  return path
}

t.test('what cannot be understood is a usage error that says what would be', async (t) => {
  const backup = ['backup', 'my', '--to', 'pvc://backups/my']
  const cases: [string[], Omit<Expected, 'code'>][] = [
    [['bakup', 'my'], { what: /does not know "bakup"/, why: /no command/, next: /did you mean "backup"/ }],
    [
      [...backup, '--pasue', 'never'],
      { what: /backup does not know --pasue/, why: /no such flag/, next: /did you mean "--pause"/ },
    ],
    [
      [...backup, '--pause', 'sometimes'],
      { what: /--pause cannot be "sometimes"/, why: /one of auto, always or never/, next: /backup --help/ },
    ],
    [['backup'], { what: /backup needs RELEASE/, why: /does not name it/, next: /backup --help/ }],
    [
      ['backup', 'my', '--to', 'gs://bucket/my'],
      { what: /not a storage location/, why: /"gs" is not known/, next: /pvc:\/\/CLAIM/ },
    ],
    [[...backup, '--name', 'Not_A_Name'], { what: /"Not_A_Name" cannot be a name/, why: /lower-case/, next: /--name/ }],
    [[...backup, '--max-pause-wait', '5'], { what: /"5" is not a duration/, why: /a number with a unit/, next: /10s/ }],
    [[...backup, '--timeout', 'soon'], { what: /"soon" is not a duration/, why: /a number with a unit/, next: /10s/ }],
    [[...backup, '--admin-port', '70000'], { what: /--admin-port/, why: /not a port/, next: /65535/ }],
    [
      [...backup, '--tls-ca-file', join(folder, 'none.pem')],
      { what: /--tls-ca-file cannot be read/, why: /ENOENT/, next: /PEM/ },
    ],
    [
      ['pause', 'my', '--duration', '10s', '--max-pause', '10s', '--max-pause-wait', '5s'],
      { what: /--duration 10s cannot be kept/, why: /--max-pause 10s would end/, next: /longer --max-pause/ },
    ],
    [['pause'], { what: /no release is named/, why: /neither a release nor an address/, next: /status/ }],
  ]
  const runs = await Promise.all(
    cases.map(async ([args, expected]) => ({ args, expected, run: await stage.scalardl(args) })),
  )
  for (const { args, expected, run } of runs) refuses(t, run, { ...expected, code: 2 }, args.join(' '))
})

t.test('an unknown release is refused with those that there are', async (t) => {
  const expected = {
    what: /"mi" was not found in namespace bad-line/,
    why: /the releases there are my \(ScalarDL Ledger\)/,
    next: /-n/,
  }
  refuses(t, await stage.scalardl(['backup', 'mi', '--to', 'pvc://backups/my']), expected, 'backup')
  refuses(t, await stage.scalardl(['pause', 'mi']), expected, 'pause')
})

t.test('a release that stands at 0 has nothing to pause', async (t) => {
  const expected = {
    what: /release "my" has no pods/,
    why: /my-scalardl-ledger stands at 0 replicas/,
    next: /scale it up/,
  }
  refuses(t, await stage.scalardl(['backup', 'my', '--to', 'pvc://backups/my']), expected, 'backup')
  refuses(t, await stage.scalardl(['pause', 'my']), expected, 'pause')
  const doctor = await stage.scalardl(['doctor', 'my'])
  t.equal(doctor.code, 1)
  t.match(doctor.stdout, /✖ pods, my.*none\n.*scale the release up/)
})

t.test('what destroys something is declined without a terminal and without --yes, also with -o json', async (t) => {
  t.equal((await stage.scalardl(['import', '-f', await file('nightly.json', record)])).code, 0)
  refuses(
    t,
    await stage.scalardl(['restore', 'nightly']),
    { what: /"backups" is not there|ServiceAccount/, why: /none/, next: /install|make it/ },
    'restore before install',
  )
  t.equal((await stage.scalardl(['install'])).code, 0)
  const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } }
  await stage.apply([{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'backups' }, spec: claim }])
  if (!isSignable(record)) throw new Error('it has a backup')
  const trust = ['--trusted-record', recordHash(record)]
  for (const command of [
    ['restore', 'nightly'],
    ['delete', 'backup', 'nightly'],
  ])
    refuses(t, await stage.scalardl([...command, '--yes']), {
      code: 4,
      what: /backup-nightly is not signed/,
      why: /whoever may write ConfigMaps/,
      next: new RegExp(trust.join(' ')),
    })
  for (const more of [trust, [...trust, '-o', 'json']]) {
    const restore = await stage.scalardl(['restore', 'nightly', ...more])
    refuses(t, restore, { code: 4, what: /restoring nightly was not begun/, why: /not a terminal/, next: /--yes/ })
    t.match(restore.stderr, /What is lost/, 'the plan was shown')
    const deletion = await stage.scalardl(['delete', 'backup', 'nightly', ...more])
    refuses(t, deletion, {
      code: 4,
      what: /deleting backup nightly was not begun/,
      why: /not a terminal/,
      next: /--yes/,
    })
  }
  t.equal((await stage.scalardl(['export', 'backup', 'nightly'])).code, 0, 'it is still there')
})

t.test('a record of a newer version is refused, wherever it is, and stays', async (t) => {
  const newer = { ...record, version: formatVersion + 1 }
  const expected = {
    what: /cannot be read/,
    why: new RegExp(`format version ${formatVersion + 1}.* up to ${formatVersion}`),
    next: /newer kubectl-scalardl/,
  }
  refuses(t, await stage.scalardl(['import', '-f', await file('newer.json', newer)]), expected, 'import')
  const name = 'scalardl-backup-nightly.record'
  await stage.kubectl([
    'patch',
    'configmap',
    name,
    '--type=merge',
    '-p',
    JSON.stringify({ data: { 'record.json': JSON.stringify(newer) } }),
  ])
  refuses(t, await stage.scalardl(['restore', 'nightly', '--yes']), expected, 'restore')
  refuses(t, await stage.scalardl(['describe', 'backup', 'nightly']), expected, 'describe')
  refuses(
    t,
    await stage.scalardl(['delete', 'backup', 'nightly', '--yes']),
    { ...expected, what: /cannot be deleted/ },
    'delete',
  )
  const list = await stage.scalardl(['get', 'backups'])
  t.equal(list.code, 0, 'one that cannot be read does not hide the others')
  t.match(list.stdout, /nightly\s+-\s+unreadable/)
  const { data } = await stage.get<{ data: Record<string, string> }>(['configmap', name])
  t.strictSame(JSON.parse(data['record.json'] ?? ''), newer, 'the record is as it was')
})

t.test('none of all that made anything in the cluster', async (t) => {
  t.equal(await stage.kubectl(['get', 'jobs,leases,pods', '-o', 'name']), '')
})
