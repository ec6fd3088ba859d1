import type { ConnectionOptions } from 'node:tls'
import { Client, DatabaseError } from 'pg'
import { Failure } from '../../../operation/failure.ts'
import { connectionFailure } from '../connection-failure.ts'
import { NoPrimary } from '../errors.ts'
import { keepsPassword, titleOf, type Access } from './access.ts'
import { connectionErrors } from './connection-errors.ts'
import { rowSocket } from './row-socket.ts'
import { ownCertificate, readTlsFile } from './tls-files.ts'

/** A connection, and the access narrowed to the server that answered. */
export interface Connected {
  client: Client
  access: Access
}

/** How long one attempt to connect may take, ms. */
const patienceMs = 10_000

/**
 * Connects to a database; of several hosts to the one that is the primary. An error of the idle connection is kept from
 * ending the process; the next query tells of it.
 * @throws Failure with the cure that fits: password, database, network, TLS
 */
export async function connect(access: Access, database: string = access.database): Promise<Connected> {
  const failures: Failure[] = []
  for (const host of access.hosts) {
    const narrowed = { ...access, hosts: [host] }
    try {
      const client = await connectHost(narrowed, database)
      if (access.hosts.length === 1 || !(await isStandby(client))) return { client, access: narrowed }
      await client.end()
    } catch (error) {
      failures.push(connectionFailure(titleOf({ ...narrowed, database }), access, error, connectionErrors))
    }
  }
  throw failures[0] ?? new NoPrimary(titleOf(access), 'every server that answered is a standby, which lags behind')
}

/** Whether the server is a standby: its data lags, and nothing can be written to it. */
export async function isStandby(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ standby: boolean }>('SELECT pg_catalog.pg_is_in_recovery() AS standby')
  return rows[0]?.standby === true
}

/** What libpq and pgjdbc try, in their order. */
async function connectHost(access: Access, database: string): Promise<Client> {
  const { mode } = access.tls
  const encrypted = mode === 'disable' ? undefined : tlsOptions(access)
  const attempts = mode === 'allow' ? [undefined, encrypted] : mode === 'prefer' ? [encrypted, undefined] : [encrypted]
  for (const [index, ssl] of attempts.entries()) {
    try {
      return await open(access, database, ssl)
    } catch (error) {
      if (index === attempts.length - 1 || !refusesEncryption(error)) throw error
    }
  }
  throw new Error('no attempt was made')
}

async function open(access: Access, database: string, ssl: ConnectionOptions | undefined): Promise<Client> {
  const [server] = access.hosts
  const client = new Client({
    host: server?.host ?? 'localhost',
    port: server?.port ?? 5432,
    user: access.username,
    password: access.password,
    database,
    ssl: ssl ?? false,
    // Encryption has memory of its own.
    ...(ssl === undefined ? { stream: rowSocket } : {}),
    application_name: 'kubectl-scalardl',
    connectionTimeoutMillis: patienceMs,
    // By the kernel, while a query runs long: a router forgets a silent connection after some minutes.
    keepAlive: true,
    keepAliveInitialDelayMillis: 30_000,
  })
  client.on('error', () => undefined)
  if (keepsPassword(access)) refuseClear(client)
  try {
    await client.connect()
    // What a database's settings put before it may be anybody's (CVE-2018-1058).
    await client.query(`SELECT pg_catalog.set_config('search_path', 'pg_catalog', false)`)
    return client
  } catch (error) {
    await client.end().catch(() => undefined)
    throw error
  }
}

/** Ends the connection where the server asks for the password itself, or for a hash that is as good as it (md5). */
function refuseClear(client: Client): void {
  const refuse = () =>
    client.connection.stream.destroy(
      new Failure({
        what: 'the password of the database secret is not sent',
        why: 'the server asks for it in clear or as MD5, and its certificate is not verified: it may be anybody',
        next: "use SCRAM (password_encryption = 'scram-sha-256', then set the password again), or sslmode=verify-full",
      }),
    )
  client.connection.on('authenticationCleartextPassword', refuse)
  client.connection.on('authenticationMD5Password', refuse)
}

/** Whether the server refused this way of connecting (encrypted or not), and not the user. */
function refusesEncryption(error: unknown): boolean {
  if (error instanceof DatabaseError) return error.code === '28000'
  return error instanceof Error && /does not support SSL/.test(error.message)
}

function tlsOptions({ tls, hosts }: Access): ConnectionOptions {
  const { mode, rootCertificate } = tls
  const { certificate: cert, key } = ownCertificate(tls)
  const own = { ...(cert === undefined ? {} : { cert }), ...(key === undefined ? {} : { key }) }
  if (rootCertificate === undefined) return { rejectUnauthorized: false, ...own }
  const [server] = hosts
  return {
    ca: readTlsFile('sslrootcert', rootCertificate),
    ...(mode === 'verify-ca' ? { checkServerIdentity: () => undefined } : { host: server?.host ?? '' }),
    ...own,
  }
}
