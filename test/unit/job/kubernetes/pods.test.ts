import type { V1Container, V1Pod } from '@kubernetes/client-node'
import t from 'tap'
import { releasePod } from '../../../../job/kubernetes/pods.ts'
import { startedAnew } from '../../../../job/servers/unpause-all.ts'

const ledger = { name: 'ledger', ports: [{ containerPort: 50051 }, { containerPort: 50053 }] }
const proxy = { name: 'istio-proxy', ports: [{ containerPort: 15090 }] }
const agent = { name: 'log-agent' }

/** A pod of a Ledger, whose containers were restarted so often. */
function podOf(containers: readonly V1Container[], ...restarts: number[]): V1Pod {
  const containerStatuses = containers.map(({ name }, index) => ({
    name,
    restartCount: restarts[index] ?? 0,
    image: '',
    imageID: '',
    ready: true,
  }))
  return {
    metadata: { name: 'my-ledger-0', uid: 'uid', labels: { 'app.kubernetes.io/app': 'ledger' } },
    spec: { containers: [...containers] },
    status: { containerStatuses },
  }
}

t.test(
  'a server counts as started anew where its own container was restarted, and never for a proxy or log agent beside it',
  async (t) => {
    const [blankOne, blankTwo] = [{ name: 'one' }, { name: 'two' }]
    const cases: { title: string; containers: V1Container[]; before: number[]; now: number[]; anew: boolean }[] = [
      { title: 'the only container', containers: [blankOne], before: [2], now: [3], anew: true },
      { title: 'nothing', containers: [ledger, proxy], before: [2, 5], now: [2, 5], anew: false },
      {
        title: 'the server beside a proxy that was restarted long ago',
        containers: [proxy, ledger],
        before: [5, 0],
        now: [5, 1],
        anew: true,
      },
      { title: 'the proxy', containers: [ledger, proxy], before: [0, 0], now: [0, 1], anew: false },
      { title: 'the log agent', containers: [agent, ledger], before: [0, 1], now: [4, 1], anew: false },
      {
        title: 'one of two that do not say which has the port',
        containers: [blankOne, blankTwo],
        before: [0, 0],
        now: [1, 0],
        anew: false,
      },
      {
        title: 'one of two that both say that they have it',
        containers: [ledger, { ...ledger, name: 'other' }],
        before: [0, 0],
        now: [1, 0],
        anew: false,
      },
    ]
    for (const { title, containers, before, now, anew } of cases) {
      const { uid, restarts, otherRestarts } = releasePod(podOf(containers, ...before), [])
      const later = releasePod(podOf(containers, ...now), [])
      t.equal(startedAnew(uid, [later], restarts), anew, title)
      const changed = later.restarts !== restarts || later.otherRestarts !== otherRestarts
      t.equal(
        changed,
        before.some((count, index) => count !== now[index]),
        `${title}: the proof of a window sees every restart`,
      )
    }
  },
)
