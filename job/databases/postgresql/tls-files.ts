import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Failure, messageOf } from '../../../operation/failure.ts'
import type { Tls } from './jdbc-url.ts'

/** What a client proves itself with to a server, as PEM. */
export interface OwnCertificate {
  certificate?: string
  /** without a password */
  key?: string
}

/**
 * Reads `sslcert` and `sslkey` of a JDBC URL. pgjdbc takes a certificate as PEM or DER, and a key in PKCS-8, as DER
 * unless it begins like PEM, encrypted where there is an `sslpassword` (pgjdbc: Using SSL, Client Certificates).
 * @throws Failure with the cure where one cannot be used
 */
export function ownCertificate({ certificate, key, keyPassword }: Tls): OwnCertificate {
  if (key !== undefined && /\.(p12|pfx)$/i.test(key))
    throw unusable('sslkey', `${key} is a PKCS-12 archive, which pg_dump cannot read`, undefined)
  return {
    ...(certificate === undefined ? {} : { certificate: readable('sslcert', certificate, certificateOf) }),
    ...(key === undefined ? {} : { key: readable('sslkey', key, (content) => privateKey(content, keyPassword)) }),
  }
}

function isPem(content: Buffer): boolean {
  return content.includes('-----BEGIN')
}

function certificateOf(content: Buffer): string {
  return isPem(content) ? content.toString('utf8') : new X509Certificate(content).toString()
}

function privateKey(content: Buffer, passphrase: string | undefined): string {
  const secret = passphrase === undefined ? {} : { passphrase }
  const key = isPem(content)
    ? createPrivateKey({ key: content, format: 'pem', ...secret })
    : createPrivateKey({ key: content, format: 'der', type: 'pkcs8', ...secret })
  return key.export({ format: 'pem', type: 'pkcs8' }).toString()
}

function readable(parameter: string, path: string, read: (content: Buffer) => string): string {
  const content = readTlsFile(parameter, path)
  try {
    return read(content)
  } catch (error) {
    throw unusable(parameter, `${path} is not what it should be: ${messageOf(error)}`, error)
  }
}

function unusable(parameter: string, why: string, cause: unknown): Failure {
  return new Failure(
    {
      what: `${parameter} of the JDBC URL cannot be used`,
      why,
      next:
        'give a certificate as PEM or DER, a key in PKCS-8 as PEM or DER, ' +
        'and the sslpassword of one that is encrypted',
    },
    { cause },
  )
}

/** A file that the JDBC URL names by a parameter. @throws Failure where the worker's container has it not */
export function readTlsFile(parameter: string, path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new Failure(
      {
        what: `${parameter} of the JDBC URL cannot be read`,
        why: `there is no readable ${path} in the worker's container`,
        next: 'mount the file there with --patch, as the pods of the release have it',
      },
      { cause: error },
    )
  }
}
