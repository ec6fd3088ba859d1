import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { pausedPods, until } from './gates.ts'
import { openLedgerStage } from './ledger-stage.ts'
import { recordOf } from './records.ts'

const { stage, deployment } = await openLedgerStage('proof-joined', { replicas: 2 })
t.teardown(() => stage.close())
// The charts' probe comes every 5 s, by which a pod listens for a while before it is ready; the stand-in's comes every second.
const startupProbe = { initialDelaySeconds: 6, periodSeconds: 5 }
await stage.kubectl([
  'patch',
  deployment,
  '--type=json',
  '-p',
  JSON.stringify(
    Object.entries(startupProbe).map(([key, value]) => ({
      op: 'add',
      path: `/spec/template/spec/containers/0/startupProbe/${key}`,
      value,
    })),
  ),
])
await stage.rolledOut(deployment)

/** A pause of 20 s, in which something is done as soon as it stands. */
async function pauseWhile(name: string, act: () => Promise<unknown>) {
  let paused: () => void = () => undefined
  const standing = new Promise<void>((resolve) => (paused = resolve))
  const running = stage.scalardl(['pause', 'my', '--duration', '20s', '--guard=false', '--name', name], {
    onStderr: (text) => {
      if (/\d paused/.test(text)) paused()
    },
  })
  await Promise.race([standing, running])
  await act()
  return { run: await running, record: await recordOf(stage, `pause-${name}`) }
}

t.test('a pod that joins by scaling up is paused before it serves, and the pause stays good', async (t) => {
  let inside: string[] = []
  const { run, record } = await pauseWhile('scaled', async () => {
    await stage.kubectl(['scale', deployment, '--replicas=3'])
    for (let tries = 0; tries < 30 && inside.length < 3; tries += 1) {
      await sleep(500)
      // a container that is still being made has nobody to ask
      inside = await pausedPods(stage).catch(() => [])
    }
  })
  t.equal(inside.length, 3, 'three are paused inside')
  t.equal(run.code, 0, run.stderr)
  t.match(record.windows, [{ verdict: 'valid' }])
  t.match(record.windows[0]?.reasons.at(-1), /^pod my-.* joined in the pause and was paused before it served$/)
  t.equal(record.windows[0]?.endpoints.length, 3)
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
