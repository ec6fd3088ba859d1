import t from 'tap'
import type { V1PodSpec } from '@kubernetes/client-node'
import { findObstacle } from '../../../../../../plugin/kubernetes/jobs/start-obstacle.ts'
import { withOwnTool } from '../../../../../../plugin/kubernetes/jobs/compose/own-tool.ts'

const pod: V1PodSpec = {
  containers: [{ name: 'worker', image: 'worker:1', imagePullPolicy: 'Never', volumeMounts: [] }],
  volumes: [],
}
const tool = {
  image: 'tools:1',
  command: ['tool', '--to', '$(HOME)/$x'],
  env: { TARGET: 'bucket' },
  secret: 'credentials',
  limits: { memory: '64Mi' },
}

t.test('a pod without a tool stays as it is', async (t) => {
  t.equal(withOwnTool(pod, undefined), pod)
})

t.test('the tool waits in a sidecar of its own, restricted, and without a token of the cluster', async (t) => {
  const { initContainers = [], containers, volumes = [] } = withOwnTool(pod, tool)
  const [starter, own] = initContainers
  t.match(starter, { image: 'worker:1', imagePullPolicy: 'Never' }, 'the program that waits is of our own image')
  t.match(own, {
    image: 'tools:1',
    restartPolicy: 'Always',
    env: [{ name: 'TARGET', value: 'bucket' }],
    envFrom: [{ secretRef: { name: 'credentials' } }],
    resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { cpu: '2', memory: '64Mi' } },
  })
  t.strictSame(own?.command?.slice(-3), ['tool', '--to', '$$(HOME)/$x'], 'the kubelet fills nothing in')
  for (const container of initContainers)
    t.match(container.securityContext, { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } })
  t.strictSame(
    own?.volumeMounts?.map(({ name }) => name),
    ['starter', 'exec'],
  )
  t.strictSame(containers[0]?.volumeMounts, [{ name: 'exec', mountPath: '/scalardl/exec' }])
  const mounted = new Set(volumes.map(({ name }) => name))
  for (const { volumeMounts = [] } of [...initContainers, ...containers])
    t.ok(volumeMounts.every(({ name }) => mounted.has(name)))
})

t.test('a schema file is mounted for the tool alone, and what it shares with the worker is in memory', async (t) => {
  const schema = { configMap: 'my-schema', key: 'ledger.json' }
  const { initContainers = [], containers, volumes = [] } = withOwnTool(pod, { ...tool, schema })
  t.strictSame(
    volumes.find(({ name }) => name === 'schema'),
    { name: 'schema', configMap: { name: 'my-schema', items: [{ key: 'ledger.json', path: 'schema.json' }] } },
  )
  const mounting = [...initContainers, ...containers].filter(({ volumeMounts = [] }) =>
    volumeMounts.some(({ name, mountPath }) => name === 'schema' && mountPath === '/scalardl/schema'),
  )
  t.strictSame(
    mounting.map(({ name }) => name),
    ['own-tool'],
  )
  t.equal(volumes.find(({ name }) => name === 'exec')?.emptyDir?.medium, 'Memory')
})

t.test("an image of the tool's that cannot be pulled is told as what it is", async (t) => {
  const obstacle = findObstacle(
    {
      status: {
        phase: 'Pending',
        initContainerStatuses: [
          {
            name: 'own-tool',
            image: 'tools:1',
            imageID: '',
            ready: false,
            restartCount: 0,
            state: { waiting: { reason: 'ImagePullBackOff', message: 'not found' } },
          },
        ],
      },
    },
    [],
  )
  t.match(obstacle, { title: 'the image tools:1', next: /--exec-image/ })
})
