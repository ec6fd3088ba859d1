import { isIP } from 'node:net'
import { Failure, messageOf } from '../../../../operation/failure.ts'
import type { Finding } from '../../../../operation/finding.ts'
import type { PodsElsewhere } from '../../../kubernetes/elsewhere/pods-elsewhere.ts'
import type { RingMember, RingView } from '../cql.ts'
import type { Medusa } from '../medusa.ts'
import { podsWithoutApi, type FoundRing, type RingPods } from '../ring.ts'

/** This worker was made without a way to pods of other namespaces. */
export function noPods(title: string): Failure {
  return new Failure({
    what: `the nodes of ${title} cannot be reached`,
    why: 'this worker has no way to pods of other namespaces',
    next: 'use the worker image of the plugin that made the operation',
  })
}

/** An error as a finding. */
export function findingOf(check: string, subject: string, error: unknown): Finding {
  const known = error instanceof Failure
  return {
    check,
    subject,
    outcome: 'error',
    message: known ? error.why : messageOf(error),
    cure: known ? error.next : 'run it again with -v',
  }
}

/**
 * Whether the worker may do what it has to in Cassandra's namespace: find its pods, and run commands in those that have
 * no management API, or that Medusa is in.
 */
export async function checkRights(
  title: string,
  pods: PodsElsewhere,
  { at, medusa, signal }: { at: RingPods; medusa: Medusa | undefined; signal: AbortSignal },
): Promise<Finding> {
  const { namespace } = pods
  const of = { check: 'rights', subject: title }
  const lacking = (missing: readonly string[], why: string, cure: string): Finding => ({
    ...of,
    outcome: 'error',
    message: `the worker may not ${missing.join(', ')} in namespace ${namespace}${why}`,
    cure: `${cure}; --cassandra-namespace names another`,
  })
  const install = `kubectl scalardl install --cassandra-namespace ${namespace}`
  const toFind = await pods.missingRights('find')
  if (toFind.length > 0) return lacking(toFind, '', `${install}, with --no-exec where its pods have a management API`)
  const [first, ...others] = await podsWithoutApi(pods, at, signal)
  if (at.clientSecret !== undefined && first?.trouble !== undefined)
    return {
      ...of,
      outcome: 'error',
      message: `the management API of pod ${first.pod} cannot be asked with that certificate: ${first.trouble}`,
      ...(first.cure === undefined ? {} : { cure: first.cure }),
    }
  if (first === undefined && medusa === undefined)
    return { ...of, outcome: 'ok', message: `its pods in namespace ${namespace} are asked by their management API` }
  const toRun = await pods.missingRights('run')
  if (toRun.length === 0)
    return { ...of, outcome: 'ok', message: `commands may be run in pods of namespace ${namespace}` }
  if (first === undefined) return lacking(toRun, ', and Medusa is run there', install)
  const more = others.length === 0 ? '' : ` and ${others.length} more`
  return first.trouble === undefined
    ? lacking(toRun, `, and pod ${first.pod}${more} has no management API`, install)
    : lacking(
        toRun,
        `, and the management API of pod ${first.pod}${more} does not answer: ${first.trouble}`,
        `let the worker connect to it, or have it run nodetool instead: ${install}`,
      )
}

/** Whether every member of the ring is up and has a pod, and all agree on the schema. */
export function checkRing(title: string, view: RingView, { nodes, selector, troubles }: FoundRing): Finding[] {
  const of = { check: 'cassandra nodes', subject: title }
  const [first, ...more] = troubles
  if (nodes.length === 0)
    return [
      {
        ...of,
        outcome: 'error',
        message: `no pod of this ring was found by the labels ${selector}: ${first ?? 'there is none'}`,
        cure: 'name its pods by labels, --cassandra-selector KEY=VALUE, or their namespace, --cassandra-namespace',
      },
    ]
  if (first !== undefined)
    return [
      {
        ...of,
        outcome: 'error',
        message: `${first}${more.length === 0 ? '' : `; ${more.join('; ')}`}`,
        cure: `bring every node up first. ${lostNodeText(view)}`,
      },
    ]
  const versions = new Set(view.members.map(({ schemaVersion }) => schemaVersion))
  if (versions.size > 1)
    return [
      {
        ...of,
        outcome: 'error',
        message: 'its nodes do not agree on the schema',
        cure: 'wait until `nodetool describecluster` shows one schema version, and change no table during a backup',
      },
    ]
  return [
    {
      ...of,
      outcome: 'ok',
      message: `${nodes.length} nodes up in cluster ${view.cluster}: ${nodes.map(({ pod }) => pod).join(', ')}`,
    },
    { check: 'cassandra, one node lost', subject: title, outcome: 'ok', message: lostNodeText(view) },
  ]
}

/** @throws Failure where a node came or went since the snapshots were taken */
export function refuseChanged(
  title: string,
  before: readonly string[],
  nodes: readonly Pick<RingMember, 'hostId' | 'address'>[],
): void {
  const came = nodes.filter(({ hostId }) => !before.includes(hostId)).map(({ address }) => `node ${address} has joined`)
  const went = before.filter((hostId) => !nodes.some((node) => node.hostId === hostId)).map((id) => `${id} has left`)
  if (came.length + went.length === 0) return
  throw new Failure({
    what: `the ring of ${title} has changed since its snapshots were taken`,
    why: [...came, ...went].join('; '),
    next: 'run the backup again once the ring is steady',
  })
}

/**
 * Whether the loss of one node takes data with it (ScalarDB, "How to Back Up and Restore": a replicated Cassandra's
 * node is repaired, and only the loss of a quorum needs a restore of the whole cluster).
 */
export function lostNodeText({ keyspaces, members }: Pick<RingView, 'keyspaces' | 'members'>): string {
  const single = keyspaces.filter(({ replication }) => copiesOf(replication, members) < 3).map(({ name }) => name)
  if (single.length === 0)
    return (
      'The loss of one node needs no pause and no restore of all: every keyspace has three copies or more, ' +
      'so put its own snapshot back or replace it, then run `nodetool repair` on it'
    )
  return (
    `The loss of one node leaves no quorum of ${single.join(', ')}, of fewer than three copies: ` +
    'all nodes are restored together then'
  )
}

/**
 * How many nodes have a row: `{class, replication_factor}` or `{class, dc1: '3'}`, and no more than there are nodes.
 * ScalarDB asks for a quorum of all data centres (ScalarDB, StatementHandler: QUORUM and SERIAL).
 */
function copiesOf(replication: Record<string, string>, members: RingView['members']): number {
  return Object.entries(replication)
    .filter(([key]) => key !== 'class')
    .map(([key, count]) => {
      const nodes = members.filter(({ dataCenter }) => key === 'replication_factor' || key === dataCenter)
      return Math.min(Number(count.split('/')[0]), nodes.length)
    })
    .reduce((sum, copies) => sum + copies, 0)
}

/** Whether contact points that are addresses lead to the nodes that were found. */
export function checkContactPoints(
  title: string,
  hosts: readonly { host: string }[],
  { nodes }: Pick<FoundRing, 'nodes'>,
): Finding[] {
  const strangers = hosts.filter(
    ({ host }) => isIP(host) !== 0 && nodes.length > 0 && !nodes.some(({ address }) => address === host),
  )
  return strangers.map(({ host }) => ({
    check: 'contact points',
    subject: title,
    outcome: 'warning',
    message: `${host} is none of the addresses that the nodes have`,
    cure: 'remove it from scalar.db.contact_points where no node has it any more',
  }))
}
