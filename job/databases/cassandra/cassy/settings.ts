import { ExitCode } from '../../../../operation/exit-code.ts'
import { Failure } from '../../../../operation/failure.ts'
import { parseLocation } from '../../../../operation/location.ts'
import type { DatabaseFlags } from '../../../../operation/request.ts'
import { secretsOf } from '../../../../operation/storage/object-location.ts'

/** Where Cassy is, and where it keeps what it copies. */
export interface CassySettings {
  /** HOST:PORT */
  address: string
  /** text of a Location: the bucket or the container, whole */
  storage: string
}

/** `scalar.cassy.server.port` unless set (Cassy, CassyServerConfig). */
const usualPort = 20_051

/**
 * What the flags say of Cassy; undefined where it is not used.
 * @throws Failure (usage) where they cannot be used
 */
export function readCassy({ own = {} }: DatabaseFlags = {}): CassySettings | undefined {
  const { cassy, 'cassy-storage': storage, 'cassandra-medusa': medusa } = own
  if (cassy === undefined && storage === undefined) return undefined
  if (cassy === undefined) throw unusable('--cassy-storage says where Cassy keeps backups, and no Cassy is named')
  if (medusa !== undefined) throw unusable('--cassy and --cassandra-medusa are two tools for one thing')
  const [, bracketed, plain, port = String(usualPort)] =
    /^(?:\[([0-9a-fA-F:]+)\]|([A-Za-z0-9._-]+))(?::(\d{1,5}))?$/.exec(cassy) ?? []
  const host = bracketed === undefined ? plain : `[${bracketed}]`
  if (host === undefined || Number(port) < 1 || Number(port) > 65_535) throw unusable(`"${cassy}" is not HOST:PORT`)
  if (storage === undefined)
    throw unusable(
      'Cassy calls a backup completed of which a node has taken no snapshot, so this program looks at what arrived',
    )
  return { address: `${host}:${port}`, storage: bucketOf(storage) }
}

/** Cassy uses no path within its bucket. @throws Failure (usage) where it is not one that Cassy writes to */
function bucketOf(text: string): string {
  const location = parseLocation(text)
  if (location.kind === 'volume') throw unusable(`Cassy keeps backups in S3 or Azure, and ${text} is a volume`)
  if (location.path !== '')
    throw unusable(`Cassy writes from the top of its bucket or container, and ${text} has a path in it`)
  if (secretsOf(location).length > 0)
    throw unusable("Cassy's storage is read with the worker's own identity, and no Secret can be named for it")
  return text
}

function unusable(why: string): Failure {
  return new Failure(
    {
      what: 'Cassy cannot be used as the flags say',
      why,
      next: 'write --cassy HOST:20051 --cassy-storage s3://BUCKET, or azblob://ACCOUNT/CONTAINER',
    },
    { exitCode: ExitCode.usage },
  )
}
