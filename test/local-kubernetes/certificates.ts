import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../../build/processes.ts'

/** The files of one certificate and of its key. */
export interface KeyPair {
  certificate: string
  key: string
}

export interface Subject {
  commonName: string
  /** the group that Kubernetes sees */
  organization?: string
  /** subject alternative names as openssl writes them: DNS:name, IP:address */
  names?: string[]
}

const days = ['-days', '3650']
const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']

/** The cluster's own certificate authority, kept in a folder. */
export class CertificateAuthority {
  readonly folder: string
  // Two nodes may ask for the same pair at once.
  readonly #issued = new Map<string, Promise<KeyPair>>()

  constructor(folder: string) {
    this.folder = folder
  }

  get certificate(): string {
    return this.#pair('ca').certificate
  }

  /** Makes the authority, and the key by which the tokens of service accounts are signed, unless they are there. */
  async make(): Promise<void> {
    mkdirSync(this.folder, { recursive: true, mode: 0o700 })
    const { certificate, key } = this.#pair('ca')
    if (existsSync(certificate)) return
    await run('openssl', [
      'req',
      '-x509',
      ...newKey,
      '-keyout',
      key,
      '-out',
      certificate,
      '-subj',
      '/CN=local-kubernetes',
      ...days,
    ])
    await run('openssl', ['ecparam', '-genkey', '-name', 'prime256v1', '-noout', '-out', this.tokenKey])
  }

  get tokenKey(): string {
    return join(this.folder, 'service-accounts.key')
  }

  /** Returns the key pair called `name`, issuing it first if need be. */
  async issue(name: string, subject: Subject): Promise<KeyPair> {
    const issued = this.#issued.get(name) ?? this.#issue(name, subject)
    this.#issued.set(name, issued)
    return issued
  }

  async #issue(name: string, subject: Subject): Promise<KeyPair> {
    const pair = this.#pair(name)
    if (existsSync(pair.certificate)) return pair
    const authority = this.#pair('ca')
    const organization = subject.organization === undefined ? '' : `/O=${subject.organization}`
    const extensions = [
      '-addext',
      'basicConstraints=critical,CA:FALSE',
      '-addext',
      'extendedKeyUsage=serverAuth,clientAuth',
    ]
    if (subject.names !== undefined) extensions.push('-addext', `subjectAltName=${subject.names.join(',')}`)
    const signer = ['-CA', authority.certificate, '-CAkey', authority.key]
    const output = ['-keyout', pair.key, '-out', pair.certificate]
    const subjectName = ['-subj', `${organization}/CN=${subject.commonName}`]
    await run('openssl', ['req', '-x509', ...signer, ...newKey, ...days, ...output, ...subjectName, ...extensions])
    return pair
  }

  #pair(name: string): KeyPair {
    return { certificate: join(this.folder, `${name}.crt`), key: join(this.folder, `${name}.key`) }
  }
}
