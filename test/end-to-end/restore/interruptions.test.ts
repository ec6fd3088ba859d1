import t from 'tap'
import { recordOf } from '../stage/records.ts'
import { until } from '../stage/gates.ts'
import { Killer } from '../stage/killer.ts'
import { damage, databases, occupy, openRestoreStage, replicasOf, untilBegun } from '../stage/restore-stage.ts'

const at = await openRestoreStage('cut-restore', 150)
const { stage, deployment, transfers } = at
t.teardown(() => stage.close())
const killer = new Killer(stage)
await killer.open()

async function begin(name: string, ...flags: string[]): Promise<string> {
  await stage.succeeds([
    'restore',
    'point',
    '--database-secret',
    'database-admin',
    '--name',
    name,
    '--yes',
    '--wait=false',
    ...flags,
  ])
  return `restore-${name}`
}

/** The operation comes to its end, and everything is as if nobody had been killed. */
async function endsWell(t: Tap, operation: string): Promise<void> {
  const wait = await stage.scalardl(['wait', operation])
  t.equal(wait.code, 0, wait.stderr)
  t.match(await recordOf(stage, operation), { state: 'succeeded', restore: { serving: 'restored' } })
  t.equal(await replicasOf(at), 3, 'as many pods as before')
  await stage.rolledOut(deployment)
  const verdict = await stage.check(deployment)
  t.strictSame(verdict.problems, [])
  t.equal(verdict.details.transfersChecking, transfers)
}
type Tap = Pick<typeof t, 'equal' | 'match' | 'strictSame'>

t.test('killed while it loads, then while it stops the release', async (t) => {
  const operation = await begin('first')
  const kill = await killer.aim(operation)
  await untilBegun(stage, operation, 'load ')
  await kill()
  t.notOk((await stage.check(deployment)).holds, 'the damaged data serves on')
  await untilBegun(stage, operation, 'note replicas')
  await killer.kill(operation)
  await endsWell(t, operation)
})

t.test('killed between the switch of one database and of the next, then while the release starts', async (t) => {
  await damage(at)
  const operation = await begin('second', '--drop-previous')
  await untilBegun(stage, operation, 'note replicas')
  const leave = await occupy(stage, 'ledger_b')
  const kill = await killer.aim(operation)
  await untilBegun(stage, operation, 'activate postgresql://database:5432/ledger_b')
  await kill()
  t.equal(await replicasOf(at), 0, 'nothing serves while the databases are of two moments')
  await leave()
  await until('the release is started', async () => (await replicasOf(at)) > 0)
  await killer.kill(operation)
  await endsWell(t, operation)
  t.notOk(
    (await databases(stage)).some((name) => name.startsWith('ledger_b_restore')),
    'what was loaded is in service',
  )
})

t.test('the pod deleted while the release is stopped: its successor goes on', async (t) => {
  await damage(at)
  const operation = await begin('third')
  await untilBegun(stage, operation, 'note replicas')
  await stage.kubectl(['delete', 'pod', '-l', `job-name=scalardl-${operation}`, '--wait=false'])
  await endsWell(t, operation)
})

t.test('cancel while it loads leaves the former data in service and nothing beside it', async (t) => {
  await damage(at)
  const [before, names] = [await stage.check(deployment), await databases(stage)]
  const operation = await begin('unwanted')
  await untilBegun(stage, operation, 'load ')
  const cancel = await stage.scalardl(['cancel', operation])
  t.equal(cancel.code, 0, cancel.stderr)
  t.match(await recordOf(stage, operation), { state: 'cancelled', restore: { serving: 'previous' } })
  t.equal(await replicasOf(at), 3)
  t.strictSame(await stage.check(deployment), before)
  t.strictSame(await databases(stage), names)
})
