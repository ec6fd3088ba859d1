import t from 'tap'
import { labels } from '../../../operation/names.ts'
import { pausedPods, until } from '../stage/gates.ts'
import { openLedgerStage } from '../stage/ledger-stage.ts'
import { backupOf, recordOf } from '../stage/records.ts'

const location = 'pvc://backups/ledger'
/** Enough to be dumped for some seconds, and for some more however quick the machine is. */
const fillMb = '300'
const slowly = ['--limit-bandwidth', '10MB/s']

const { stage } = await openLedgerStage('cut-detach', { standIn: { STAND_IN_FILL_MB: fillMb } })
t.teardown(() => stage.close())

/** Starts a backup and interrupts the plugin as soon as it says that the dump has begun. */
async function interrupted(name: string, signal: NodeJS.Signals) {
  let seen = ''
  const dumping = Promise.withResolvers<void>()
  const { child, ended } = stage.startScalardl(['backup', 'my', '--to', location, '--name', name, ...slowly], {
    onStderr(text) {
      seen += text
      if (/^dump$/m.test(seen)) dumping.resolve()
    },
  })
  await Promise.race([dumping.promise, ended])
  child.kill(signal)
  return ended
}

const numbers = (log: string) =>
  log.split('\n').flatMap((line) => (line.startsWith('{') ? [(JSON.parse(line) as { seq: number }).seq] : []))

t.test('Ctrl-C leaves the backup to go on, and says how to come back', async (t) => {
  const run = await interrupted('ctrl-c', 'SIGINT')
  t.equal(run.code, 6, run.stderr)
  t.match(run.stderr, /goes on in the cluster/)
  for (const verb of ['logs', 'wait', 'cancel'])
    t.match(run.stderr, `kubectl scalardl ${verb} backup-ctrl-c -n ${stage.namespace}`)
  t.equal((await recordOf(stage, 'backup-ctrl-c')).state, 'running')

  const logs = await stage.scalardl(['logs', 'backup-ctrl-c', '--raw'])
  t.equal(logs.code, 0, logs.stderr)
  const seen = numbers(logs.stdout)
  t.strictSame(
    seen,
    seen.map((_, index) => index + 1),
    'every line of the log, once',
  )
  t.match(logs.stdout, /"code":"finished"/)
  const wait = await stage.scalardl(['wait', 'backup-ctrl-c'])
  t.equal(wait.code, 0, wait.stderr)
  t.equal(backupOf(await recordOf(stage, 'backup-ctrl-c')).state, 'restorable')
})

t.test('a laptop that dies leaves the backup to go on', async (t) => {
  await interrupted('laptop', 'SIGKILL')
  t.equal((await recordOf(stage, 'backup-laptop')).state, 'running')
  const wait = await stage.scalardl(['wait', 'backup-laptop'])
  t.equal(wait.code, 0, wait.stderr)
  t.match(wait.stderr, /the backup is restorable/)
  const logs = await stage.scalardl(['logs', 'backup-laptop', '--raw'])
  t.strictSame(
    numbers(logs.stdout),
    numbers(logs.stdout).map((_, index) => index + 1),
  )
})

t.test(
  '--wait=false returns at once; the same --name comes back to it, and is refused once it has finished',
  async (t) => {
    const command = ['backup', 'my', '--to', location, '--name', 'later', ...slowly]
    const first = await stage.scalardl([...command, '--wait=false'])
    t.equal(first.code, 0, first.stderr)
    t.equal(first.stdout, 'backup-later\n')
    t.match(first.stderr, /kubectl scalardl logs backup-later/)

    const again = await stage.scalardl(command)
    t.equal(again.code, 0, again.stderr)
    t.match(again.stderr, /under way already; following it/)
    const refused = await stage.scalardl(command)
    t.equal(refused.code, 2)
    t.match(refused.stderr, /the name "later" is taken/)
    t.equal(
      (await stage.get<{ items: unknown[] }>(['jobs', '-l', `${labels.role}=worker`])).items.length,
      3,
      'no second Job was made',
    )
  },
)

t.test('--timeout ends the following, not the backup, which cancel ends in the middle of its dump', async (t) => {
  const run = await stage.scalardl(['backup', 'my', '--to', location, '--name', 'hasty', '--timeout', '1s', ...slowly])
  t.equal(run.code, 6, run.stderr)
  t.match(run.stderr, /the time to wait is over/)
  await until('the dump has begun', async () =>
    (await recordOf(stage, 'backup-hasty')).phases.some(({ name }) => name === 'dump'),
  )
  const cancel = await stage.scalardl(['cancel', 'backup-hasty'])
  t.equal(cancel.code, 0, cancel.stderr)
  const record = await recordOf(stage, 'backup-hasty')
  t.equal(record.state, 'cancelled')
  t.match(backupOf(record), { state: 'unusable', databases: { length: 0 } })
  t.strictSame(await pausedPods(stage), [])
  const wait = await stage.scalardl(['wait', 'backup-hasty'])
  t.equal(wait.code, record.exitCode, 'the exit code is that of the operation')
})

t.test('a backup that was cancelled leaves nothing on the volume', async (t) => {
  const found = await foldersOf('ledger')
  t.strictSame(found.sort(), ['ctrl-c', 'laptop', 'later'])
})

/** Looks at the volume from a pod of its own. */
async function foldersOf(folder: string): Promise<string[]> {
  await stage.apply([
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'look' },
      spec: {
        restartPolicy: 'Never',
        containers: [
          {
            name: 'look',
            image: stage.images.ledger,
            command: ['node', '-p', `fs.readdirSync('/volume/${folder}').join()`],
            volumeMounts: [{ name: 'volume', mountPath: '/volume' }],
          },
        ],
        volumes: [{ name: 'volume', persistentVolumeClaim: { claimName: 'backups' } }],
      },
    },
  ])
  await stage.kubectl(['wait', 'pod/look', '--for=jsonpath={.status.phase}=Succeeded', '--timeout=240s'])
  return (await stage.kubectl(['logs', 'look'])).trim().split(',')
}
