import { homedir } from 'node:os'
import { join } from 'node:path'
import { ExitCode } from '../../../operation/exit-code.ts'
import { Failure } from '../../../operation/failure.ts'
import { shownUrl } from '../../scalardb/shown-url.ts'

export const tlsModes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const
export type TlsMode = (typeof tlsModes)[number]

/** How a connection is encrypted and whom it trusts; paths of files in this container. */
export interface Tls {
  mode: TlsMode
  /** absent: nobody is verified, as the mode says */
  rootCertificate?: string
  certificate?: string
  key?: string
  /** of a key that is encrypted; never recorded */
  keyPassword?: string
}

/** Where a PostgreSQL database is, as a JDBC URL says it. */
export interface Address {
  hosts: { host: string; port: number }[]
  /** absent: the database of the user's own name */
  database?: string
  tls: Tls
  user?: string
  password?: string
}

/** The bundle of Debian's ca-certificates package, for what Java takes from its own trust store. */
const systemCertificates = '/etc/ssl/certs/ca-certificates.crt'

/**
 * Reads a PostgreSQL URL with pgjdbc's defaults (https://jdbc.postgresql.org/documentation/use/): localhost, port 5432,
 * sslmode prefer, `ssl` alone means verify-full.
 * @throws Failure (usage) for what pgjdbc would not understand either
 */
export function parseJdbcUrl(url: string): Address {
  const match = /^jdbc:postgresql:(?:\/\/([^/?]*)(?:\/([^?]*))?|\/?([^?/]*))(?:\?(.*))?$/.exec(url)
  if (match === null) throw unusable(url, 'it is not of the form jdbc:postgresql://host:port/database')
  const [, hosts = '', named, bare, query = ''] = match
  const parameters = new Map(
    query
      .split('&')
      .filter((pair) => pair !== '')
      .map((pair): [string, string] => {
        const at = pair.indexOf('=')
        return at < 0 ? [decode(url, pair), ''] : [decode(url, pair.slice(0, at)), decode(url, pair.slice(at + 1))]
      }),
  )
  const database = decode(url, named ?? bare ?? '')
  const user = parameters.get('user')
  const password = parameters.get('password')
  return {
    hosts: (hosts === '' ? 'localhost' : hosts).split(',').map((host) => parseHost(url, host)),
    ...(database === '' ? {} : { database }),
    tls: parseTls(url, parameters),
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
  }
}

function parseHost(url: string, text: string): { host: string; port: number } {
  const match = /^(?:\[([0-9A-Fa-f:.%\w]+)\]|([^:[\]]*))(?::(\d+))?$/.exec(text)
  const port = Number(match?.[3] ?? 5432)
  if (match === null || port < 1 || port > 65535) throw unusable(url, 'one that it names is not a host and port')
  return { host: match[1] ?? (match[2] || 'localhost'), port }
}

function parseTls(url: string, parameters: ReadonlyMap<string, string>): Tls {
  const ssl = parameters.get('ssl')
  const wanted = ssl !== undefined && ssl !== 'false'
  const mode = parameters.get('sslmode') ?? (wanted ? 'verify-full' : 'prefer')
  const known = tlsModes.find((one) => one === mode)
  if (known === undefined) throw unusable(url, `sslmode ${mode} is not one of ${tlsModes.join(', ')}`)
  const factory = parameters.get('sslfactory') ?? ''
  const certificates = {
    ...(parameters.has('sslcert') ? { certificate: parameters.get('sslcert') ?? '' } : {}),
    ...(parameters.has('sslkey') ? { key: parameters.get('sslkey') ?? '' } : {}),
    ...(parameters.has('sslpassword') ? { keyPassword: parameters.get('sslpassword') ?? '' } : {}),
  }
  if (known !== 'verify-ca' && known !== 'verify-full') return { mode: known, ...certificates }
  // Java's factories replace what the mode would verify.
  if (factory.endsWith('NonValidatingFactory')) return { mode: 'require', ...certificates }
  const standard = factory.endsWith('DefaultJavaSSLFactory')
    ? systemCertificates
    : join(homedir(), '.postgresql', 'root.crt')
  return { mode: known, rootCertificate: parameters.get('sslrootcert') ?? standard, ...certificates }
}

function decode(url: string, text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch (error) {
    throw unusable(url, 'a part of it is not URL-encoded, where % is %25', error)
  }
}

function unusable(url: string, why: string, cause?: unknown): Failure {
  return new Failure(
    {
      what: `${shownUrl(url)} is not a PostgreSQL URL`,
      why,
      next: 'correct scalar.db.contact_points in the properties of the release',
    },
    { exitCode: ExitCode.usage, cause },
  )
}
