import { ExitCode } from '../../../operation/exit-code.ts'
import { Failure } from '../../../operation/failure.ts'
import { shownUrl } from '../../scalardb/shown-url.ts'

/** How a connection is encrypted and whom it trusts. */
export interface Tls {
  /** prefer: encrypted where the server can; trust: encrypted, whoever answers */
  mode: 'disable' | 'prefer' | 'trust' | 'verify-ca' | 'verify-full'
  /** of the authority or the server, PEM: a file of this container, or the text itself; absent: public authorities */
  certificate?: string
  /** a key store of Java that holds the authorities, beside or instead of `certificate` */
  trustStore?: { parameter: string; file: string; password?: string }
}

/** Where a server is, as a JDBC URL says it. */
export interface Address {
  scheme: 'mysql' | 'mariadb'
  /** tried in order until one is the primary */
  hosts: { host: string; port: number }[]
  tls: Tls
  user?: string
  password?: string
}

/**
 * What `sslMode` may say: MariaDB Connector/J's words (https://mariadb.com/docs/connectors/mariadb-connector-j/), which
 * ScalarDB 3.19 uses for both servers, and those of MySQL Connector/J, which ScalarDB 3.6 used
 * (https://dev.mysql.com/doc/connector-j/en/connector-j-connp-props-security.html).
 */
const modes: Record<string, Tls['mode']> = {
  disable: 'disable',
  disabled: 'disable',
  preferred: 'prefer',
  trust: 'trust',
  required: 'trust',
  'verify-ca': 'verify-ca',
  verify_ca: 'verify-ca',
  'verify-full': 'verify-full',
  verify_identity: 'verify-full',
}

/**
 * Parameters that name a key store of Java with authorities, and those of its password: MariaDB Connector/J's own, and
 * MySQL Connector/J's, which the other knows as well.
 */
const trustStores = [
  ['trustStore', 'trustStorePassword'],
  ['trustCertificateKeyStoreUrl', 'trustCertificateKeyStorePassword'],
] as const

/** Parameters of what a client proves itself with. */
const clientStores = ['keyStore', 'clientCertificateKeyStoreUrl']

/**
 * Reads a MySQL or MariaDB URL: localhost, port 3306. Without a word on TLS the connection is encrypted where the
 * server can, whatever the driver's own default. Names of parameters are taken in any case, as the drivers do.
 * @throws Failure (usage) for what the drivers would not understand either, and for what this program cannot do
 */
export function parseJdbcUrl(url: string): Address {
  const match = /^jdbc:(mysql|mariadb):(?:([a-z0-9-]+):)?\/\/([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/.exec(url)
  if (match === null) throw unusable(url, 'it is not of the form jdbc:mysql://host:port/')
  const [, scheme, way, hosts = '', , query = ''] = match
  if (way !== undefined && !['sequential', 'loadbalance', 'replication'].includes(way))
    throw unusable(url, `jdbc:${scheme}:${way}: is not a way to connect that this program knows`)
  const parameters = new Map(
    query
      .split('&')
      .filter((pair) => pair !== '')
      .map((pair): [string, string] => {
        const at = pair.indexOf('=')
        const [name, value] = at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)]
        return [decode(url, name).toLowerCase(), decode(url, value)]
      }),
  )
  const user = parameters.get('user')
  const password = parameters.get('password')
  return {
    scheme: scheme === 'mariadb' ? 'mariadb' : 'mysql',
    hosts: (hosts === '' ? 'localhost' : hosts).split(',').map((host) => parseHost(url, host)),
    tls: parseTls(url, parameters),
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
  }
}

function parseHost(url: string, text: string): { host: string; port: number } {
  const match = /^(?:\[([0-9A-Fa-f:.%\w]+)\]|([^:[\]()=@]*))(?::(\d+))?$/.exec(text)
  const port = Number(match?.[3] ?? 3306)
  if (match === null || port < 1 || port > 65535) throw unusable(url, 'one that it names is not a host and port')
  return { host: match[1] ?? (match[2] || 'localhost'), port }
}

function parseTls(url: string, parameters: ReadonlyMap<string, string>): Tls {
  const client = clientStores.find((name) => parameters.has(name.toLowerCase()))
  if (client !== undefined) {
    throw unusable(
      url,
      `${client} names a key of the client, which this program does not use`,
      'give a user who needs no certificate of his own by --database-secret',
    )
  }
  const on = (name: string) =>
    ['true', '1', 'yes', ''].includes(parameters.get(name.toLowerCase())?.toLowerCase() ?? 'no')
  const isAnybody = on('trustServerCertificate') || parameters.get('verifyservercertificate') === 'false'
  const told = parameters.get('sslmode')
  const legacy = on('useSSL') || on('useSsl') ? (isAnybody ? 'trust' : 'verify-full') : 'prefer'
  const mode = told === undefined ? legacy : modes[told.toLowerCase()]
  if (mode === undefined) throw unusable(url, `sslMode ${told} is not one of ${Object.keys(modes).join(', ')}`)
  const certificate = parameters.get('serversslcert')
  const trustStore = trustStoreOf(parameters)
  return {
    mode,
    ...(certificate === undefined ? {} : { certificate }),
    ...(trustStore === undefined ? {} : { trustStore }),
  }
}

function trustStoreOf(parameters: ReadonlyMap<string, string>): Tls['trustStore'] {
  for (const [parameter, passwordParameter] of trustStores) {
    const file = parameters.get(parameter.toLowerCase())
    const password = parameters.get(passwordParameter.toLowerCase())
    if (file !== undefined) return { parameter, file, ...(password === undefined ? {} : { password }) }
  }
  return undefined
}

function decode(url: string, text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    throw unusable(url, 'a part of it is not URL-encoded, where % is %25', undefined, error)
  }
}

function unusable(url: string, why: string, next?: string, cause?: unknown): Failure {
  return new Failure(
    {
      what: `${shownUrl(url)} cannot be used`,
      why,
      next: next ?? 'correct scalar.db.contact_points in the properties of the release',
    },
    { exitCode: ExitCode.usage, cause },
  )
}
