import { messageOf } from '../../../operation/failure.ts'
import type { PodElsewhere, PodsElsewhere } from '../../kubernetes/elsewhere/pods-elsewhere.ts'
import { clientIdentity, type ClientIdentity } from './client-identity.ts'
import type { RingMember } from './cql.ts'
import { findManagementApi } from './management-api.ts'
import type { NodeControl, NodeLook, NodeStatus } from './node-control.ts'
import { byNodetool } from './nodetool.ts'

/** A member of the ring and the pod that it runs in. */
export interface RingNode extends RingMember {
  pod: string
  control: NodeControl
  /** when it was last started; undefined where it does not say */
  generation: number | undefined
  /** the CassandraDatacenter that its pod is of, where cass-operator made it */
  datacenter: string | undefined
}

/** How the pods of a ring are found and asked. */
export interface RingPods {
  /** of labels; undefined: those that are usual */
  selector?: string | undefined
  /** Secret with the client's certificate that their management API wants, NAME[:SERVER-NAME]; undefined: none */
  clientSecret?: string | undefined
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

/**
 * Finds the pod of each member of a ring: it tells its host id itself, so that pods of another ring are nobody's. A pod
 * is asked by its management API where that answers, else by nodetool.
 * @throws Failure where pods cannot be listed, or a Secret cannot be used; the signal's reason
 */
export async function findRing(
  pods: PodsElsewhere,
  members: readonly RingMember[],
  { selector, clientSecret }: RingPods,
  signal: AbortSignal,
): Promise<FoundRing> {
  const { found, by } = await listPods(pods, selector)
  const identity = await clientIdentity(pods, clientSecret)
  const looks = await Promise.all(found.map((pod) => lookAt(pods, pod, identity, signal)))
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
        control: look.control,
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

/** The letters of `nodetool status` in words. */
function stateOf(state: string): string {
  const [up = '', does = ''] = state
  const words: Record<string, string> = { U: 'up', D: 'down', L: 'leaving', J: 'joining', M: 'moving', N: '' }
  return [words[up], words[does]]
    .map((word) => word ?? 'in an unknown state')
    .filter(Boolean)
    .join(', ')
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

/**
 * The pods in which commands have to be run, since no management API answers there, and why not where one says that it
 * does.
 * @throws Failure where pods cannot be listed, or a Secret cannot be used; the signal's reason
 */
export async function podsWithoutApi(
  pods: PodsElsewhere,
  { selector, clientSecret }: RingPods,
  signal: AbortSignal,
): Promise<{ pod: string; trouble: string | undefined; cure: string | undefined }[]> {
  const { found } = await listPods(pods, selector)
  const identity = await clientIdentity(pods, clientSecret)
  const looks = await Promise.all(
    found.map(async (pod) => ({ pod, ...(await findManagementApi(pod, identity, signal)) })),
  )
  return looks.flatMap(({ pod, api, trouble, cure }) => (api === undefined ? [{ pod: pod.name, trouble, cure }] : []))
}

interface Look extends NodeLook {
  pod: PodElsewhere
  control: NodeControl
  /** why it does not say who it is */
  trouble: string
}

async function lookAt(
  pods: PodsElsewhere,
  pod: PodElsewhere,
  identity: ClientIdentity | undefined,
  signal: AbortSignal,
): Promise<Look> {
  const command = byNodetool(pods, { pod: pod.name, container: containerOf(pod) })
  const silent = { pod, control: command, hostId: undefined, generation: undefined, status: [] }
  if (!pod.ready) return { ...silent, trouble: pod.trouble ?? 'it is not ready' }
  const { api, trouble } = await findManagementApi(pod, identity, signal)
  // Who names a certificate wants it used.
  if (api === undefined && trouble !== undefined && identity !== undefined) return { ...silent, trouble }
  const control = api ?? command
  try {
    return { pod, control, ...(await control.look(signal)), trouble: 'it does not say which node it is' }
  } catch (error) {
    signal.throwIfAborted()
    return { ...silent, control, trouble: [messageOf(error), trouble].filter(Boolean).join('; ') }
  }
}

/** The container called so, or the one that says it listens for CQL, or the first. */
function containerOf({ containers }: PodElsewhere): string {
  const named = containers.find(({ name }) => name === 'cassandra')
  const listening = containers.find(({ ports }) => ports.some(({ port }) => port === 9042))
  return (named ?? listening ?? containers[0])?.name ?? ''
}
