import { createPrivateKey, X509Certificate } from 'node:crypto'
import { checkServerIdentity, type ConnectionOptions } from 'node:tls'
import { ExitCode } from '../../../operation/exit-code.ts'
import { Failure, messageOf } from '../../../operation/failure.ts'
import type { PodsElsewhere } from '../../kubernetes/elsewhere/pods-elsewhere.ts'

/** What `--cassandra-client-secret` says. */
interface ClientSecret {
  name: string
  /** the name that the servers' certificates have to be for; undefined: whoever the CA has signed */
  serverName: string | undefined
}

/** What a management API that wants a client's certificate is asked with. Holds a secret: never recorded. */
export interface ClientIdentity {
  /** NAMESPACE/NAME of the Secret, for people */
  from: string
  tls: ConnectionOptions
}

const flag = '--cassandra-client-secret'

/** @param text NAME or NAME:SERVER-NAME @throws Failure (usage) where it is neither */
function readClientSecret(text: string): ClientSecret {
  const [, name, serverName] = /^([a-z0-9][a-z0-9.-]{0,252})(?::([A-Za-z0-9][A-Za-z0-9.-]*))?$/.exec(text) ?? []
  if (name !== undefined) return { name, serverName }
  throw new Failure(
    {
      what: `${flag} cannot be read`,
      why: `"${text}" is neither the name of a Secret nor NAME:SERVER-NAME`,
      next: "write the name of the Secret that the CassandraDatacenter calls managementApiAuth.manual's client secret",
    },
    { exitCode: ExitCode.usage },
  )
}

/**
 * The client's certificate that a Secret in Cassandra's namespace has, as cass-operator has it (cass-operator,
 * validateSecretStructure: ca.crt, tls.crt, tls.key). The servers' certificates are for no address of a pod, so
 * cass-operator checks who has signed them and no name (buildVerifyPeerCertificateNoHostCheck); a name that is given
 * is checked too.
 * @param text what the flag says; undefined: no certificate is used
 * @throws Failure where it cannot be read or used
 */
export async function clientIdentity(
  pods: PodsElsewhere,
  text: string | undefined,
): Promise<ClientIdentity | undefined> {
  if (text === undefined) return undefined
  const { name, serverName } = readClientSecret(text)
  const from = `${pods.namespace}/${name}`
  const data = await pods.readSecret(name).catch((error: unknown) => {
    throw new Failure(
      {
        what: `the client's certificate in Secret ${from} cannot be read`,
        why: error instanceof Failure ? `${error.what}: ${error.why}` : messageOf(error),
        next:
          `kubectl scalardl install --cassandra-namespace ${pods.namespace} ${flag} ${name} lets the worker read ` +
          'it, where it is there',
      },
      { cause: error },
    )
  })
  const [ca, cert, key] = ['ca.crt', 'tls.crt', 'tls.key'].map((entry) => data.get(entry) ?? '')
  const unusable = (why: string) =>
    new Failure({
      what: `the client's certificate in Secret ${from} cannot be used`,
      why,
      next: `renew that Secret, or name another with ${flag}; then see \`kubectl scalardl doctor\``,
    })
  for (const entry of ['ca.crt', 'tls.crt', 'tls.key'])
    if ((data.get(entry) ?? '') === '') throw unusable(`it has no key ${entry}`)
  refuseUnfit({ cert, key }, unusable)
  return {
    from,
    tls: {
      ca,
      cert,
      key,
      ...(serverName === undefined ? {} : { servername: serverName }),
      checkServerIdentity: (_host, its) =>
        serverName === undefined ? undefined : checkServerIdentity(serverName, its),
    },
  }
}

/** What no server would accept, said before it is asked. */
function refuseUnfit(
  { cert = '', key = '' }: { cert: string | undefined; key: string | undefined },
  unusable: (why: string) => Failure,
): void {
  let read: X509Certificate
  let isPair: boolean
  try {
    read = new X509Certificate(cert)
    isPair = read.checkPrivateKey(createPrivateKey(key))
  } catch (error) {
    throw unusable(`its tls.crt or tls.key cannot be read: ${messageOf(error)}`)
  }
  if (!isPair) throw unusable('tls.key is not the key of tls.crt')
  const now = Date.now()
  if (read.validToDate.getTime() < now) throw unusable(`tls.crt ended at ${read.validToDate.toISOString()}`)
  if (read.validFromDate.getTime() > now) throw unusable(`tls.crt begins at ${read.validFromDate.toISOString()}`)
}

/** How the two ends of a connection have not agreed, by the codes and words of Node and OpenSSL. */
const troubles: readonly (readonly [code: RegExp, why: (from: string) => string])[] = [
  [/ALTNAME/, () => `its certificate is not for the server name that ${flag} gives`],
  [/CERT_HAS_EXPIRED/, () => 'its own certificate has expired'],
  [/VERIFY|SELF_SIGNED|ISSUER|UNTRUSTED/, (from) => `its certificate is not signed by the ca.crt of Secret ${from}`],
  [/WRONG.VERSION|PACKET.LENGTH|HTTP.REQUEST/i, () => 'it does not speak TLS'],
  [/ALERT|ECONNRESET|EPIPE/, (from) => `it does not accept the client's certificate of Secret ${from}`],
]

/** What is wrong with a connection that was tried with a certificate; undefined where it is no matter of that. */
export function tlsTrouble(error: unknown, { from }: ClientIdentity): { why: string; next: string } | undefined {
  const { code = '', message = '' } = error instanceof Error ? (error as NodeJS.ErrnoException) : {}
  const why = troubles.find(([pattern]) => pattern.test(`${code} ${message}`))?.[1](from)
  if (why === undefined) return undefined
  return {
    why: `${why} (${code})`,
    next: `compare Secret ${from} with the server secret of managementApiAuth.manual, and correct ${flag}`,
  }
}
