import type { V1StatefulSet } from '@kubernetes/client-node'
import { labels, type Role } from '../../../operation/names.ts'
import { instanceLabel } from '../../../operation/product.ts'
import { findCluster, type LocalCluster } from '../../local-kubernetes/local-cluster.ts'
import { processesOf } from '../../local-kubernetes/pod-processes.ts'
import type { FaultSettings } from '../../stand-ins/ledger/faults.ts'
import { postgresqlServer, usualRoles } from '../../stand-ins/postgresql/objects.ts'
import { until } from '../gates.ts'
import { addLedger, passwords, secret, type LedgerStage } from '../ledger-stage.ts'
import { clusterName } from '../ground.ts'
import { ground, Stage } from '../stage.ts'
import { GateWatch, type SeenGate } from './gate-watch.ts'

const home = { 'kubernetes.io/hostname': `${clusterName}-1` }
/** A resource that only the second node has. Workers ask for it, guards do not: so each knows where it is. */
const place = 'scalardl.test/worker'

export interface FoundPod {
  name: string
  uid: string
  /** empty where its kubelet has not said it yet, see addressOf */
  ip: string
  node: string
}

interface PodList {
  items: {
    metadata: { name: string; uid: string; deletionTimestamp?: string }
    spec: { nodeName?: string }
    status: { phase: string; podIP?: string }
  }[]
}

/**
 * A Ledger release at work whose cluster may be broken: its pods and its database on the first node, which has the
 * control plane; workers on the second, which may be lost.
 */
export class FaultStage {
  readonly stage: Stage
  readonly cluster: LocalCluster
  readonly gates: GateWatch
  readonly deployment: string

  private constructor({ stage, deployment }: LedgerStage, cluster: LocalCluster) {
    this.stage = stage
    this.deployment = deployment
    this.cluster = cluster
    this.gates = new GateWatch(cluster)
  }

  static async open(namespace: string, standIn: Record<string, string> = {}): Promise<FaultStage> {
    const cluster = findCluster(clusterName)
    if (cluster === undefined) throw new Error('there is no cluster to break: run the matrix by npm run test:faults')
    const stage = new Stage(namespace, ground())
    await stage.open()
    await setPlaces(cluster, 2, 20)
    const server = postgresqlServer({
      name: 'database',
      namespace,
      image: stage.images.postgresql,
      superuserPassword: passwords.superuser,
      roles: usualRoles(passwords),
    })
    await stage.apply([
      ...server.map((object) => (object.kind === 'StatefulSet' ? atHome(object as V1StatefulSet) : object)),
      {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name: 'backups' },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '2Gi' } } },
      },
      secret('database-admin', { username: 'admin', password: passwords.admin }),
    ])
    await stage.rolledOut('statefulset/database')
    const ledger = await addLedger(stage, {
      standIn: { STAND_IN_WORKERS: '1', STAND_IN_REST_MS: '60', ...standIn },
      more: { pod: { nodeSelector: home, terminationGracePeriodSeconds: 10 } },
    })
    const installed = await stage.scalardl(['install'])
    if (installed.code !== 0) throw new Error(`install: ${installed.stderr}`)
    const opened = new FaultStage(ledger, cluster)
    await opened.ledgers()
    return opened
  }

  async close(): Promise<void> {
    this.gates.close()
    await this.stage.close()
  }

  /** Flags that bring a worker to the node that may be lost. */
  readonly placed = ['--requests', `${place}=1`, '--limits', `${place}=1`]

  /** Lets workers run on this node as well. */
  async givePlace(node: number): Promise<void> {
    await setPlaces(this.cluster, node, 20)
  }

  async takePlace(node: number): Promise<void> {
    await setPlaces(this.cluster, node, 0)
  }

  /** The Ledger pods that are not on their way out, watched from now on. */
  async ledgers(): Promise<FoundPod[]> {
    const pods = (await this.#pods(`${instanceLabel}=my`)).filter(({ ip }) => ip !== '')
    for (const { ip } of pods) this.gates.watch(ip)
    return pods
  }

  /**
   * The pod of an operation's worker or guard, as soon as a process of it runs. @throws Error where none does within a
   * while
   */
  async podOf(operation: string, role: Role): Promise<FoundPod> {
    let found: FoundPod | undefined
    await until(`the ${role} of ${operation} runs`, async () => {
      found = (await this.#pods(`${labels.operation}=${operation},${labels.role}=${role}`)).at(-1)
      return found !== undefined
    })
    if (found === undefined) throw new Error(`no ${role} of ${operation} runs`)
    return found
  }

  /** The pod's address, once its kubelet has said it. */
  async addressOf({ name }: FoundPod): Promise<string> {
    let ip = ''
    await until(`${name} has an address`, async () => {
      ip = await this.stage.kubectl(['get', 'pod', name, '-o', 'jsonpath={.status.podIP}'])
      return ip !== ''
    })
    return ip
  }

  async setFaults(pod: FoundPod | undefined, faults: FaultSettings): Promise<void> {
    await this.gates.setFaults(pod?.ip ?? '', faults)
  }

  /**
   * Waits until every one of these pods is paused, or none is; asks neither the API server nor the network between
   * nodes.
   */
  async untilGates(state: 'closed' | 'open', pods: readonly FoundPod[], timeoutMs?: number): Promise<void> {
    await until(
      `every gate is ${state}`,
      async () => pods.every(({ ip }) => gateState(this.gates.at(ip)) === state),
      timeoutMs,
    )
  }

  async #pods(selector: string): Promise<FoundPod[]> {
    const { items } = await this.stage.get<PodList>(['pods', '-l', selector])
    return items.flatMap(
      ({ metadata: { name, uid, deletionTimestamp }, spec: { nodeName: node }, status: { phase, podIP: ip = '' } }) => {
        // A kubelet says so seconds later, when what a test waits for may be over.
        const runs = phase === 'Running' || (phase === 'Pending' && processesOf(uid).length > 0)
        return runs && deletionTimestamp === undefined && node !== undefined ? [{ name, uid, ip, node }] : []
      },
    )
  }
}

export function gateState(gate: SeenGate | undefined): 'closed' | 'open' | 'unknown' {
  if (gate === undefined) return 'unknown'
  const last = gate.closed.at(-1)
  return last !== undefined && last.until === undefined ? 'closed' : 'open'
}

function atHome(set: V1StatefulSet): V1StatefulSet {
  if (set.spec?.template.spec !== undefined) set.spec.template.spec.nodeSelector = home
  return set
}

async function setPlaces(cluster: LocalCluster, node: number, places: number): Promise<void> {
  const resource = { [place]: String(places) }
  const patch = JSON.stringify({ status: { capacity: resource, allocatable: resource } })
  await cluster.kubectl([
    'patch',
    'node',
    `${clusterName}-${node}`,
    '--subresource=status',
    '--type=merge',
    `--patch=${patch}`,
  ])
}
