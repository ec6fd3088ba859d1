import t from 'tap'
import { hurtOne, pausedPods, until } from '../stage/gates.ts'
import { Killer } from '../stage/killer.ts'
import { openLedgerStage } from '../stage/ledger-stage.ts'
import { backupOf, recordOf, rowsOf } from '../stage/records.ts'

const location = 'pvc://backups/ledger'
const { stage } = await openLedgerStage('cut-backup', { standIn: { STAND_IN_FILL_MB: '300' } })
t.teardown(() => stage.close())
const killer = new Killer(stage)
await killer.open()

/** One pod pauses and keeps its answer back until it is healed, so that all stay paused meanwhile. */
const slowPause = { delayMs: { Pause: 230_000 } }
/** Flags of an operation that waits for that answer. */
const patience = ['--max-pause', '5m', '--max-pause-wait', '4m']

/** @param flags in place of no retry */
async function begin(name: string, flags = ['--retries', '0']): Promise<string> {
  const command = ['backup', 'my', '--to', location, '--name', name, '--wait=false', ...patience, ...flags]
  await stage.succeeds(command)
  return `backup-${name}`
}

async function inPhase(operation: string, phase: string): Promise<void> {
  await until(`${operation} is in its phase ${phase}`, async () =>
    (await recordOf(stage, operation)).phases.some(({ name }) => name === phase),
  )
}

async function inPause(): Promise<void> {
  await until('all pods are paused', async () => (await pausedPods(stage)).length === 3)
}

t.test('a worker killed before its pause has a successor that makes the backup', async (t) => {
  const heal = await hurtOne(stage, { delayMs: { CheckPaused: 4000 } })
  const operation = await begin('before')
  const kill = await killer.aim(operation)
  await inPhase(operation, 'preflight')
  await kill()
  await heal()
  const wait = await stage.scalardl(['wait', operation])
  t.equal(wait.code, 0, wait.stderr)
  const record = await recordOf(stage, operation)
  t.match(record.windows, [{ verdict: 'valid' }])
  t.equal(record.windows.length, 1)
  t.equal(backupOf(record).state, 'restorable')
})

/** Heals the pod that keeps its answer to Pause back in the tests that follow. */
let heal = () => Promise.resolve()

t.test('a worker killed in its pause: the next one unpauses first, and the backup is unusable', async (t) => {
  heal = await hurtOne(stage, slowPause)
  const operation = await begin('during')
  await inPause()
  await killer.kill(operation)
  const wait = await stage.scalardl(['wait', operation])
  t.equal(wait.code, 3, wait.stderr)
  const record = await recordOf(stage, operation)
  t.match(record.windows, [{ verdict: 'void', reasons: [/worker was replaced/] }])
  t.match(backupOf(record), { state: 'unusable', reason: /worker was replaced/ })
  t.strictSame(await pausedPods(stage), [])
})

t.test('the next worker tries another pause, once by default', async (t) => {
  const operation = await begin('again', [])
  await inPause()
  await killer.kill(operation)
  await heal()
  const wait = await stage.scalardl(['wait', operation])
  t.equal(wait.code, 0, wait.stderr)
  const record = await recordOf(stage, operation)
  t.match(record.windows, [{ verdict: 'void' }, { verdict: 'valid' }])
  const backup = backupOf(record)
  t.equal(backup.state, 'restorable')
  t.equal(rowsOf(backup, 'checking', 'transfer'), rowsOf(backup, 'savings', 'transfer'))
  t.strictSame(await pausedPods(stage), [])
})

t.test(
  'a worker killed while it dumps: its snapshot is lost, the record says so, nothing stays on the volume',
  async (t) => {
    // However quick the machine is, the dump is still under way when the kill arrives.
    const operation = await begin('after', ['--retries', '0', '--limit-bandwidth', '5MB/s'])
    const kill = await killer.aim(operation)
    await inPhase(operation, 'dump')
    await kill()
    const wait = await stage.scalardl(['wait', operation])
    t.equal(wait.code, 3, wait.stderr)
    t.match(backupOf(await recordOf(stage, operation)), {
      state: 'unusable',
      reason: /snapshot/,
      databases: { length: 0 },
    })
    t.strictSame(await pausedPods(stage), [])
  },
)

t.test('a pod that is deleted mid-pause unpauses, and its successor goes on', async (t) => {
  heal = await hurtOne(stage, slowPause)
  const operation = await begin('drained', [])
  await inPause()
  const [pod] = await stage.pods(`job-name=scalardl-${operation}`)
  await stage.kubectl(['delete', 'pod', pod ?? '', '--wait=false'])
  // A kubelet takes a moment to ask a pod to go, and the pause must not end well in it.
  await until('its pause is void', async () =>
    (await recordOf(stage, operation)).windows.some(({ verdict }) => verdict === 'void'),
  )
  await heal()
  const wait = await stage.scalardl(['wait', operation])
  t.equal(wait.code, 0, wait.stderr)
  t.match((await recordOf(stage, operation)).windows, [{ verdict: 'void' }, { verdict: 'valid' }])
  t.strictSame(await pausedPods(stage), [])
})

t.test('cancel in the pause of a backup unpauses all', async (t) => {
  heal = await hurtOne(stage, slowPause)
  const operation = await begin('unwanted')
  await inPause()
  const cancel = await stage.scalardl(['cancel', operation])
  t.equal(cancel.code, 0, cancel.stderr)
  t.match(await recordOf(stage, operation), {
    state: 'cancelled',
    stillPaused: { length: 0 },
    backup: { state: 'unusable' },
  })
  await heal()
  t.strictSame(await pausedPods(stage), [])
})
