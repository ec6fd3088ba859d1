import t from 'tap'
import type { ReleaseChange, ReleasePod, WorkloadFact } from '../../../../../job/kubernetes/cluster.ts'
import { judge, type Joined } from '../../../../../job/pause/proof/judge-changes.ts'
import { changesBetween } from '../../../../../job/pause/proof/diff-state.ts'

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
const harmless = new Map<string, Joined>([['uid-2', { ip: '10.0.0.2', note: 'pod 2 was paused before it served' }]])
const scaledUp = changesBetween(before, after)

t.test('a scale-up whose pods served nobody leaves the window valid, with a note of each', async (t) => {
  t.equal(scaledUp.length, 4)
  t.strictSame(judge(scaledUp, harmless), { reasons: [], notes: ['pod 2 was paused before it served'] })
})

t.test('readiness, and what is said of it, changes nothing', async (t) => {
  const unready = { ...before, pods: [pod('1', { ready: false, trouble: 'probe failed' })] }
  t.strictSame(judge(changesBetween(before, unready), new Map()), { reasons: [], notes: [] })
})

t.test('what is more than a scale-up makes it void, and then everything is named', async (t) => {
  const cases: Record<string, { change: ReleaseChange; reason: RegExp }> = {
    'another template': {
      change: { of: 'workload', name: 'Deployment/d', before: deployment(2, 2), now: deployment(2, 3) },
      reason: /Deployment d changed/,
    },
    'scaling down': {
      change: { of: 'workload', name: 'Deployment/d', before: deployment(3, 1), now: deployment(2, 2) },
      reason: /Deployment d changed/,
    },
    'a new ReplicaSet': {
      change: { of: 'workload', name: 'ReplicaSet/q', now: { kind: 'ReplicaSet', uid: 'q', replicas: 1 } },
      reason: /ReplicaSet q appeared/,
    },
    'another object of that name': {
      change: {
        of: 'workload',
        name: 'ReplicaSet/r',
        before: replicaSet(1),
        now: { kind: 'ReplicaSet', uid: 'q', replicas: 2 },
      },
      reason: /replaced/,
    },
    'an address that nobody knows': {
      change: {
        of: 'workload',
        name: 'EndpointSlice/s',
        before: slice('10.0.0.1'),
        now: slice('10.0.0.1', '10.0.0.9'),
      },
      reason: /EndpointSlice s changed/,
    },
    'an address that went': {
      change: {
        of: 'workload',
        name: 'EndpointSlice/s',
        before: slice('10.0.0.1', '10.0.0.2'),
        now: slice('10.0.0.2'),
      },
      reason: /EndpointSlice s changed/,
    },
    'a pod that was paused too late': { change: { of: 'pod', name: '3', now: pod('3') }, reason: /pod 3 appeared/ },
    'a joined pod that was restarted': {
      change: { of: 'pod', name: '2', before: pod('2'), now: pod('2', { restarts: 1 }) },
      reason: /pod 2 was restarted/,
    },
    'a joined pod whose proxy was restarted': {
      change: { of: 'pod', name: '2', before: pod('2'), now: pod('2', { otherRestarts: 1 }) },
      reason: /pod 2 was restarted/,
    },
    'a joined pod that went again': { change: { of: 'pod', name: '2', before: pod('2') }, reason: /pod 2 vanished/ },
    'a joined pod that is told to end': {
      change: { of: 'pod', name: '2', before: pod('2'), now: pod('2', { deleting: true }) },
      reason: /pod 2 is being deleted/,
    },
    'something that could not be seen': {
      change: { of: 'watch', trouble: 'pods could not be watched' },
      reason: /could not be watched/,
    },
  }
  for (const [name, { change, reason }] of Object.entries(cases)) {
    const { reasons, notes } = judge([...scaledUp, change], harmless)
    t.match(reasons.join('\n'), reason, name)
    t.match(reasons.join('\n'), /pod 2 /, `${name}: the pod that joined is named too`)
    t.strictSame(notes, [])
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
  t.strictSame(judge(rollout, harmless).reasons, [
    'pod 1 vanished',
    'ReplicaSet q appeared (1 replicas)',
    'pod 2 appeared',
  ])
})
