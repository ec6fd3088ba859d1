import t from 'tap'
import { pausedPods } from '../stage/gates.ts'
import { openLedgerStage } from '../stage/ledger-stage.ts'
import { asSomebodyElse } from '../stage/port-forward.ts'
import { recordOf } from '../stage/records.ts'
import { neverPaused, nothingLeft, refuses } from './refusal.ts'

/** What others hold, and what the worker may not. */
const { stage, release } = await openLedgerStage('bad-rights', { replicas: 2, standIn: { STAND_IN_WORKERS: '0' } })
t.teardown(() => stage.close())

const backup = (name: string, ...more: string[]) => [
  'backup',
  'my',
  '--to',
  'pvc://backups/ledger',
  '--name',
  name,
  ...more,
]

t.test('a second operation on a release is refused, naming the one at work', async (t) => {
  const pause = await stage.scalardl(['pause', 'my', '--name', 'long', '--max-pause', '10m'])
  t.equal(pause.code, 0, pause.stderr)
  const second = await stage.scalardl(backup('second'))
  refuses(t, second, {
    what: /my is in use by another operation; nothing was touched/,
    why: /pause-long has it since/,
    next: /logs pause-long .*cancel pause-long /,
  })
  const third = await stage.scalardl(['pause', 'my', '--name', 'third', '--duration', '1s'])
  refuses(t, third, {
    what: /was not begun/,
    why: /no other operation, my: pause-long is at work on it/,
    next: /cancel pause-long /,
  })
  await neverPaused(t, stage, 'backup-second')
  await neverPaused(t, stage, 'pause-third')
  t.equal((await pausedPods(stage)).length, 2, 'the pause of the first was left alone')
  t.match(await stage.kubectl(['get', 'leases', '-o', 'name']), /scalardl-my/, 'and so was its Lease')
  const unpause = await stage.scalardl(['unpause', 'my'])
  t.equal(unpause.code, 0, unpause.stderr)
  t.equal((await stage.scalardl(['wait', 'pause-long', '--timeout', '4m'])).code, 0)
  t.equal((await recordOf(stage, 'pause-long')).state, 'succeeded')
  await nothingLeft(t, stage)
})

t.test('pods that somebody else has paused stay paused, and every operation refuses', async (t) => {
  const [pod = ''] = await stage.pods(release.selector)
  await asSomebodyElse(stage, pod, (admin) => admin.pause(10_000))
  const expected = {
    what: /was not begun, nothing was touched/,
    why: new RegExp(`nobody else pauses, pod ${pod} .*it is paused already`),
    next: /kubectl scalardl unpause my -n bad-rights --force/,
  }
  refuses(t, await stage.scalardl(backup('foreign')), expected, 'backup')
  refuses(t, await stage.scalardl(['pause', 'my', '--duration', '1s', '--name', 'foreign']), expected, 'pause')
  await neverPaused(t, stage, 'backup-foreign')
  await neverPaused(t, stage, 'pause-foreign')
  const unpause = await stage.scalardl(['unpause', 'my'])
  refuses(
    t,
    unpause,
    { what: /1 server was left as it is/, why: new RegExp(`${pod} .*paused by somebody else`), next: /--force/ },
    'unpause',
  )
  t.strictSame(await pausedPods(stage), [pod], 'only theirs is paused, and still is')
  t.match((await stage.scalardl(['status'])).stdout, /my .*2\/2/)
  const forced = await stage.scalardl(['unpause', 'my', '--force'])
  t.equal(forced.code, 0, forced.stderr)
  await nothingLeft(t, stage)
})

t.test('a claim, a ServiceAccount or a Secret that is not there is named before a Job is made', async (t) => {
  const before = await stage.kubectl(['get', 'jobs', '-o', 'name'])
  const claim = await stage.scalardl(['backup', 'my', '--to', 'pvc://backup/ledger'])
  refuses(
    t,
    claim,
    {
      what: /PersistentVolumeClaim "backup" is not there/,
      why: /namespace bad-rights has backups/,
      next: /pvc:\/\/CLAIM\/ledger/,
    },
    'claim',
  )
  const account = await stage.scalardl(backup('nobody', '--service-account', 'nobody'))
  refuses(
    t,
    account,
    {
      what: /ServiceAccount "nobody" is not there/,
      why: /bad-rights/,
      next: /install -n bad-rights.*--service-account/,
    },
    'ServiceAccount',
  )
  const secret = await stage.scalardl(backup('secret', '--database-secret', 'none'))
  refuses(t, secret, { what: /Secret "none" is not there/, why: /bad-rights/, next: /--database-secret/ }, 'Secret')
  t.equal(await stage.kubectl(['get', 'jobs', '-o', 'name']), before)
})

t.test('a ServiceAccount with some rights, and with none, says which are missing and how to give them', async (t) => {
  const rules = (await stage.get<{ rules: { resources: string[] }[] }>(['role', 'kubectl-scalardl'])).rules
  const some = rules.filter(({ resources }) => !resources.includes('leases') && !resources.includes('endpointslices'))
  await stage.kubectl(['patch', 'role', 'kubectl-scalardl', '--type=merge', '-p', JSON.stringify({ rules: some })])
  const pause = await stage.scalardl(['pause', 'my', '--duration', '1s', '--name', 'some'])
  refuses(
    t,
    pause,
    { what: /was not begun/, why: /rights of the worker.*endpointslices.*leases/, next: /install -n bad-rights/ },
    'some',
  )
  await neverPaused(t, stage, 'pause-some')

  await nothingLeft(t, stage)
  await stage.kubectl(['delete', 'role', 'kubectl-scalardl'])
  const none = await stage.scalardl(backup('none'))
  refuses(
    t,
    none,
    {
      what: /the worker may not patch the configmap/,
      why: /cannot patch resource "configmaps"/,
      next: /kubectl scalardl install/,
    },
    'none',
  )
  await neverPaused(t, stage, 'backup-none')
  await nothingLeft(t, stage)

  t.equal((await stage.scalardl(['install'])).code, 0)
  const after = await stage.scalardl(['pause', 'my', '--duration', '1s', '--name', 'after'])
  t.equal(after.code, 0, after.stderr)
})
