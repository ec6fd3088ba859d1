import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { jobName } from '../../operation/names.ts'
import { instanceLabel } from '../../operation/product.ts'
import { newRecord, type OperationRecord } from '../../operation/record.ts'
import { recordHash, type SignedRecord } from '../../operation/signature/signed-text.ts'
import { pausedPods, until } from './stage/gates.ts'
import { Killer } from './stage/killer.ts'
import { openLedgerStage } from './stage/ledger-stage.ts'
import { asSomebodyElse } from './stage/port-forward.ts'
import { pausedMs, recordOf } from './stage/records.ts'

const { stage } = await openLedgerStage('cut-pause')
t.teardown(() => stage.close())
const killer = new Killer(stage)
await killer.open()

t.test('a pause for a while ends by itself and proves what it is worth', async (t) => {
  const run = await stage.scalardl(['pause', 'my', '--duration', '3s', '--name', 'while'])
  t.equal(run.code, 0, run.stderr)
  const record = await recordOf(stage, 'pause-while')
  t.match(record.windows, [{ verdict: 'valid' }])
  t.ok(pausedMs(record) >= 3000)
  t.strictSame(await pausedPods(stage), [])
})

/** What `restore --at` would do with a backup of DynamoDB. */
async function planAt(at: string, word: readonly string[] = []): Promise<string> {
  const tables = [{ name: 'scalar.asset', id: 'id-of-asset' }]
  const record: OperationRecord & SignedRecord = {
    ...newRecord({
      operation: 'backup-of-dynamodb',
      kind: 'backup',
      namespace: 'anywhere',
      releases: ['my'],
      createdAt: '2025-11-20T09:30:00.000Z',
      plugin: '0.1.0',
    }),
    state: 'succeeded',
    backup: {
      name: 'of-dynamodb',
      state: 'restorable',
      restorePoint: '2025-11-20T09:30:00.000Z',
      databases: [
        {
          storages: ['my/default'],
          kind: 'dynamodb',
          title: 'dynamodb://eu-west-1',
          tables: [{ schema: 'scalar', name: 'asset' }],
          snapshotAt: '2025-11-20T09:30:00.000Z',
          details: { region: 'eu-west-1', prefix: '', metadataNamespace: 'scalardb', tables },
        },
      ],
    },
  }
  const folder = mkdtempSync(join(tmpdir(), 'record-'))
  const file = join(folder, 'record.json')
  writeFileSync(file, JSON.stringify(record))
  const trust = ['--trusted-record', recordHash(record)]
  await stage.succeeds(['import', '-f', file, ...trust])
  rmSync(folder, { recursive: true })
  const plan = await stage.succeeds(['restore', 'of-dynamodb', '--at', at, '--dry-run=client', ...trust, ...word])
  return plan.stderr
}

