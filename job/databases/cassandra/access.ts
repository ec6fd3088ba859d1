import { Failure } from '../../../operation/failure.ts'
import { refuseStrangers } from '../../scalardb/secret-hosts.ts'
import type { StorageSettings } from '../../scalardb/storage-settings.ts'

/** All that is needed to log in to one ring. Holds a secret: never recorded. */
export interface Access {
  hosts: { host: string; port: number }[]
  username: string | undefined
  password: string | undefined
}

/** ScalarDB's default, `scalar.db.contact_port` (ScalarDB, Cassandra configuration). */
const usualPort = 9042

/**
 * The access of storages that live in one ring: the first's credentials, everybody's contact points.
 * @throws Failure where the contact points or the port cannot be read
 */
export function accessOf(settings: readonly StorageSettings[]): Access {
  const [first] = settings
  if (first === undefined) throw new Error('a database without storages')
  const hosts = [...new Map(settings.flatMap(hostsOf).map((one) => [`${one.host}:${one.port}`, one])).values()]
  refuseStrangers(first, hosts)
  return { hosts, username: first.username, password: first.password }
}

function hostsOf({ storage, contactPoints, contactPort }: StorageSettings): Access['hosts'] {
  const port = contactPort === undefined ? usualPort : Number(contactPort)
  const hosts = contactPoints
    .split(',')
    .map((host) => host.trim())
    .filter((host) => host !== '')
  if (hosts.length > 0 && Number.isInteger(port) && port > 0 && port < 65_536)
    return hosts.map((host) => ({ host: host.toLowerCase(), port }))
  throw new Failure({
    what: `storage "${storage}" does not say where its Cassandra is`,
    why: hosts.length === 0 ? 'scalar.db.contact_points names no host' : `"${contactPort}" is no port`,
    next: 'correct scalar.db.contact_points and scalar.db.contact_port in the properties of the release',
  })
}

/** For people: cassandra://host:9042 */
export function titleOf({ hosts }: Pick<Access, 'hosts'>): string {
  return `cassandra://${hosts.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`).join(',')}`
}

/**
 * The namespace of the Service that a contact point names, as in `dc1-service.cassandra.svc.cluster.local`; undefined
 * where none of them tells (Kubernetes: DNS for Services and Pods).
 */
export function namespaceOf({ hosts }: Pick<Access, 'hosts'>): string | undefined {
  for (const { host } of hosts) {
    const [, namespace] = /^(?:[^.]+\.){1,2}([^.]+)\.svc(?:\.|$)/.exec(host) ?? /^[^.]+\.([^.]+)$/.exec(host) ?? []
    if (namespace !== undefined && !/^\d+$/.test(namespace)) return namespace
  }
  return undefined
}

/** The storages that share a contact point are one ring. */
export function groupByRing(settings: readonly StorageSettings[]): StorageSettings[][] {
  const groups: { hosts: Set<string>; own: StorageSettings[] }[] = []
  for (const one of settings) {
    const hosts = accessOf([one]).hosts.map(({ host, port }) => `${host}:${port}`)
    const met = groups.filter((group) => hosts.some((host) => group.hosts.has(host)))
    const [first = { hosts: new Set<string>(), own: [] }, ...others] = met
    if (met.length === 0) groups.push(first)
    first.own.push(one, ...others.flatMap(({ own }) => own))
    for (const host of [...hosts, ...others.flatMap((other) => [...other.hosts])]) first.hosts.add(host)
    for (const other of others) groups.splice(groups.indexOf(other), 1)
  }
  return groups.map(({ own }) => own)
}
