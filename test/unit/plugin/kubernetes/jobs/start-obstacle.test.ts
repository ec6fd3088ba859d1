import type { CoreV1Event, V1ContainerState, V1Pod } from '@kubernetes/client-node'
import t from 'tap'
import { findObstacle } from '../../../../../plugin/kubernetes/jobs/start-obstacle.ts'

function event(reason: string, message: string, secondsAgo = 0): CoreV1Event {
  return { reason, message, lastTimestamp: new Date(Date.now() - secondsAgo * 1000), involvedObject: {}, metadata: {} }
}

function pod(state: V1ContainerState): V1Pod {
  return {
    status: {
      phase: 'Pending',
      containerStatuses: [{ name: 'worker', image: 'reg/worker:1', imageID: '', ready: false, restartCount: 0, state }],
    },
  }
}

t.test('a quota, Pod Security and a missing ServiceAccount are told apart', async (t) => {
  const refused = (message: string) => findObstacle(undefined, [event('FailedCreate', message)])
  t.match(refused('pods "x" is forbidden: exceeded quota: q, requested: cpu=100m'), {
    title: /quota/,
    next: /--requests/,
  })
  t.match(refused('pods "x" is forbidden: violates PodSecurity "restricted:latest"'), { title: /Pod Security/ })
  t.match(
    refused('error looking up service account led/kubectl-scalardl: serviceaccount "kubectl-scalardl" not found'),
    { next: /install/ },
  )
})

t.test('the newest refusal counts', async (t) => {
  t.match(findObstacle(undefined, [event('FailedCreate', 'exceeded quota', 1), event('FailedCreate', 'old', 90)]), {
    reason: 'exceeded quota',
  })
})

t.test('nothing is in the way of a pod that is only being made', async (t) => {
  t.equal(findObstacle(undefined, [event('SuccessfulCreate', 'made')]), undefined)
  t.equal(findObstacle(pod({ waiting: { reason: 'ContainerCreating' } }), [event('Pulling', 'pulling')]), undefined)
})

t.test('a pod that no node takes says why, and has time for a node to come', async (t) => {
  const unschedulable: V1Pod = {
    status: {
      conditions: [
        {
          type: 'PodScheduled',
          status: 'False',
          reason: 'Unschedulable',
          message: '0/2 nodes are available: insufficient memory.',
        },
      ],
    },
  }
  const obstacle = findObstacle(unschedulable, [])
  t.match(obstacle, { title: 'a node', reason: /insufficient memory/ })
  t.ok((obstacle?.patienceMs ?? 0) >= 30_000)
})

t.test('an image that cannot be pulled shows the registry’s words', async (t) => {
  const obstacle = findObstacle(pod({ waiting: { reason: 'ErrImagePull', message: 'pull access denied' } }), [])
  t.match(obstacle, { title: 'the image reg/worker:1', reason: /pull access denied/, next: /--image-pull-secret/ })
})

t.test('configuration and start errors are shown, too', async (t) => {
  t.match(
    findObstacle(pod({ waiting: { reason: 'CreateContainerConfigError', message: 'secret "x" not found' } }), []),
    { reason: /secret "x" not found/ },
  )
  t.match(
    findObstacle(pod({ terminated: { exitCode: 128, reason: 'StartError', message: 'exec: no such file' } }), []),
    { reason: /no such file/, patienceMs: 0 },
  )
})

t.test('a volume that cannot be mounted is named', async (t) => {
  t.match(
    findObstacle(pod({ waiting: { reason: 'ContainerCreating' } }), [event('FailedMount', 'configmap "x" not found')]),
    { title: 'its volumes', reason: /"x"/ },
  )
})

t.test('a failing container that was injected is named, and its cure is not an image of ours', async (t) => {
  const failing = { waiting: { reason: 'CrashLoopBackOff', message: 'back-off' } }
  const injected = pod(failing)
  injected.status?.containerStatuses?.forEach((status) => (status.name = 'istio-proxy'))
  const obstacle = findObstacle(injected, [])
  t.match(obstacle, { title: /container istio-proxy/, next: /injects/ })
  t.notMatch(obstacle?.next, /--image/)
})

t.test('a node that the cluster is bringing is waited for', async (t) => {
  const unscheduled: V1Pod = {
    status: { conditions: [{ type: 'PodScheduled', status: 'False', message: '0/1 nodes are available' }] },
  }
  t.equal(findObstacle(unscheduled, [])?.patienceMs, 60_000)
  t.match(findObstacle(unscheduled, [event('TriggeredScaleUp', 'pod triggered scale-up: [{asg 1->2}]')]), {
    title: 'a new node',
    reason: /scale-up/,
    patienceMs: 600_000,
  })
})
