import { Failure } from '../../../operation/failure.ts'
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
}

/**
 * The access of storages that live in one database: the first's credentials.
 * @throws Failure where the properties name no user
 */
export function accessOf(settings: readonly StorageSettings[]): Access {
  const [first] = settings
  if (first === undefined) throw new Error('a database without storages')
  const address = parseJdbcUrl(first.contactPoints)
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
  }
}

/** For people, without secrets: postgresql://host:5432/ledger */
export function titleOf(access: Pick<Access, 'hosts' | 'database'>): string {
  const hosts = access.hosts.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`)
  return `postgresql://${hosts.join(',')}/${access.database}`
}
