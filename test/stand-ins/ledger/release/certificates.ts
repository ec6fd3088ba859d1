import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { isIP } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** PEM texts, as a TLS Secret has them under ca.crt, tls.crt and tls.key. */
export interface Certificates {
  ca: string
  certificate: string
  key: string
}

/** A certificate for these names and addresses, signed by a CA of its own, valid for a day. Needs OpenSSL 3. */
export async function makeCertificates(names: readonly [string, ...string[]]): Promise<Certificates> {
  const folder = await mkdtemp(join(tmpdir(), 'certificates-'))
  const openssl = (...args: string[]) => run('openssl', args, { cwd: folder })
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  try {
    await openssl(
      'req',
      '-x509',
      ...newKey,
      '-keyout',
      'ca.key',
      '-out',
      'ca.crt',
      '-days',
      '1',
      '-subj',
      '/CN=stand-in CA',
    )
    const alternatives = names.map((name) => `${isIP(name) === 0 ? 'DNS' : 'IP'}:${name}`).join(',')
    await openssl(
      'req',
      '-new',
      ...newKey,
      '-keyout',
      'tls.key',
      '-out',
      'tls.csr',
      '-subj',
      `/CN=${names[0]}`,
      '-addext',
      `subjectAltName=${alternatives}`,
    )
    await openssl(
      'x509',
      '-req',
      '-in',
      'tls.csr',
      '-CA',
      'ca.crt',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-days',
      '1',
      '-copy_extensions',
      'copy',
      '-out',
      'tls.crt',
    )
    const read = (name: string) => readFile(join(folder, name), 'utf8')
    return { ca: await read('ca.crt'), certificate: await read('tls.crt'), key: await read('tls.key') }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
