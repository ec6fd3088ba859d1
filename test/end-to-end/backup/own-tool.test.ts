import t, { type Test } from 'tap'
import { h2Port, h2Server } from '../../stand-ins/h2/objects.ts'
import { multiStorage } from '../../stand-ins/ledger/release/release-properties.ts'
import { blocksOf } from '../../unit/docs/fenced-blocks.ts'
import { pausedPods, until } from '../stage/gates.ts'
import { addLedger, openDatabaseStage, passwords, secret } from '../stage/ledger-stage.ts'
import { backupOf, pausedMs, recordOf, rowsOf } from '../stage/records.ts'
import { databases, damage, replicasOf } from '../stage/restore-stage.ts'
import { stopWriters } from '../stage/writers.ts'

// A release over two databases: one that we back up, and one of H2, which has tools of its own. They run as the page on
// such databases says.

const stage = await openDatabaseStage('own-tool')
t.teardown(() => stage.close())
const user = { name: 'scalar', password: passwords.scalar }
await stage.apply(
  h2Server({ name: 'h2', namespace: stage.namespace, image: stage.images.h2, databases: ['ledger_b'], user }),
)
await stage.rolledOut('statefulset/h2')
const url = `jdbc:h2:tcp://h2:${h2Port}/./ledger_b;DATABASE_TO_LOWER=TRUE`
const ledger = await addLedger(stage, {
  replicas: 2,
  more: {
    properties: multiStorage(
      [
        { name: 'a', server: 'database:5432', database: 'ledger_a', namespaces: ['scalar', 'coordinator', 'checking'] },
        {
          name: 'b',
          scheme: 'h2:tcp',
          server: `h2:${h2Port}`,
          database: './ledger_b;DATABASE_TO_LOWER=TRUE',
          namespaces: ['savings'],
        },
      ],
      { username: 'HELM_SCALAR_DB_USERNAME', password: 'LEDGER_PASSWORD' },
    ),
  },
})
const { deployment } = ledger
await stage.apply([secret('h2-tools', { H2_URL: url, H2_USER: user.name, H2_PASSWORD: user.password })])
await stage.succeeds(['install'])

const image = stage.images.h2
const to = ['--to', 'pvc://backups/ledger']
const tool = ['--exec-image', image, '--exec-secret', 'h2-tools']
const shell = (script: string) => ['--', 'sh', '-ec', script]
const scripts = blocksOf('docs/databases/others.md').filter(({ language }) => language === 'sh')

/** What the page has in a file of this name. */
function scriptOf(name: string): string {
  const found = scripts.find(({ text }) => text.startsWith(`# ${name}\n`))
  if (found === undefined) throw new Error(`the page has no ${name}`)
  return found.text
}

t.test('doctor names the database that needs a tool', async (t) => {
  const run = await stage.scalardl(['doctor', 'my', ...to])
  t.equal(run.code, 0, run.stderr)
  t.match(run.stdout, /H2 at h2:9092\/\.\/ledger_b/)
})

t.test('both are backed up in one window, ours by us, the other by the tool', async (t) => {
  const tells = `${scriptOf('backup.sh')}\necho "copied $SCALARDL_DATABASES"`
  const run = await stage.scalardl(['backup', 'my', ...to, '--name', 'point', ...tool, ...shell(tells)])
  t.equal(run.code, 0, run.stderr)
  t.match(run.stderr, /sh: copied H2 at h2:9092\/\.\/ledger_b/)
  const record = await recordOf(stage, 'backup-point')
  t.match(record.windows, [{ verdict: 'valid' }])
  t.equal(record.windows.length, 1)
  t.ok(pausedMs(record) < 20_000, `paused for ${pausedMs(record)} ms`)
  const artefacts = ['/var/lib/h2/backups/point.zip']
  t.match(backupOf(record), {
    state: 'restorable',
    databases: [{ kind: 'postgresql' }, { kind: 'other-database', details: { artefacts } }],
    command: { phase: 'snapshot', runs: [{ window: 1, end: 'exit code 0', artefacts }] },
  })
  const described = await stage.scalardl(['describe', 'backup', 'point'])
  t.match(described.stdout, /in pause 1: exit code 0; it made \/var\/lib\/h2\/backups\/point\.zip/)
})

t.test('what fails, hangs or takes too much memory leaves an unusable backup, and every server serves', async (t) => {
  for (const [name, script, why, flags] of [
    ['fails', 'exit 1', /sh, your own tool, failed.*\n.*exit code 1/, []],
    ['hangs', 'sleep 600', /it took longer than 3\.0 s/, ['--exec-timeout', '3s']],
    ['grows', 'tail /dev/zero', /exit code 137|started anew/, ['--exec-limits', 'memory=64Mi']],
  ] as const) {
    const run = await stage.scalardl(['backup', 'my', ...to, '--name', name, ...tool, ...flags, ...shell(script)])
    t.equal(run.code, 3, run.stderr)
    t.match(run.stderr, why)
    t.equal(backupOf(await recordOf(stage, `backup-${name}`)).state, 'unusable')
    t.strictSame(await pausedPods(stage), [])
  }
})

