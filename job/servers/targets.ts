import { lookup, resolveSrv } from 'node:dns/promises'
import { isIP } from 'node:net'
import { Failure, messageOf } from '../../operation/failure.ts'
import type { PausedEndpoint } from '../../operation/record.ts'
import type { Target } from '../../operation/request.ts'
import type { Cluster, ReleasePod, ReleaseState } from '../kubernetes/cluster.ts'
import { formatAddress, type AdminAddress } from './client.ts'

/** One server to pause, and the pod that it is, where one has its IP. */
export interface PauseTarget extends AdminAddress {
  pod?: ReleasePod
}

/** Everything that a request pauses. */
export interface Targets {
  targets: PauseTarget[]
  /** the releases that these belong to, sorted; watched and leased with them */
  releases: string[]
  state: ReleaseState
}

/**
 * Finds the servers that a request means: the pods of its releases by their labels, or what its SRV names and addresses
 * resolve to at this moment. A name that stands for several addresses means all of them.
 * @throws Failure where a release has no pods, or a name resolves to nothing.
 */
export async function findTargets(target: Target, cluster: Cluster): Promise<Targets> {
  if (target.serviceUrls.length + target.addresses.length === 0) return byLabels(target, cluster)
  const found = await Promise.all([
    ...target.serviceUrls.map((name) => fromSrv(name, target)),
    ...target.addresses.map(fromAddress),
  ])
  const unique = new Map(found.flat().map((address) => [formatAddress(address), address]))
  const pods = await cluster.scalarPods()
  const resolved = [...unique.values()].map((address): PauseTarget => {
    const pod = pods.find(({ ip, otherIps }) => ip === address.host || otherIps?.includes(address.host))
    return pod === undefined ? address : { ...address, host: pod.ip, pod }
  })
  // A dual-stack Service names each pod twice; a second Pause of one server would meet its own first.
  const targets = [...new Map(resolved.map((target) => [formatAddress(target), target])).values()]
  const strangers = targets.filter(({ pod }) => pod === undefined)
  if (strangers.length > 0) refuseServices(strangers, await cluster.serviceAddresses())
  const named = target.releases.map((release) => release.name)
  const releases = sorted([...named, ...targets.flatMap(({ pod }) => (pod === undefined ? [] : [pod.release]))])
  return { targets, releases, state: await cluster.releaseState(releases) }
}

/** @throws Failure where an address is that of a Service: each connection to it leads to one of several servers */
function refuseServices(strangers: readonly PauseTarget[], services: ReadonlyMap<string, string>): void {
  for (const stranger of strangers) {
    const service = services.get(stranger.host)
    if (service === undefined) continue
    throw new Failure({
      what: `${formatAddress(stranger)} is no server but the Service ${service}`,
      why: 'each connection to it leads to one of its pods, so the others would be left out',
      next: 'name the release in its place, or give the addresses of the pods or of a headless Service',
    })
  }
}

async function byLabels(target: Target, cluster: Cluster): Promise<Targets> {
  const releases = sorted(target.releases.map((release) => release.name))
  const state = await cluster.releaseState(releases)
  const empty = releases.filter((release) => !state.pods.some((pod) => pod.release === release))
  if (empty.length > 0 || releases.length === 0) {
    throw new Failure({
      what: releases.length === 0 ? 'nothing to pause' : `${empty.join(', ')} has no pods`,
      why:
        `namespace ${cluster.namespace} has no pod of a Scalar product with the label ` +
        `app.kubernetes.io/instance=${empty.join(' or ')}`,
      next: 'list the releases with `kubectl scalardl status`, and scale the release up if it stands at 0',
    })
  }
  // A pod without an IP has no server yet; the preflight names it, and the proof of the window counts it as not paused.
  const targets = state.pods
    .filter((pod) => pod.ip !== '')
    .map((pod) => ({ host: pod.ip, port: target.adminPort ?? pod.adminPort, pod }))
  return { targets, releases, state }
}

async function fromSrv(name: string, target: Target): Promise<AdminAddress[]> {
  const records = await resolveSrv(name).catch((error: unknown) => {
    throw unresolved(name, `its SRV records cannot be resolved: ${messageOf(error)}`)
  })
  if (records.length === 0) throw unresolved(name, 'it has no SRV records')
  const found = await Promise.all(
    records.map((record) => addressesOf(record.name, target.adminPort ?? record.port, name)),
  )
  return found.flat()
}

async function fromAddress(text: string): Promise<AdminAddress[]> {
  const { host, port } = parseAddress(text)
  return addressesOf(host, port, text)
}

/**
 * Reads `host:port`, an IPv6 host in brackets.
 * @throws Failure for anything else
 */
export function parseAddress(text: string): AdminAddress {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text)
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3])
  if (host === undefined || port < 1 || port > 65_535)
    throw unresolved(text, 'an address is host:port, with the host in brackets where it is IPv6')
  return { host, port }
}

async function addressesOf(host: string, port: number, given: string): Promise<AdminAddress[]> {
  if (isIP(host) !== 0) return [{ host, port }]
  const found = await lookup(host, { all: true }).catch((error: unknown) => {
    throw unresolved(given, `${host} cannot be resolved: ${messageOf(error)}`)
  })
  return found.map(({ address }) => ({ host: address, port, serverName: host }))
}

function unresolved(given: string, why: string): Failure {
  return new Failure({
    what: `no server found at ${given}`,
    why,
    next:
      'check the name against `kubectl scalardl status`, ' +
      'or omit --service-url and --addresses to have the pods found by their labels',
  })
}

function sorted(names: string[]): string[] {
  return [...new Set(names)].sort()
}

/** The same as the record and the journal keep it. */
export function endpointOf(target: PauseTarget): PausedEndpoint {
  const address = formatAddress(target)
  return target.pod === undefined
    ? { address }
    : { address, pod: target.pod.name, uid: target.pod.uid, release: target.pod.release }
}

/** `pod my-ledger-0 (10.1.2.3:50053)`, or the address alone. */
export function titleOf(endpoint: PausedEndpoint): string {
  return endpoint.pod === undefined ? endpoint.address : `pod ${endpoint.pod} (${endpoint.address})`
}
