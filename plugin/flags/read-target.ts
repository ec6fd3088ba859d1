import { readFileSync } from 'node:fs'
import { ExitCode } from '../../operation/exit-code.ts'
import { Failure, messageOf } from '../../operation/failure.ts'
import type { Target } from '../../operation/request.ts'
import type { Globals } from './flags.ts'
import type { adminFlags } from './job-flags.ts'
import type { FlagsOf } from './flags-of.ts'

/** Those of a command that takes releases alone have neither. */
export type TargetFlags = FlagsOf<typeof adminFlags<Globals>> & {
  serviceUrl?: string[] | undefined
  addresses?: string[] | undefined
}

/** What the target flags say, apart from the releases themselves. */
export interface TargetOptions {
  target: Omit<Target, 'releases'>
  /** Secret to mount at mounts.tlsCa */
  tlsCaSecret: string | undefined
}

function usage(what: string, why: string, next: string, cause?: unknown): Failure {
  return new Failure({ what, why, next }, { exitCode: ExitCode.usage, cause })
}

function readCaFile(path: string): string {
  let pem: string
  try {
    pem = readFileSync(path, 'utf8')
  } catch (error) {
    throw usage('--tls-ca-file cannot be read', messageOf(error), 'give the path of a PEM file', error)
  }
  if (pem.includes('PRIVATE KEY'))
    throw usage(
      '--tls-ca-file is refused',
      `${path} holds a private key, which must not leave this machine`,
      'give the certificate of the CA alone',
    )
  if (!pem.includes('-----BEGIN CERTIFICATE-----'))
    throw usage(
      '--tls-ca-file cannot be used',
      `${path} holds no PEM certificate`,
      'give the certificate of the CA in PEM',
    )
  return pem
}

function checkAddress(text: string): string {
  if (/^(\[[0-9a-fA-F:.]+\]|[^:\s/]+):\d{1,5}$/.test(text)) return text
  throw usage(
    '--addresses cannot be read',
    `"${text}" is not HOST:PORT`,
    'write it like --addresses 10.0.0.7:50053,10.0.0.8:50053',
  )
}

/**
 * Reads the target flags.
 * @throws Failure (usage) for the first that cannot be read
 */
export function readTargetOptions(flags: TargetFlags): TargetOptions {
  const port = flags.adminPort
  if (port !== undefined && !(Number.isInteger(port) && port >= 1 && port <= 65_535))
    throw usage('--admin-port cannot be read', 'it is not a port', 'give a number from 1 to 65535')
  if (flags.tlsCaFile !== undefined && flags.tlsCaSecret !== undefined)
    throw usage('two CAs are given', '--tls-ca-file and --tls-ca-secret exclude each other', 'omit one of them')
  const [tlsCaSecret, key = 'ca.crt'] = flags.tlsCaSecret?.split('/', 2) ?? []
  if (tlsCaSecret === '')
    throw usage('--tls-ca-secret cannot be read', 'it names no Secret', 'write it as NAME or NAME/KEY')
  return {
    target: {
      serviceUrls: flags.serviceUrl ?? [],
      addresses: (flags.addresses ?? []).flatMap((list) => list.split(',')).map(checkAddress),
      ...(port === undefined ? {} : { adminPort: port }),
      tls: {
        enabled:
          flags.tls || flags.tlsCaFile !== undefined || tlsCaSecret !== undefined || flags.tlsAuthority !== undefined,
        ...(flags.tlsCaFile === undefined ? {} : { caPem: readCaFile(flags.tlsCaFile) }),
        ...(tlsCaSecret === undefined ? {} : { caFile: key }),
        ...(flags.tlsAuthority === undefined ? {} : { authority: flags.tlsAuthority }),
      },
    },
    tlsCaSecret,
  }
}
