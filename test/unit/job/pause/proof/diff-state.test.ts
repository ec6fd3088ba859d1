import t from 'tap'
import type { ReleaseChange, ReleasePod, WorkloadFact } from '../../../../../job/kubernetes/cluster.ts'
import { changesBetween, harmsOf } from '../../../../../job/pause/proof/diff-state.ts'

const pod = (name: string, more: Partial<ReleasePod> = {}): ReleasePod => ({
  name,
  uid: `uid-${name}`,
  ip: `10.0.0.${name}`,
  ready: true,
  restarts: 0,
  otherRestarts: 0,
  release: 'my',
  app: 'ledger',
  adminPort: 50053,
  ...more,
})
const deployment = (replicas: number, generation: number): WorkloadFact => ({
  kind: 'Deployment',
  uid: 'd',
  generation,
  replicas,
})
const replicaSet = (replicas: number): WorkloadFact => ({ kind: 'ReplicaSet', uid: 'r', replicas })
const slice = (...addresses: string[]): WorkloadFact => ({ kind: 'EndpointSlice', uid: 's', addresses })

const before = {
  pods: [pod('1')],
  workloads: { 'Deployment/d': deployment(1, 1), 'ReplicaSet/r': replicaSet(1), 'EndpointSlice/s': slice('10.0.0.1') },
}
const after = {
  pods: [pod('1'), pod('2')],
  workloads: {
    'Deployment/d': deployment(2, 2),
    'ReplicaSet/r': replicaSet(2),
    'EndpointSlice/s': slice('10.0.0.1', '10.0.0.2'),
  },
}

t.test('a pod that joins makes a window void, and is named with all that changed for it', async (t) => {
  t.strictSame(harmsOf(changesBetween(before, after)), [
    'pod 2 appeared',
    'Deployment d changed (generation 1, 1 replicas before, generation 2, 2 replicas after)',
    'ReplicaSet r changed (1 replicas before, 2 replicas after)',
  ])
})

t.test('readiness, and what is said of it, changes nothing', async (t) => {
  const unready = { ...before, pods: [pod('1', { ready: false, trouble: 'probe failed' })] }
  t.strictSame(harmsOf(changesBetween(before, unready)), [])
})

t.test('each change that makes a window void, by itself', async (t) => {
  const cases: Record<string, { change: ReleaseChange; reason: RegExp }> = {
    'another template': {
      change: { of: 'workload', name: 'Deployment/d', before: deployment(2, 2), now: deployment(2, 3) },
      reason: /^Deployment d changed/,
    },
    'a new ReplicaSet': {
      change: { of: 'workload', name: 'ReplicaSet/q', now: { kind: 'ReplicaSet', uid: 'q', replicas: 1 } },
      reason: /^ReplicaSet q appeared/,
    },
    'another object of that name': {
      change: {
        of: 'workload',
        name: 'ReplicaSet/r',
        before: replicaSet(1),
        now: { kind: 'ReplicaSet', uid: 'q', replicas: 1 },
      },
      reason: /^ReplicaSet r was replaced/,
    },
    'an address that went': {
      change: {
        of: 'workload',
        name: 'EndpointSlice/s',
        before: slice('10.0.0.1', '10.0.0.2'),
        now: slice('10.0.0.2'),
      },
      reason: /^EndpointSlice s changed/,
    },
    'a pod that was restarted': {
      change: { of: 'pod', name: '2', before: pod('2'), now: pod('2', { restarts: 1 }) },
      reason: /^pod 2 was restarted$/,
    },
    'a pod whose proxy was restarted': {
      change: { of: 'pod', name: '2', before: pod('2'), now: pod('2', { otherRestarts: 1 }) },
      reason: /^pod 2 was restarted$/,
    },
    'a pod that went': { change: { of: 'pod', name: '2', before: pod('2') }, reason: /^pod 2 vanished$/ },
    'a pod that is told to end': {
      change: { of: 'pod', name: '2', before: pod('2'), now: pod('2', { deleting: true }) },
      reason: /^pod 2 is being deleted$/,
    },
    'something that could not be seen': {
      change: { of: 'watch', trouble: 'pods could not be watched' },
      reason: /^pods could not be watched$/,
    },
  }
  for (const [name, { change, reason }] of Object.entries(cases)) {
    const reasons = harmsOf([change])
    t.equal(reasons.length, 1, name)
    t.match(reasons[0], reason, name)
  }
})

t.test('a rollout is told in one line for each object, and not by the addresses that follow it', async (t) => {
  const rollout: ReleaseChange[] = [
    { of: 'pod', name: '1', before: pod('1') },
    { of: 'pod', name: '2', now: pod('2') },
    { of: 'workload', name: 'ReplicaSet/q', now: { kind: 'ReplicaSet', uid: 'q', replicas: 1 } },
    { of: 'workload', name: 'EndpointSlice/s', before: slice('10.0.0.1'), now: slice('10.0.0.2') },
    { of: 'pod', name: '1', before: pod('1'), now: pod('1', { deleting: true }) },
    { of: 'pod', name: '2', before: pod('2', { ip: '' }), now: pod('2') },
  ]
  t.strictSame(harmsOf(rollout), ['pod 1 vanished', 'pod 2 appeared', 'ReplicaSet q appeared (1 replicas)'])
})
