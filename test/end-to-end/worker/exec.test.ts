import t from 'tap'
import { kubernetesPods } from '../../../job/kubernetes/elsewhere/kubernetes-pods.ts'
import { failureOf } from '../../unit/job/failure-of.ts'
import { until } from '../stage/gates.ts'
import { ground, Stage } from '../stage/stage.ts'
import { apiWith, configWith } from './namespace.ts'

/** Commands in pods of a database, with the very rights that `install` grants for it and no more. */
const namespace = 'worker-exec'
const stage = new Stage(namespace, ground())
await stage.open()
t.teardown(() => stage.close())
const install = async (...flags: string[]) => {
  await stage.succeeds(['install', ...flags])
}
await install()
const token = (await stage.kubectl(['create', 'token', 'kubectl-scalardl'])).trim()
const pods = kubernetesPods(apiWith(token), configWith(token), namespace)
const limits = { timeoutMs: 60_000, signal: new AbortController().signal }
await stage.apply([
  {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'node-0', labels: { app: 'node' } },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [
        { name: 'node', image: stage.images.postgresql, imagePullPolicy: 'IfNotPresent', command: ['sleep', '3600'] },
      ],
    },
  },
])
await stage.kubectl(['wait', '--for=condition=Ready', 'pod/node-0', '--timeout=120s'])

t.test('without the Role nothing is run, and what is missing is named', async (t) => {
  t.match(await pods.missingRights('run'), ['get pods', 'get pods/exec', 'create pods/exec'])
  t.match(await failureOf(pods.run('node-0', 'node', ['true'], limits)), { why: /may not exec in pods/ })
})

t.test('with the Role that `install` makes: output, exit codes, and what does not end', async (t) => {
  await install('--cassandra-namespace', namespace)
  await until('the Role is in force', async () => (await pods.missingRights('run')).length === 0)
  t.strictSame(await pods.missingRights('run'), [])
  t.match(await pods.list('app=node'), [{ name: 'node-0', ready: true, containers: [{ name: 'node' }] }])
  const sh = (script: string) => pods.run('node-0', 'node', ['sh', '-c', script], limits)
  t.strictSame(await sh('echo out; echo err >&2; exit 3'), { exitCode: 3, stdout: 'out\n', stderr: 'err\n' })
  t.strictSame(await sh('true'), { exitCode: 0, stdout: '', stderr: '' })
  t.equal((await sh('seq 200000')).stdout.split('\n').length, 200_001, 'long output comes whole')
  t.match(await failureOf(pods.run('node-0', 'node', ['sleep', '60'], { ...limits, timeoutMs: 1000 })), {
    what: /has no known end/,
  })
  const none = await pods.run('node-0', 'node', ['no-such-program'], limits).catch((error: unknown) => error)
  t.notMatch(none, { exitCode: 0 })
  t.match(await failureOf(pods.run('gone', 'node', ['true'], limits)), { what: /could not be started/ })
})

t.test('a Secret that `install` names is read, and no other', async (t) => {
  for (const name of ['mgmt', 'theirs'])
    await stage.kubectl([
      'create',
      'secret',
      'generic',
      name,
      '--from-literal=tls.crt=one',
      '--from-literal=ca.crt=two',
    ])
  await install('--cassandra-namespace', namespace, '--no-exec', '--cassandra-client-secret', 'mgmt')
  const read = () => pods.readSecret('mgmt').catch(() => undefined)
  await until('the Role is in force', async () => (await read()) !== undefined)
  t.strictSame([...((await read()) ?? [])].sort(), [
    ['ca.crt', 'two'],
    ['tls.crt', 'one'],
  ])
  t.match(await failureOf(pods.readSecret('theirs')), { what: /may not read Secret theirs/ })
  // Nobody may ask for one that is not there either: the Role names one.
  t.match(await failureOf(pods.readSecret('gone')), { what: /may not read Secret gone/ })
})
