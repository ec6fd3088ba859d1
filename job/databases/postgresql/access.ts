import { Failure } from '../../../operation/failure.ts'
import { refuseStrangers } from '../../scalardb/secret-hosts.ts'
import type { StorageSettings } from '../../scalardb/storage-settings.ts'
import { parseJdbcUrl, type Tls } from './jdbc-url.ts'

/** All that is needed to log in to one database. Holds a secret: never recorded. */
export interface Access {
  /** tried in order until one is the primary */
  hosts: { host: string; port: number }[]
  database: string
  username: string
  password: string | undefined
  tls: Tls
  /** whether user and password are those of a Secret given by hand, which are worth more than the release's own */
  fromSecret: boolean
}

/**
 * The access of storages that live in one database: the first's credentials.
 * @throws Failure where the properties name no user
 */
export function accessOf(settings: readonly StorageSettings[]): Access {
  const [first] = settings
  if (first === undefined) throw new Error('a database without storages')
  const address = parseJdbcUrl(first.contactPoints)
  refuseStrangers(first, address.hosts)
  const username = first.username ?? address.user
  if (username === undefined) {
    throw new Failure({
      what: `storage "${first.storage}" has no user for its database`,
      why: 'neither its properties nor a database secret name one',
      next: 'give scalar.db.username in the properties, or a Secret with username and password by --database-secret',
    })
  }
  return {
    hosts: address.hosts,
    database: address.database ?? username,
    username,
    password: first.password ?? address.password,
    tls: address.tls,
    fromSecret: first.fromSecret === true,
  }
}

/**
 * Whether a server has to prove that it knows the password before it learns anything of it: a password of a Secret is
 * said to nobody but a server whose certificate was verified. Whoever may edit the release names the server.
 */
export function keepsPassword({ fromSecret, tls }: Access): boolean {
  return fromSecret && tls.rootCertificate === undefined
}

/** For people, without secrets: postgresql://host:5432/ledger */
export function titleOf(access: Pick<Access, 'hosts' | 'database'>): string {
  const hosts = access.hosts.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`)
  return `postgresql://${hosts.join(',')}/${access.database}`
}
