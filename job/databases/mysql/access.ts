import { Failure } from '../../../operation/failure.ts'
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
}

/**
 * The access of storages that live on one server: the first's credentials.
 * @throws Failure where the properties name no user
 */
export function accessOf(settings: readonly StorageSettings[]): Access {
  const [first] = settings
  if (first === undefined) throw new Error('a database without storages')
  const { scheme, hosts, tls, user, password } = parseJdbcUrl(first.contactPoints)
  const username = first.username ?? user
  if (username === undefined) {
    throw new Failure({
      what: `storage "${first.storage}" has no user for its database`,
      why: 'neither its properties nor a database secret name one',
      next: 'give scalar.db.username in the properties, or a Secret with username and password by --database-secret',
    })
  }
  return { scheme, hosts, username, password: first.password ?? password, tls }
}

/** For people, without secrets: mysql://host:3306 */
export function titleOf({ scheme, hosts }: Pick<Access, 'scheme' | 'hosts'>): string {
  const named = hosts.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`)
  return `${scheme}://${named.join(',')}`
}
