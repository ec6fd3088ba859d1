import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import type { SslOptions } from 'mysql2'
import { Failure, messageOf } from '../../../operation/failure.ts'
import type { Access } from './access.ts'
import { certificatesOf } from './trust-store.ts'

/**
 * How a connection is encrypted and whom it trusts, as its URL says.
 * @throws Failure where a file that it names cannot be used, and for what the driver cannot verify
 */
export async function tlsOptions({ hosts, tls: { mode, certificate, trustStore } }: Access): Promise<SslOptions> {
  const [server] = hosts
  // mysql2 compares a server's certificate with host names only.
  if (mode === 'verify-full' && isIP(server?.host ?? '') !== 0) {
    throw new Failure({
      what: `the server at ${server?.host ?? ''} cannot be verified`,
      why: 'sslMode=verify-full needs a host name, which the certificate is compared with',
      next: 'name the server in scalar.db.contact_points as its certificate does, or use sslMode=verify-ca',
    })
  }
  if (mode !== 'verify-ca' && mode !== 'verify-full') return { rejectUnauthorized: false, verifyIdentity: false }
  const trusted = [
    ...(certificate === undefined ? [] : [await readCertificate(certificate)]),
    ...(trustStore === undefined ? [] : await readTrustStore(trustStore)),
  ]
  return {
    rejectUnauthorized: true,
    verifyIdentity: mode === 'verify-full',
    ...(trusted.length === 0 ? {} : { ca: trusted }),
  }
}

/** What serverSslCert gives: PEM itself, or a file of PEM or DER, with or without `file:` before it. */
async function readCertificate(given: string): Promise<string> {
  if (given.startsWith('-----BEGIN')) return given
  return await usable('serverSslCert', given, async (content) =>
    content.includes('-----BEGIN') ? content.toString() : new X509Certificate(content).toString(),
  )
}

async function readTrustStore(store: NonNullable<Access['tls']['trustStore']>): Promise<string[]> {
  const { parameter, file, password } = store
  return await usable(parameter, file, (content) => certificatesOf(content, password))
}

/** Reads a file that the URL names by a parameter, a path or a URL of its own. */
async function usable<T>(parameter: string, file: string, read: (content: Buffer) => Promise<T>): Promise<T> {
  const path = file.replace(/^file:(?:\/\/)?/, '')
  const failure = (what: string, why: string, next: string, cause: unknown) =>
    new Failure({ what: `${parameter} of the JDBC URL cannot be ${what}`, why, next }, { cause })
  let content: Buffer
  try {
    content = readFileSync(path)
  } catch (error) {
    const next = 'mount the file there with --patch, as the pods of the release have it'
    throw failure('read', `there is no readable ${path} in the worker's container`, next, error)
  }
  try {
    return await read(content)
  } catch (error) {
    const next = 'give a certificate as PEM or DER by serverSslCert, or a JKS or PKCS-12 store with its own password'
    throw failure('used', `${path} is not what it should be: ${messageOf(error)}`, next, error)
  }
}
