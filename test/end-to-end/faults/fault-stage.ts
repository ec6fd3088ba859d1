import type { KubernetesObject, V1StatefulSet } from '@kubernetes/client-node'
import { labels, type Role } from '../../../operation/names.ts'
import { instanceLabel } from '../../../operation/product.ts'
import { findCluster, type LocalCluster } from '../../local-kubernetes/local-cluster.ts'
import { processesOf } from '../../local-kubernetes/machines/pod-processes.ts'
import type { FaultSettings } from '../../stand-ins/ledger/gate/faults.ts'
import { postgresqlServer, usualRoles } from '../../stand-ins/postgresql/objects.ts'
import { until } from '../stage/gates.ts'
import { addLedger, passwords, secret, type LedgerStage, type LedgerStageOptions } from '../stage/ledger-stage.ts'
import { clusterName } from '../stage/ground.ts'
import { ground, Stage } from '../stage/stage.ts'
import { GateWatch, type SeenGate } from './gate-watch.ts'

const home = { 'kubernetes.io/hostname': `${clusterName}-1` }
/** A resource that only the second node has. Workers ask for it, guards do not: so each knows where it is. */
const place = 'scalardl.test/worker'

export interface FoundPod {
  name: string
  uid: string
  /** undefined for a worker or a guard */
  release: string | undefined
  /** empty where its kubelet has not said it yet, see addressOf */
  ip: string
  node: string
}

interface PodList {
  items: {
    metadata: { name: string; uid: string; labels?: Record<string, string>; deletionTimestamp?: string }
    spec: { nodeName?: string }
    status: { phase: string; podIP?: string }
  }[]
}

export interface FaultStageOptions {
  /** what is backed up together; one Ledger named `my` unless given */
  releases?: readonly LedgerStageOptions[]
  /** what the releases need in their namespace */
  objects?: readonly KubernetesObject[]
  /** flags of every command that speaks with the servers */
  adminFlags?: readonly string[]
}

/**
 * Releases at work whose cluster may be broken: their pods and their database on the first node, which has the
 * control plane; workers on the second, which may be lost.
 */
export class FaultStage {
  readonly stage: Stage
  readonly cluster: LocalCluster
  readonly gates: GateWatch
  readonly releases: readonly string[]
  readonly deployments: readonly string[]
  readonly adminFlags: readonly string[]

  private constructor(
    ledgers: readonly LedgerStage[],
    cluster: LocalCluster,
    stage: Stage,
    options: FaultStageOptions,
  ) {
    this.stage = stage
    this.releases = (options.releases ?? [{}]).map(({ release = 'my' }) => release)
    this.deployments = ledgers.map(({ deployment }) => deployment)
    this.adminFlags = options.adminFlags ?? []
    this.cluster = cluster
    this.gates = new GateWatch(cluster)
  }

  /** The Deployment of the first release. */
  get deployment(): string {
    return this.deployments[0] ?? ''
  }

  static async open(namespace: string, options: FaultStageOptions = {}): Promise<FaultStage> {
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
      secret('database-admin', { username: 'admin', password: passwords.admin, hosts: 'database' }),
      ...(options.objects ?? []),
    ])
    await stage.rolledOut('statefulset/database')
    const ledgers = await Promise.all(
      (options.releases ?? [{}]).map((release) => addLedger(stage, atWorkAtHome(release))),
    )
    await stage.succeeds(['install'])
    const opened = new FaultStage(ledgers, cluster, stage, options)
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

  /** The releases' pods that are not on their way out, watched from now on. */
  async ledgers(): Promise<FoundPod[]> {
    const pods = (await this.#pods(`${instanceLabel} in (${this.releases.join(',')})`)).filter(({ ip }) => ip !== '')
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
      ({
        metadata: { name, uid, labels: all, deletionTimestamp },
        spec: { nodeName: node },
        status: { phase, podIP: ip = '' },
      }) => {
        const release = all?.[instanceLabel]
        // A kubelet says so seconds later, when what a test waits for may be over.
        const runs = phase === 'Running' || (phase === 'Pending' && processesOf(uid).length > 0)
        return runs && deletionTimestamp === undefined && node !== undefined ? [{ name, uid, release, ip, node }] : []
      },
    )
  }
}

export function gateState(gate: SeenGate | undefined): 'closed' | 'open' | 'unknown' {
  if (gate === undefined) return 'unknown'
  const last = gate.closed.at(-1)
  return last !== undefined && last.until === undefined ? 'closed' : 'open'
}

/** A little work, so that the machine has time for the faults, on the node that stays. */
function atWorkAtHome(options: LedgerStageOptions): LedgerStageOptions {
  return {
    ...options,
    standIn: { STAND_IN_WORKERS: '1', STAND_IN_REST_MS: '60', ...options.standIn },
    more: { pod: { nodeSelector: home, terminationGracePeriodSeconds: 10 }, ...options.more },
  }
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
