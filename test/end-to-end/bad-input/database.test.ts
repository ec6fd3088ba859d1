import t from 'tap'
import { openLedgerStage, passwords, secret } from '../stage/ledger-stage.ts'
import { backupOf, recordOf } from '../stage/records.ts'
import { databaseNames, neverPaused, nothingLeft, refuses } from './refusal.ts'
import { halfDone, Volume } from '../stage/volume.ts'

/**
 * Databases that may not be used as asked, and dumps that are not what they were; all under Pod Security's strictest
 * level.
 */
const { stage, deployment } = await openLedgerStage('bad-database', {
  replicas: 2,
  labels: { 'pod-security.kubernetes.io/enforce': 'restricted' },
})
t.teardown(() => stage.close())
const volume = await Volume.of(stage, 'backups')

const to = ['--to', 'pvc://backups/ledger']
const asAdmin = ['--database-secret', 'database-admin']
const notBegun = /was not begun, nothing was touched/

/**
 * What a refused restore must leave: the same databases, pods that were never stopped, a volume without anything half
 * done.
 */
async function world(): Promise<{ databases: string[]; pods: string[]; entries: string[]; replicas: number }> {
  const pods = (
    await stage.kubectl([
      'get',
      'pods',
      '-l',
      'app.kubernetes.io/app=ledger',
      '-o',
      'jsonpath={.items[*].metadata.uid}',
    ])
  )
    .split(' ')
    .sort()
  const { spec } = await stage.get<{ spec: { replicas: number } }>([deployment])
  return { databases: await databaseNames(stage), pods, entries: await volume.entries(), replicas: spec.replicas }
}

t.test('under Pod Security restricted everything works', async (t) => {
  const commands = [
    ['doctor', 'my', ...to],
    ['pause', 'my', '--duration', '1s'],
    ['backup', 'my', ...to, '--name', 'good'],
    ['restore', 'good', ...asAdmin, '--name', 'first', '--drop-previous', '--yes'],
  ]
  for (const args of commands) {
    const run = await stage.scalardl(args)
    t.equal(run.code, 0, `${args[0]}: ${run.stderr}`)
  }
  t.strictSame(await databaseNames(stage), ['ledger_a', 'ledger_b', 'postgres', 'template0', 'template1'])
  await nothingLeft(t, stage)
})

t.test('a password that the server refuses', async (t) => {
  const before = await world()
  await stage.apply([secret('database-wrong', { username: 'scalar', password: 'wrong', hosts: 'database' })])
  const backup = await stage.scalardl([
    'backup',
    'my',
    ...to,
    '--name',
    'locked',
    '--database-secret',
    'database-wrong',
  ])
  const expected = {
    what: /postgresql:\/\/database:5432\/ledger_[ab]/,
    why: /refuses the password of user scalar/,
    next: /scalar\.db\.password.*--database-secret/,
  }
  refuses(t, backup, expected, 'backup')
  const restore = await stage.scalardl([
    'restore',
    'good',
    '--yes',
    '--name',
    'locked',
    '--database-secret',
    'database-wrong',
  ])
  refuses(t, restore, { ...expected, what: /cannot connect to|not begun/ }, 'restore')
  await neverPaused(t, stage, 'backup-locked')
  t.notOk((backup.stderr + backup.stdout).includes(passwords.scalar))
  t.strictSame(await world(), before)
  await nothingLeft(t, stage)
})

t.test("a restore with the release's own user, who may not create databases", async (t) => {
  const before = await world()
  const run = await stage.scalardl(['restore', 'good', '--yes', '--name', 'powerless'])
  refuses(t, run, {
    what: notBegun,
    why: /may not create and rename databases \(CREATEDB\)/,
    next: /--database-secret/,
  })
  t.strictSame(await world(), before)
  await nothingLeft(t, stage)
})

t.test('--pause never where only a pause is consistent', async (t) => {
  const run = await stage.scalardl(['backup', 'my', ...to, '--name', 'never', '--pause', 'never'])
  refuses(t, run, {
    code: 2,
    what: /without a pause would be inconsistent/,
    why: /spread over 2 databases/,
    next: /omit --pause/,
  })
  t.notOk((await volume.entries()).includes('ledger/never'))
  await nothingLeft(t, stage)
})

t.test('a dump with one byte flipped is found before anything is made or stopped', async (t) => {
  const before = await world()
  const data = before.entries.filter((path) => /^ledger\/good\/postgresql-\d\/rows\//.test(path))
  t.ok(data.length > 0, 'there is data to spoil')
  const [last = ''] = data.slice(-1)
  await volume.flipByte(last)
  const run = await stage.scalardl(['restore', 'good', ...asAdmin, '--yes', '--name', 'spoilt'])
  refuses(t, run, {
    what: /the backup of postgresql:\/\/database:5432\/ledger_[ab] is damaged/,
    why: /the content of \S+ has changed since the backup/,
    next: /another backup; the data in service has not been changed/,
  })
  t.match(run.stderr, /✖ verify/)
  t.notMatch(run.stderr, /^load$/m, 'no database was loaded')
  t.equal((await recordOf(stage, 'restore-spoilt')).restore?.serving, 'previous')
  t.strictSame(await world(), before)
  await nothingLeft(t, stage)

  await volume.flipByte(last)
  const healed = await stage.scalardl(['restore', 'good', ...asAdmin, '--yes', '--name', 'healed'])
  t.equal(healed.code, 0, healed.stderr)
})

t.test('nothing half done lies on the volume, and the good backup is still there', async (t) => {
  const entries = await volume.entries()
  t.strictSame(halfDone(entries), [])
  t.ok(entries.includes('ledger/good'))
  t.equal(backupOf(await recordOf(stage, 'backup-good')).state, 'restorable')
})
