import t from 'tap'
import { hurtOne, pausedPods, until } from '../stage/gates.ts'
import { openLedgerStage } from '../stage/ledger-stage.ts'
import { recordOf } from '../stage/records.ts'

const { stage, deployment } = await openLedgerStage('proof-changes', { replicas: 2 })
t.teardown(() => stage.close())

/** A pause of 20 s, in which something is done as soon as it stands. */
async function pauseWhile(name: string, act: () => Promise<unknown>) {
  let seen = ''
  let paused: () => void = () => undefined
  const standing = new Promise<void>((resolve) => (paused = resolve))
  const running = stage.scalardl(['pause', 'my', '--duration', '20s', '--guard=false', '--name', name], {
    onStderr: (text) => {
      seen += text
      if (/\d paused/.test(seen)) paused()
    },
  })
  await Promise.race([standing, running])
  await act()
  return { run: await running, record: await recordOf(stage, `pause-${name}`) }
}

t.test('a pod that joins by scaling up makes the pause worthless, and is named', async (t) => {
  const { run, record } = await pauseWhile('scaled', () => stage.kubectl(['scale', deployment, '--replicas=3']))
  t.equal(run.code, 3, run.stderr)
  t.equal(record.windows[0]?.verdict, 'void')
  t.match(record.windows[0]?.reasons.join('\n'), /pod my-\S+ appeared/)
  t.equal(record.windows[0]?.endpoints.length, 2)
  await stage.rolledOut(deployment)
  t.strictSame(await pausedPods(stage), [])
})

t.test('a backup whose pause a pod joined is made in another pause', async (t) => {
  await stage.rolledOut(deployment)
  const heal = await hurtOne(stage, { delayMs: { Pause: 230_000 } })
  const begun = await stage.scalardl([
    'backup',
    'my',
    '--to',
    'pvc://backups/ledger',
    '--name',
    'scaled',
    '--wait=false',
    '--max-pause',
    '5m',
    '--max-pause-wait',
    '4m',
  ])
  t.equal(begun.code, 0, begun.stderr)
  await until('all pods are paused', async () => (await pausedPods(stage)).length === 3)
  await stage.kubectl(['scale', deployment, '--replicas=4'])
  await stage.rolledOut(deployment)
  await heal()
  const wait = await stage.scalardl(['wait', 'backup-scaled'])
  t.equal(wait.code, 0, wait.stderr)
  const { windows } = await recordOf(stage, 'backup-scaled')
  t.strictSame(
    windows.map(({ verdict, endpoints }) => [verdict, endpoints.length]),
    [
      ['void', 3],
      ['valid', 4],
    ],
  )
  await stage.rolledOut(deployment)
  t.strictSame(await pausedPods(stage), [])
})

t.test('a rollout in the pause makes it worthless, and its pods are named', async (t) => {
  await stage.rolledOut(deployment)
  const { run, record } = await pauseWhile('rollout', () => stage.kubectl(['rollout', 'restart', deployment]))
  t.equal(run.code, 3, run.stderr)
  t.equal(record.windows[0]?.verdict, 'void')
  const reasons = record.windows[0]?.reasons.join('\n') ?? ''
  t.match(reasons, /pod my-\S+ appeared/)
  t.match(reasons, /ReplicaSet my-\S+ appeared/)
  t.match(reasons, /Deployment my-\S+ changed/)
  await stage.rolledOut(deployment)
  // a pod that ends just now cannot be asked
  await until('nobody is paused', async () => (await pausedPods(stage).catch(() => ['?'])).length === 0)
})