t.test('an image that cannot be pulled is refused before anything is paused', async (t) => {
  const nowhere = ['--exec-image', 'registry.invalid/tools:1', '--exec-secret', 'h2-tools']
  const run = await stage.scalardl(['backup', 'my', ...to, '--name', 'unpulled', ...nowhere, ...shell('true')])
  t.equal(run.code, 1, run.stderr)
  t.match(run.stderr, /does not start: the image registry\.invalid\/tools:1/)
  t.match(run.stderr, /--exec-image/)
  t.strictSame(await pausedPods(stage), [])
})

/** Runs PostgreSQL's tools in the pod of the server. */
async function byPostgresql(...command: string[]): Promise<void> {
  await stage.kubectl(['exec', 'database-0', '--', ...command])
}
const ledgerA = `postgresql://postgres:${encodeURIComponent(passwords.superuser)}@127.0.0.1/ledger_a`

/** Runs one of H2's tools in the pod of the server. */
async function byH2(name: string, ...options: string[]): Promise<void> {
  const program = ['java', '-cp', '/opt/h2/h2.jar', `org.h2.tools.${name}`]
  const login = ['-url', url, '-user', user.name, '-password', user.password]
  await stage.kubectl(['exec', 'h2-0', '--', ...program, ...login, ...options])
}
const ledgerB = ['-script', '/var/lib/h2/backups/bracket.sql']

t.test('a tool between pause and unpause: its verdict and point are told, and what it made goes back', async (t) => {
  const pause = await stage.scalardl(['pause', 'my', '--name', 'bracket'])
  t.equal(pause.code, 0, pause.stderr)
  await byPostgresql('pg_dump', '--format=custom', '--file=/tmp/ledger_a.dump', ledgerA)
  await byH2('Script', ...ledgerB)
  const unpause = await stage.scalardl(['unpause', 'my'])
  t.equal(unpause.code, 0, unpause.stderr)
  t.strictSame(await pausedPods(stage), [])
  const { windows } = await recordOf(stage, 'pause-bracket')
  const point = windows[0]?.restorePoint ?? 'no point'
  t.ok(unpause.stderr.includes(`restore point ${point}`), unpause.stderr)
  const described = await stage.scalardl(['describe', 'operation', 'pause-bracket'])
  t.ok(described.stdout.includes(point) && described.stdout.includes('valid'), described.stdout)

  await damage(ledger)
  await stopWriters(stage, deployment)
  t.notOk((await stage.check(deployment)).holds, 'the damage shows')
  await stage.kubectl(['scale', deployment, '--replicas=0'])
  await until('the release has stopped', async () => (await stage.pods('app.kubernetes.io/instance=my')).length === 0)
  const replacing = ['--clean', '--if-exists', '--single-transaction']
  await byPostgresql('pg_restore', ...replacing, `--dbname=${ledgerA}`, '/tmp/ledger_a.dump')
  await byH2('Shell', '-sql', 'DROP ALL OBJECTS')
  await byH2('RunScript', ...ledgerB)
  await stage.kubectl(['scale', deployment, '--replicas=2'])
  await stage.rolledOut(deployment)
  t.match(await stage.check(deployment), { holds: true })
})

/** Restores the point over data that was damaged. */
const restore = (name: string, ...more: string[]) =>
  stage.scalardl(['restore', 'point', '--database-secret', 'database-admin', '--name', name, '--yes', ...more])

async function holdsThePoint(t: Pick<Test, 'match'>): Promise<void> {
  const moved = rowsOf(backupOf(await recordOf(stage, 'backup-point')), 'checking', 'transfer')
  t.match(await stage.check(deployment), {
    holds: true,
    details: { transfersChecking: moved, transfersSavings: moved },
  })
}

t.test('a tool that fails in a restore leaves the release stopped; the next restore brings back both', async (t) => {
  await damage(ledger)
  t.notOk((await stage.check(deployment)).holds, 'the damage shows')
  const bare = await restore('bare')
  t.equal(bare.code, 2, 'without the tool it is refused')
  const failed = await restore('failed', ...tool, ...shell('exit 1'))
  t.equal(failed.code, 1, failed.stderr)
  t.match(failed.stderr, /sh, your own tool, failed[^]*exit code 1/)
  t.match(failed.stderr, /nothing writes while the releases stay scaled to 0[^]*with --replicas N/)
  t.match(await recordOf(stage, 'restore-failed'), { state: 'failed', restore: { serving: 'nothing' } })
  t.equal(await replicasOf(ledger), 0)
  const left = (await databases(stage)).filter((name) => name.startsWith('ledger_a_restore_'))
  t.strictSame(left, [], 'what was loaded is gone')

  const run = await restore('again', '--replicas', '2', ...tool, ...shell(scriptOf('restore.sh')))
  t.equal(run.code, 0, run.stderr)
  t.match(run.stderr, /there is no way back/)
  t.equal(await replicasOf(ledger), 2)
  await holdsThePoint(t)
})
