import { messageOf } from '../../../operation/failure.ts'
import type { CommandLimits, PodElsewhere, PodsElsewhere } from '../../kubernetes/elsewhere/pods-elsewhere.ts'
import type { RingMember } from './cql.ts'
import { nodetool, readGeneration, readHostId, readStatus, type CassandraPod, type NodeStatus } from './nodetool.ts'

/** A member of the ring and the pod that it runs in. */
export interface RingNode extends RingMember, CassandraPod {
  /** when it was last started; undefined where it does not say */
  generation: number | undefined
  /** the CassandraDatacenter that its pod is of, where cass-operator made it */
  datacenter: string | undefined
}

/** Who of a ring was found, and what is wrong with the others. */
export interface FoundRing {
  nodes: RingNode[]
  /** the labels that they were found by */
  selector: string
  /** for people, one each */
  troubles: string[]
}

/**
 * The labels of the pods that Cassandra runs in, by who made them. cass-operator, which k8ssandra uses, labels its
 * server pods alone with their state (cass-operator, api/v1beta1 CassNodeState); Bitnami's chart has the usual labels.
 */
export const usualSelectors = ['cassandra.datastax.com/node-state', 'app.kubernetes.io/name=cassandra']

/** Of the CassandraDatacenter that a pod is of (cass-operator, api/v1beta1 DatacenterLabel). */
const datacenterLabel = 'cassandra.datastax.com/datacenter'

/** For a question that a node answers at once, ms; starting nodetool itself may take seconds on a busy node. */
const askMs = 60_000

export function askLimits(signal: AbortSignal): CommandLimits {
  return { timeoutMs: askMs, signal }
}

/**
 * Finds the pod of each member of a ring: it tells its host id itself, so that pods of another ring are nobody's.
 * @param selector of labels; undefined: those that are usual
 * @throws Failure where pods cannot be listed; the signal's reason
 */
export async function findRing(
  pods: PodsElsewhere,
  members: readonly RingMember[],
  selector: string | undefined,
  signal: AbortSignal,
): Promise<FoundRing> {
  const { found, by } = await listPods(pods, selector)
  const looks = await Promise.all(found.map((pod) => lookAt(pods, pod, signal)))
  signal.throwIfAborted()
  const nodes: RingNode[] = []
  const troubles: string[] = []
  for (const member of members) {
    const its = looks.filter(({ hostId }) => hostId === member.hostId)
    const [look] = its
    const title = `node ${member.address} (${member.hostId})`
    if (look === undefined) {
      const silent = looks.find(({ pod, hostId }) => hostId === undefined && pod.ip === member.address)
      troubles.push(`${title} ${silent === undefined ? 'has no pod here' : `does not answer: ${silent.trouble}`}`)
    } else
      nodes.push({
        ...member,
        pod: look.pod.name,
        container: look.container,
        generation: look.generation,
        datacenter: look.pod.labels[datacenterLabel],
      })
  }
  const known = new Set(members.map(({ hostId }) => hostId))
  for (const { pod, hostId, trouble, status } of looks) {
    // Where each member has a pod, this one is of another ring.
    if (hostId === undefined && nodes.length < members.length)
      troubles.push(`pod ${pod.name} cannot be asked: ${trouble}`)
    if (hostId !== undefined && known.has(hostId)) troubles.push(...downOf(pod.name, status, known))
  }
  return { nodes, selector: by, troubles: [...new Set(troubles)] }
}

/** What is not up and normal in the eyes of one node; nodes may see each other differently. */
function downOf(pod: string, status: readonly NodeStatus[], known: ReadonlySet<string>): string[] {
  return [
    ...status.filter(({ state }) => state !== 'UN').map(({ address, state }) => `node ${address} is ${stateOf(state)}`),
    ...status
      .filter(({ hostId }) => !known.has(hostId))
      .map(({ address }) => `node ${address} is known to pod ${pod} alone`),
  ]
}

/** `nodetool status` in words. */
function stateOf(state: string): string {
  const [up = '', does = ''] = state
  const words: Record<string, string> = { U: 'up', D: 'down', L: 'leaving', J: 'joining', M: 'moving', N: '' }
  return [words[up] ?? 'in an unknown state', words[does] ?? ''].filter((word) => word !== '').join(', ')
}

async function listPods(
  pods: PodsElsewhere,
  selector: string | undefined,
): Promise<{ found: PodElsewhere[]; by: string }> {
  const tried = selector === undefined ? usualSelectors : [selector]
  for (const by of tried) {
    const found = await pods.list(by)
    if (found.length > 0) return { found, by }
  }
  return { found: [], by: tried.join(' or ') }
}

interface Look {
  pod: PodElsewhere
  container: string
  hostId?: string | undefined
  generation?: number | undefined
  status: NodeStatus[]
  trouble?: string | undefined
}

async function lookAt(pods: PodsElsewhere, pod: PodElsewhere, signal: AbortSignal): Promise<Look> {
  const container = containerOf(pod)
  const at = { pod: pod.name, container }
  if (!pod.ready) return { pod, container, status: [], trouble: pod.trouble ?? 'it is not ready' }
  try {
    const info = await nodetool(pods, at, ['info'], askLimits(signal))
    const [hostId, generation] = [readHostId(info), readGeneration(info)]
    const status = readStatus(await nodetool(pods, at, ['status'], askLimits(signal)))
    return { pod, container, hostId, generation, status, trouble: 'nodetool info tells no ID' }
  } catch (error) {
    return { pod, container, status: [], trouble: messageOf(error) }
  }
}

/** The container called so, or the one that says it listens for CQL, or the first. */
function containerOf({ containers }: PodElsewhere): string {
  const named = containers.find(({ name }) => name === 'cassandra')
  const listening = containers.find(({ ports }) => ports.includes(9042))
  return (named ?? listening ?? containers[0])?.name ?? ''
}