t.test('a pause without a duration is held until unpause', async (t) => {
  const run = await stage.scalardl(['pause', 'my', '--name', 'held'])
  t.equal(run.code, 0, run.stderr)
  t.match(run.stderr, /paused until `kubectl scalardl unpause my/)
  t.equal((await pausedPods(stage)).length, 3)

  // here the operator takes a backup
  await sleep(2500)
  const unpause = await stage.scalardl(['unpause', 'my'])
  t.equal(unpause.code, 0, unpause.stderr)
  t.strictSame(await pausedPods(stage), [])
  const { windows } = await recordOf(stage, 'pause-held')
  t.match(windows, [{ verdict: 'valid', reasons: { length: 0 }, restorePoint: String }])
  const point = windows[0]?.restorePoint ?? ''
  t.ok(unpause.stderr.includes(`restore point ${point}`), unpause.stderr)
  const wait = await stage.scalardl(['wait', 'pause-held'])
  t.equal(wait.code, 0, wait.stderr)
  t.ok(wait.stderr.includes(`the pause is valid, restore point ${point}`), wait.stderr)

  const plan = await planAt(point)
  t.ok(plan.includes(`Restore of backup of-dynamodb to ${point}`), plan)
  t.match(plan, /proven by pause-held/)
})

t.test('a pause of another tool proves what a person attests', async (t) => {
  const window = '2025-11-21T09:30:00.123Z/1763717410.456'
  const run = await stage.scalardl(['import', '--window', window, '--release', 'my', '--name', 'theirs'])
  t.equal(run.code, 0, run.stderr)
  t.match(run.stderr, /restore point 2025-11-21T09:30:05.000Z/)
  const word = ['--trusted-record', recordHash(await recordOf(stage, 'pause-theirs'))]
  t.match(await planAt('2025-11-21T18:30:05+09:00', word), /proven by pause-theirs, .*; attested by /)
  t.match(await planAt('2025-11-21T09:31:00Z'), /UNPROVEN/)
})

t.test('unpause ends a pause of a fixed time before its time, and it is worth as much', async (t) => {
  t.equal((await stage.scalardl(['pause', 'my', '--name', 'short', '--duration', '4m', '--wait=false'])).code, 0)
  await until('all are paused', async () => (await pausedPods(stage)).length === 3)
  const unpause = await stage.scalardl(['unpause', 'my'])
  t.equal(unpause.code, 0, unpause.stderr)
  t.match(await recordOf(stage, 'pause-short'), { windows: [{ verdict: 'valid' }] })
})

t.test('with --force the pause ends at once, and both say that it proves nothing', async (t) => {
  t.equal((await stage.scalardl(['pause', 'my', '--name', 'forced'])).code, 0)
  const unpause = await stage.scalardl(['unpause', 'my', '--force'])
  t.equal(unpause.code, 3, unpause.stderr)
  t.match(unpause.stderr, /the pause of pause-forced is void: .*was unpaused by somebody else/)
  t.strictSame(await pausedPods(stage), [])
  t.equal((await stage.scalardl(['wait', 'pause-forced'])).code, 3)
})

t.test('a pause that nobody ends is over at --max-pause', async (t) => {
  const run = await stage.scalardl(['pause', 'my', '--name', 'long', '--max-pause', '6s', '--max-pause-wait', '5s'])
  t.equal(run.code, 0, run.stderr)
  const wait = await stage.scalardl(['wait', 'pause-long'])
  t.equal(wait.code, 0, wait.stderr)
  t.ok(pausedMs(await recordOf(stage, 'pause-long')) < 20_000)
  t.strictSame(await pausedPods(stage), [])
})

t.test('cancel ends a pause that is held', async (t) => {
  t.equal((await stage.scalardl(['pause', 'my', '--name', 'unwanted'])).code, 0)
  const cancel = await stage.scalardl(['cancel', 'pause-unwanted'])
  t.equal(cancel.code, 0, cancel.stderr)
  t.match(await recordOf(stage, 'pause-unwanted'), { state: 'cancelled', stillPaused: { length: 0 } })
  t.strictSame(await pausedPods(stage), [])
})

t.test('the guard ends the pause of a worker that is killed at once, and says so', async (t) => {
  t.equal((await stage.scalardl(['pause', 'my', '--name', 'guarded'])).code, 0)
  await killer.kill('pause-guarded')
  await until('all serve again', async () => (await pausedPods(stage)).length === 0)
  const wait = await stage.scalardl(['wait', 'pause-guarded'])
  t.equal(wait.code, 3, 'a pause that was interrupted is not to be relied on')
  t.match(wait.stderr, /the guard unpaused 3 servers at .*, [\d.]+ m?s after the pause was sent/)
  const describe = await stage.scalardl(['describe', 'operation', 'pause-guarded'])
  t.match(describe.stdout, /▸ paused, the guard ended it/)
  const record = await recordOf(stage, 'pause-guarded')
  t.match(record, { windows: [{ verdict: 'void' }], stillPaused: { length: 0 } })
})

t.test('without a guard the next worker ends the pause of one that was killed', async (t) => {
  const run = await stage.scalardl(['pause', 'my', '--name', 'killed', '--guard=false'])
  t.equal(run.code, 0, run.stderr)
  t.match(run.stderr, /Warning: --guard=false: if the worker dies, what it paused stays paused/)
  t.notMatch(await stage.kubectl(['get', 'jobs', '-o', 'name']), /guard-pause-killed/)
  await killer.kill('pause-killed')
  t.equal((await pausedPods(stage)).length, 3, 'a killed worker unpauses nothing')
  const wait = await stage.scalardl(['wait', 'pause-killed'])
  t.equal(wait.code, 3, 'a pause that was interrupted is not to be relied on')
  t.match(wait.stderr, /worker was replaced/)
  t.match((await recordOf(stage, 'pause-killed')).windows, [{ verdict: 'void' }])
  t.strictSame(await pausedPods(stage), [])
})

t.test(
  'what a worker without guard and successor left paused is said loudly, and unpause --direct ends it without a Job',
  async (t) => {
    t.equal((await stage.scalardl(['pause', 'my', '--name', 'left', '--guard=false'])).code, 0)
    await stage.kubectl(['delete', 'job', jobName('pause-left'), '--cascade=orphan'])
    await killer.kill('pause-left')
    const wait = await stage.scalardl(['wait', 'pause-left'])
    t.equal(wait.code, 5, wait.stderr)
    t.match(wait.stderr, /STILL PAUSED/)
    t.match(wait.stderr, /unpause my -n \S+ --direct/)

    const unpause = await stage.scalardl(['unpause', 'my', '--direct'])
    t.equal(unpause.code, 0, unpause.stderr)
    t.strictSame(await pausedPods(stage), [])
    t.notMatch((await stage.scalardl(['get', 'operations'])).stdout, /STILL PAUSED/, 'the record knows it, too')
    const after = await stage.scalardl(['pause', 'my', '--duration', '1s'])
    t.equal(after.code, 0, `nothing is in the way of the next operation: ${after.stderr}`)
  },
)

t.test('unpause --direct ends a pause that is held, and with it the operation that held it', async (t) => {
  t.equal((await stage.scalardl(['pause', 'my', '--name', 'direct'])).code, 0)
  const unpause = await stage.scalardl(['unpause', 'my', '--direct'])
  t.equal(unpause.code, 0, unpause.stderr)
  t.match(await recordOf(stage, 'pause-direct'), {
    state: 'succeeded',
    stillPaused: { length: 0 },
    windows: [{ verdict: 'valid', restorePoint: String }],
  })
  t.match(unpause.stderr, /the pause of pause-direct is valid: .* restore point /)
})

t.test(
  "somebody else's pause is left alone by both ways of unpausing, seen by status, and ended by --force",
  async (t) => {
    const [pod = ''] = await stage.pods(`${instanceLabel}=my`)
    await asSomebodyElse(stage, pod, (admin) => admin.pause(5000))
    t.match((await stage.scalardl(['status'])).stdout, /yes, not by an operation of this namespace, 1 of 3 pods/)
    for (const way of [[], ['--direct']]) {
      const unpause = await stage.scalardl(['unpause', 'my', ...way])
      t.equal(unpause.code, 1, unpause.stderr)
      t.match(unpause.stderr, /left as (it is|they are)/)
    }
    t.strictSame(await pausedPods(stage), [pod])
    const forced = await stage.scalardl(['unpause', 'my', '--direct', '--force'])
    t.equal(forced.code, 0, forced.stderr)
    t.strictSame(await pausedPods(stage), [])
  },
)
