import { Failure } from '../../../operation/failure.ts'
import { refuseStrangers } from '../../scalardb/secret-hosts.ts'
import type { StorageSettings } from '../../scalardb/storage-settings.ts'
import { parseJdbcUrl, type Address, type Tls } from './jdbc-url.ts'

/** All that is needed to log in to one server. Holds a secret: never recorded. */
export interface Access {
  scheme: Address['scheme']
  /** tried in order until one is the primary */
  hosts: { host: string; port: number }[]
  username: string
  password: string | undefined
  tls: Tls
  /** whether user and password are those of a Secret given by hand, which are worth more than the release's own */
  fromSecret: boolean
}

/**
 * The access of storages that live on one server: the first's credentials.
 * @throws Failure where the properties name no user
 */
export function accessOf(settings: readonly StorageSettings[]): Access {
  const [first] = settings
  if (first === undefined) throw new Error('a database without storages')
  const { scheme, hosts, tls, user, password } = parseJdbcUrl(first.contactPoints)
  refuseStrangers(first, hosts)
  const username = first.username ?? user
  if (username === undefined) {
    throw new Failure({
      what: `storage "${first.storage}" has no user for its database`,
      why: 'neither its properties nor a database secret name one',
      next: 'give scalar.db.username in the properties, or a Secret with username and password by --database-secret',
    })
  }
  return {
    scheme,
    hosts,
    username,
    password: first.password ?? password,
    tls,
    fromSecret: first.fromSecret === true,
  }
}

/**
 * Refuses to log in with a Secret's password where anybody may be the server: whoever may edit the release names it.
 *
 * No way to log in is safe without a verified certificate. The server chooses it: mysql_clear_password asks for the
 * password itself, sha256_password and the full round of caching_sha2_password for one that is encrypted by a key which
 * the server gives, or not at all within TLS
 * (https://dev.mysql.com/doc/refman/8.4/en/caching-sha2-pluggable-authentication.html). What mysql_native_password and
 * the quick round send is a hash without salt or rounds that is tried offline, and that a server in the middle hands
 * on to the real one. A certificate of any public authority proves nothing where its name is not compared.
 * @throws Failure
 */
export function refuseUnverified({ fromSecret, tls, hosts }: Access): void {
  if (!fromSecret) return
  const names = tls.certificate !== undefined || tls.trustStore !== undefined
  if (tls.mode === 'verify-full' || (tls.mode === 'verify-ca' && names)) return
  const [server] = hosts
  throw new Failure({
    what: 'the password of the database secret is not sent',
    why: `the certificate of ${server?.host ?? 'the server'} is not verified: it may be anybody`,
    next:
      'add sslMode=verify-full to the JDBC URL in scalar.db.contact_points, or sslMode=verify-ca, ' +
      "and the authority's certificate by serverSslCert or trustStore; or do without --database-secret",
  })
}

/** For people, without secrets: mysql://host:3306 */
export function titleOf({ scheme, hosts }: Pick<Access, 'scheme' | 'hosts'>): string {
  const named = hosts.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`)
  return `${scheme}://${named.join(',')}`
}
