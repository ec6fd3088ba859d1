import t from 'tap'
import { twoDatabases } from '../../stand-ins/ledger/release/release-properties.ts'
import { pausedPods, until } from '../stage/gates.ts'
import { addLedger, openDatabaseStage, passwords, secret } from '../stage/ledger-stage.ts'
import { backupOf, pausedMs, recordOf, rowsOf } from '../stage/records.ts'
import { stopWriters } from '../stage/writers.ts'

// A release over two databases: one that we back up, and one that by its URL is YugabyteDB, whose protocol and tools
// are PostgreSQL's. The tool copies it inside the server, in the image of the server.

const variables = { username: 'HELM_SCALAR_DB_USERNAME', password: 'LEDGER_PASSWORD' }
const ours = twoDatabases('database:5432', ['ledger_a', 'ledger_b'], variables)
const stage = await openDatabaseStage('own-tool')
t.teardown(() => stage.close())
const { deployment } = await addLedger(stage, {
  replicas: 2,
  more: {
    properties: ours.replace('jdbc:postgresql://database:5432/ledger_b', 'jdbc:yugabytedb://database:5432/ledger_b'),
  },
})
await stage.apply([secret('own-tool', { PGHOST: 'database', PGUSER: 'postgres', PGPASSWORD: passwords.superuser })])
t.equal((await stage.scalardl(['install'])).code, 0)

const image = stage.images.postgresql
const to = ['--to', 'pvc://backups/ledger']
const tool = ['--exec-image', image, '--exec-secret', 'own-tool']
const shell = (script: string) => ['--', 'sh', '-ec', script]
const copies = `
  copy=copy_$SCALARDL_BACKUP
  psql -qc "CREATE DATABASE $copy" postgres
  pg_dump ledger_b | psql -q --set=ON_ERROR_STOP=1 $copy >/dev/null
  echo "$copy" >>"$SCALARDL_ARTEFACTS"
  echo "copied $SCALARDL_DATABASES"`
const putsBack = `
  read -r copy <"$SCALARDL_ARTEFACTS"
  psql -qc 'DROP DATABASE ledger_b WITH (FORCE)' -c 'CREATE DATABASE ledger_b OWNER scalar' postgres
  pg_dump "$copy" | psql -q --set=ON_ERROR_STOP=1 ledger_b >/dev/null`

t.test('doctor names the database that needs a tool', async (t) => {
  const run = await stage.scalardl(['doctor', 'my', ...to])
  t.equal(run.code, 0, run.stderr)
  t.match(run.stdout, /YugabyteDB at database:5432\/ledger_b/)
})

t.test('both are backed up in one window, ours by us, the other by the tool', async (t) => {
  const run = await stage.scalardl(['backup', 'my', ...to, '--name', 'point', ...tool, ...shell(copies)])
  t.equal(run.code, 0, run.stderr)
  t.match(run.stderr, /sh: copied YugabyteDB at database:5432\/ledger_b/)
  const record = await recordOf(stage, 'backup-point')
  t.match(record.windows, [{ verdict: 'valid' }])
  t.equal(record.windows.length, 1)
  t.ok(pausedMs(record) < 20_000, `paused for ${pausedMs(record)} ms`)
  t.match(backupOf(record), {
    state: 'restorable',
    databases: [{ kind: 'postgresql' }, { kind: 'other-database', details: { artefacts: ['copy_point'] } }],
    command: { phase: 'snapshot', runs: [{ window: 1, end: 'exit code 0', artefacts: ['copy_point'] }] },
  })
  const described = await stage.scalardl(['describe', 'backup', 'point'])
  t.match(described.stdout, /in pause 1: exit code 0; it made copy_point/)
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
  const nowhere = ['--exec-image', 'registry.invalid/tools:1', '--exec-secret', 'own-tool']
  const run = await stage.scalardl(['backup', 'my', ...to, '--name', 'unpulled', ...nowhere, ...shell('true')])
  t.equal(run.code, 1, run.stderr)
  t.match(run.stderr, /does not start: the image registry\.invalid\/tools:1/)
  t.match(run.stderr, /--exec-image/)
  t.strictSame(await pausedPods(stage), [])
})

/** Runs PostgreSQL's tools in the pod of the server. */
async function byTools(...script: string[]): Promise<void> {
  await stage.kubectl(['exec', 'database-0', '--', 'sh', '-ec', script.join('\n')])
}
const databaseUrl = (name: string) =>
  `"postgresql://postgres:${encodeURIComponent(passwords.superuser)}@127.0.0.1/${name}"`
const dumped = ['ledger_a', 'ledger_b'].map((name) => [databaseUrl(name), `/tmp/${name}.dump`] as const)

t.test('a tool between pause and unpause: its verdict and point are told, and what it made goes back', async (t) => {
  const pause = await stage.scalardl(['pause', 'my', '--name', 'bracket'])
  t.equal(pause.code, 0, pause.stderr)
  await byTools(...dumped.map(([url, file]) => `pg_dump --format=custom --file=${file} ${url}`))
  const unpause = await stage.scalardl(['unpause', 'my'])
  t.equal(unpause.code, 0, unpause.stderr)
  t.strictSame(await pausedPods(stage), [])
  const { windows } = await recordOf(stage, 'pause-bracket')
  const point = windows[0]?.restorePoint ?? 'no point'
  t.ok(unpause.stderr.includes(`restore point ${point}`), unpause.stderr)
  const described = await stage.scalardl(['describe', 'operation', 'pause-bracket'])
  t.ok(described.stdout.includes(point) && described.stdout.includes('valid'), described.stdout)

  await stage.kubectl(['exec', deployment, '--', 'node', '/app/main.mjs', 'damage'])
  await stopWriters(stage, deployment)
  t.notOk((await stage.check(deployment)).holds, 'the damage shows')
  await stage.kubectl(['scale', deployment, '--replicas=0'])
  await until('the release has stopped', async () => (await stage.pods('app.kubernetes.io/instance=my')).length === 0)
  await byTools(
    ...dumped.map(([url, file]) => `pg_restore --clean --if-exists --single-transaction --dbname=${url} ${file}`),
  )
  await stage.kubectl(['scale', deployment, '--replicas=2'])
  await stage.rolledOut(deployment)
  t.match(await stage.check(deployment), { holds: true })
})

t.test('a restore brings back both, and the two agree', async (t) => {
  const moved = rowsOf(backupOf(await recordOf(stage, 'backup-point')), 'checking', 'transfer')
  await stage.kubectl(['exec', deployment, '--', 'node', '/app/main.mjs', 'damage'])
  await stopWriters(stage, deployment)
  t.notOk((await stage.check(deployment)).holds, 'the damage shows')
  const admin = ['--database-secret', 'database-admin', '--name', 'back', '--yes']
  const bare = await stage.scalardl(['restore', 'point', ...admin])
  t.equal(bare.code, 2, 'without the tool it is refused')
  const run = await stage.scalardl(['restore', 'point', ...admin, ...tool, ...shell(putsBack)])
  t.equal(run.code, 0, run.stderr)
  t.match(run.stderr, /there is no way back/)
  t.match(await stage.check(deployment), {
    holds: true,
    details: { transfersChecking: moved, transfersSavings: moved },
  })
})
