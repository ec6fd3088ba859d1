import t from 'tap'
import { recordOf } from '../stage/records.ts'
import { databases, occupy, openRestoreStage, psql, replicasOf, untilBegun } from '../stage/restore-stage.ts'

const at = await openRestoreStage('cut-back', 0)
const { stage, deployment, transfers, damaged } = at
t.teardown(() => stage.close())

const restore = (target: string, ...flags: string[]) =>
  stage.scalardl(['restore', target, '--database-secret', 'database-admin', '--yes', ...flags])

async function serveDamaged(t: Tap): Promise<void> {
  t.equal(await replicasOf(at), 3)
  t.strictSame(await stage.check(deployment), damaged, 'the former data serves')
}

async function serveRestored(t: Tap): Promise<void> {
  const verdict = await stage.check(deployment)
  t.strictSame(verdict.problems, [])
  t.equal(verdict.details.transfersChecking, transfers)
}
type Tap = Pick<typeof t, 'equal' | 'strictSame'>

t.test('a session that nobody may end is found before anything is stopped', async (t) => {
  const leave = await occupy(stage, 'ledger_b')
  const run = await restore('point', '--name', 'occupied')
  await leave()
  t.equal(run.code, 1, run.stderr)
  t.match(run.stderr, /sessions of others.*postgres in database ledger_b.*stays/)
  t.match(run.stderr, /The data that was in service before serves again; nothing was changed/)
  t.notOk((await recordOf(stage, 'restore-occupied')).phases.some(({ name }) => name === 'stop'))
  await serveDamaged(t)
  t.strictSame(await databases(stage), ['ledger_a', 'ledger_b'], 'nothing is left beside them')
})

t.test('a database that cannot be switched: all databases are at the old point, and the error says so', async (t) => {
  const running = restore('point', '--name', 'blocked')
  await untilBegun(stage, 'restore-blocked', 'note replicas')
  const leave = await occupy(stage, 'ledger_b')
  const run = await running
  await leave()
  t.equal(run.code, 1, run.stderr)
  t.match(run.stderr, /ledger_b could not be switched/)
  t.match(run.stderr, /connected and could not be sent away: postgres .*stays/)
  t.match(run.stderr, /The data that was in service before serves again/)
  t.match(await recordOf(stage, 'restore-blocked'), { state: 'failed', restore: { serving: 'previous' } })
  await serveDamaged(t)
  t.strictSame(await databases(stage), ['ledger_a', 'ledger_b'], 'nothing is left beside them')
})

t.test('a user without the rights is refused before anything is touched', async (t) => {
  await psql(stage, 'ALTER ROLE admin NOCREATEDB')
  const run = await restore('point', '--name', 'no-rights')
  await psql(stage, 'ALTER ROLE admin CREATEDB')
  t.equal(run.code, 1, run.stderr)
  t.match(run.stderr, /nothing was touched/)
  await serveDamaged(t)
})

t.test('undo puts the former data back, and a restore can be made again after it', async (t) => {
  const first = await restore('point', '--name', 'there')
  t.equal(first.code, 0, first.stderr)
  t.match(first.stderr, /restore restore-there --undo --database-secret database-admin .*-n cut-back/)
  await serveRestored(t)

  const denied = await stage.scalardl(['restore', 'there', '--undo', '--yes', '--name', 'denied'])
  t.equal(denied.code, 1, denied.stderr)
  t.match(denied.stderr, /undo of restore-there was not begun, nothing was touched[^]*--database-secret/)
  t.match(denied.stderr.trimEnd().split('\n').at(-1), /^In service for my: what restore-there restored/)
  t.notOk((await recordOf(stage, 'undo-denied')).phases.some(({ name }) => name === 'stop'))
  await serveRestored(t)

  const undo = await restore('there', '--undo')
  t.equal(undo.code, 0, undo.stderr)
  await serveDamaged(t)
  t.match(await recordOf(stage, 'restore-there'), { restore: { serving: 'previous' } })

  const again = await restore('point', '--name', 'there-again')
  t.equal(again.code, 0, again.stderr)
  await serveRestored(t)
})

t.test('--drop-previous of a restore that was made removes what it kept, and there is no undo after it', async (t) => {
  t.ok((await databases(stage)).some((name) => name.includes('_before_')))
  const drop = await restore('there-again', '--drop-previous')
  t.equal(drop.code, 0, drop.stderr)
  t.notOk((await databases(stage)).some((name) => name.includes('_before_')))
  const undo = await restore('there-again', '--undo')
  t.not(undo.code, 0)
  await serveRestored(t)
})

t.test('a restore with --drop-previous keeps nothing beside itself', async (t) => {
  const names = await databases(stage)
  const run = await restore('point', '--name', 'straight', '--drop-previous')
  t.equal(run.code, 0, run.stderr)
  await serveRestored(t)
  t.strictSame(await databases(stage), names)
})

t.test('the name of a finished restore is refused', async (t) => {
  const run = await restore('point', '--name', 'straight')
  t.equal(run.code, 2)
  t.match(run.stderr, /the name "straight" is taken/)
})
