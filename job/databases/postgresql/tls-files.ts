import { createPrivateKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Failure } from '../../../operation/failure.ts'

/** A private key as PEM: pgjdbc keeps keys in PKCS-8 DER, others in PEM. */
export function privateKey(content: Buffer): string {
  if (content.includes('-----BEGIN')) return content.toString('utf8')
  return createPrivateKey({ key: content, format: 'der', type: 'pkcs8' })
    .export({ format: 'pem', type: 'pkcs8' })
    .toString()
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
