// Room: database servers that a service runs, behind a JDBC URL: which one it is, the clock that decides there, and how
// a release is pointed to another.
// Read server, measure-server-clock, left-out, logins, server-repointing, check-switch-choice, switch-by-hand.

import { lookup, resolveCname } from 'node:dns/promises'
import { isIP } from 'node:net'
import { Failure, messageOf } from '../../../operation/failure.ts'
import type { StorageSettings } from '../../scalardb/storage-settings.ts'
import { parseJdbcUrl as parseMysqlUrl } from '../mysql/jdbc-url.ts'
import { parseJdbcUrl as parsePostgresqlUrl } from '../postgresql/jdbc-url.ts'

/** Where a release reaches its server, as its JDBC URL says it. */
export interface Server {
  host: string
  port: number
}

/** For people: rds://ledger.abc.eu-west-1.rds.amazonaws.com:5432 */
export function titleOf(kind: string, { host, port }: Server): string {
  return `${kind}://${host}:${port}`
}

/** Whether the driver of a URL is PostgreSQL's. */
export function isPostgresql({ contactPoints }: StorageSettings): boolean {
  return contactPoints.startsWith('jdbc:postgresql:')
}

/** Whether the driver of a URL is MySQL's or MariaDB's. */
export function isMysql({ contactPoints }: StorageSettings): boolean {
  return /^jdbc:(mysql|mariadb):/.test(contactPoints)
}

/**
 * The one server that a storage names.
 * @param service what people call a server of it: an instance of RDS
 * @throws Failure where it names several
 */
export function oneServerOf(settings: StorageSettings, service: string): Server {
  const { hosts } = isPostgresql(settings)
    ? parsePostgresqlUrl(settings.contactPoints)
    : parseMysqlUrl(settings.contactPoints)
  const [first, ...others] = hosts
  if (first !== undefined && others.length === 0) return { ...first, host: first.host.toLowerCase() }
  throw new Failure({
    what: `storage "${settings.storage}" is not known to be on ${service}`,
    why: `its scalar.db.contact_points names ${hosts.length} servers, and a restore makes one`,
    next: 'name that of the service alone, or omit --managed for a dump',
  })
}

/** A URL with another server in place of its one. */
export function onServer(url: string, { host, port }: Server): string {
  return url.replace(/^(jdbc:[^/]*\/\/)[^/?]*/, (_, scheme: string) => `${scheme}${host}:${port}`)
}

/** What a URL may hold of secrets: pgjdbc's, MySQL's and MariaDB's names of passwords. */
const secretInUrl = /([?&][^=&]*password\d?=)[^&]+/gi

/** Whether a URL has a password in it. */
export function hidesPassword(url: string): boolean {
  return withoutPassword(url) !== url
}

/** A URL that anybody may see. */
export function withoutPassword(url: string): string {
  return url.replace(secretInUrl, '$1…')
}

/** A name has no more aliases than this; more are a circle. */
const mostAliases = 8

/**
 * The names that a host goes by: its own, and those that it is an alias of (CNAME, as an ExternalName Service has), up
 * to the first that the service gives. An address has no other.
 * @param isOfService whether a name is one that the service gives
 * @throws Failure where the name server does not tell: another region, or none, would be taken for it; the signal's
 * reason
 */
export async function namesOf(
  host: string,
  isOfService: (name: string) => boolean,
  signal: AbortSignal,
): Promise<string[]> {
  const names: string[] = []
  for (let next: string | undefined = host; next !== undefined && names.length <= mostAliases;) {
    names.push(next)
    next = isIP(next) !== 0 || isOfService(next) ? undefined : await aliasOf(next)
    signal.throwIfAborted()
  }
  return names
}

/** What a name is an alias of; undefined where it is none, or no name. @throws Failure where nobody tells */
async function aliasOf(name: string): Promise<string | undefined> {
  try {
    const [alias] = await resolveCname(name)
    return alias?.toLowerCase().replace(/\.$/, '')
  } catch (error) {
    // Names of the cluster are made whole by its search domains, and as they are written they are no names.
    if (['ENODATA', 'ENOTFOUND'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw new Failure(
      {
        what: `whose name ${name} is cannot be told`,
        why: `the name server does not say whether it is an alias: ${messageOf(error)}`,
        next: 'see that the DNS of the cluster answers, then run it again',
      },
      { cause: error },
    )
  }
}

/**
 * Whether a host leads to the server of another at this moment: by its name, or by an address that both have. A name of
 * the cluster, which the search domains make whole, has no alias that namesOf() sees.
 * @throws Error where the name server does not answer
 */
export async function leadsTo(host: string, other: string): Promise<boolean> {
  if (host === other) return true
  const [own, others] = await Promise.all([addressesOf(host), addressesOf(other)])
  return own.some((address) => others.includes(address))
}

async function addressesOf(host: string): Promise<string[]> {
  const found = await lookup(host, { all: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOTFOUND') return []
    throw error
  })
  return found.map(({ address }) => address)
}

/**
 * Whether any of some hosts leads to a server at this moment.
 * @param noun what people call the server: instance
 * @throws Failure where nobody can tell
 */
export async function isUsed(server: string, hosts: readonly string[], noun: string): Promise<boolean> {
  try {
    return (await Promise.all(hosts.map((host) => leadsTo(host, server)))).includes(true)
  } catch (error) {
    if (error instanceof Failure) throw error
    throw new Failure(
      {
        what: `whether a release uses the restored ${noun} is not known`,
        why: messageOf(error),
        next: 'see that the DNS of the cluster answers, then run it again',
      },
      { cause: error },
    )
  }
}

/** For a restored server that is not removed. @param noun what people call it: instance */
export function inService(noun: string, name: string): Failure {
  return new Failure({
    what: `${noun} ${name} is not removed`,
    why: 'a release uses it',
    next: `point the release to another ${noun} first, and upgrade it`,
  })
}

/** The host that a server will have: the service makes its first word of the server's name, and nothing else. */
export function expectedHost(host: string, { former, made }: { former: string; made: string }): string {
  return host.startsWith(`${former}.`) ? `${made}${host.slice(former.length)}` : made
}
