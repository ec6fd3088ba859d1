import { createHash } from 'node:crypto'
import * as z from 'zod'
import { encryptionRequestSchema } from './encryption/encryption.ts'
import { Failure } from './failure.ts'
import { operationKinds } from './names.ts'
import { restoreChoiceSchema } from './restore-options.ts'
import { formatVersion } from './version.ts'

/** Where the Job finds things; the plugin mounts them there, the worker reads them from there. */
export const mounts = {
  request: '/scalardl/request/request.json',
  /** one folder a release, holding its properties file: `/scalardl/release/<name>/ledger.properties` */
  releases: '/scalardl/release',
  /**
   * keys `username` and `password`, and `hosts` for the servers that they are for; with `<storage>.` before each for
   * one storage of several
   */
  databaseSecret: '/scalardl/database-secret',
  /** keys of a Secret given by --tls-ca-secret */
  tlsCa: '/scalardl/tls-ca',
  /** of the Secret that `install` makes: whose records are trusted, and what they are signed with */
  signing: '/scalardl/signing',
  /** what the worker and the guard of one operation know of each other, 32 bytes as hexadecimal digits */
  operationKey: '/scalardl/operation-key/key',
  /** the PersistentVolumeClaim of `--to pvc://NAME` */
  volume: '/scalardl/storage',
  /** the PersistentVolumeClaim that a backup is copied to */
  targetVolume: '/scalardl/target',
  /** one folder a Secret that a location names (`secret=NAME`), its keys as files: `/scalardl/storage-secrets/NAME` */
  storageSecrets: '/scalardl/storage-secrets',
  /** one folder a Secret that `--encrypt @NAME` names, with its key `recipients`: `/scalardl/recipients/NAME` */
  recipients: '/scalardl/recipients',
  /** key `identity` of the Secret given by --decrypt-secret */
  identity: '/scalardl/identity',
  /** an emptyDir for the worker's own files */
  scratch: '/tmp',
  /** an emptyDir that the worker and the container of the administrator's own tool share */
  exec: '/scalardl/exec',
  /** an emptyDir with the program that waits in that container for its moment */
  starter: '/scalardl/starter',
  /** what that container's command finds of ScalarDB's properties while it runs, where it is a schema loader */
  loaderProperties: '/scalardl/exec/database.properties',
  /** the schema file of that schema loader, from a ConfigMap */
  loaderSchema: '/scalardl/schema/schema.json',
} as const

/** Where the value of a variable comes from that a release's properties may name. */
const origin = z.strictObject({
  /** of one variable; absent where every key of an object is one */
  name: z.string().optional(),
  /** before the keys, where every key is one */
  prefix: z.string().optional(),
  /** absent: the Deployment itself says it */
  from: z
    .strictObject({ kind: z.enum(['ConfigMap', 'Secret']), name: z.string(), key: z.string().optional() })
    .optional(),
})
export type VariableOrigin = z.infer<typeof origin>

const release = z.strictObject({
  /** Helm release, the value of `app.kubernetes.io/instance` */
  name: z.string(),
  /** product, the value of `app.kubernetes.io/app` */
  app: z.string(),
  /** of the product, as its image or its labels tell; absent where they do not */
  version: z.string().optional(),
  /** absent where an operation has no use for the database (pause, unpause) */
  properties: z
    .strictObject({
      file: z.string(),
      /**
       * what the plugin put before the names of the release's environment variables, so that several releases do not
       * collide
       */
      envPrefix: z.string(),
      /**
       * the ConfigMap that holds the file, where it is one that can be changed: a restore under other names has to say
       * so there
       */
      configMap: z.strictObject({ name: z.string(), key: z.string() }).optional(),
      /** the Secret that holds it, where it is one */
      secret: z.strictObject({ name: z.string(), key: z.string() }).optional(),
      /** where its variables come from, as its container lists them; absent where it names none, and in older ones */
      variables: z.array(origin).optional(),
    })
    .optional(),
})

const tls = z.strictObject({
  enabled: z.boolean(),
  /** PEM text of --tls-ca-file; a CA certificate is public */
  caPem: z.string().optional(),
  /** file below mounts.tlsCa */
  caFile: z.string().optional(),
  authority: z.string().optional(),
})

/** What flags say of the databases, where the releases' properties do not tell all. */
export const databaseFlagsSchema = z.strictObject({
  /** who runs the server and keeps its backups, where its URL is like that of any other */
  managed: z.string().optional(),
  /** whether the administrator's own tool does the work of every kind that has a backup of its own as a choice */
  ownTool: z.literal(true).optional(),
  /** values of flags that one kind alone understands, by the flag's name */
  own: z.record(z.string(), z.string()).optional(),
})
export type DatabaseFlags = z.infer<typeof databaseFlagsSchema>

const target = z.strictObject({
  releases: z.array(release),
  /** SRV names, resolved inside the cluster; with addresses or these the labels are not asked */
  serviceUrls: z.array(z.string()),
  /** host:port */
  addresses: z.array(z.string()),
  /** overrides the products' own admin ports where given */
  adminPort: z.int().min(1).max(65535).optional(),
  tls,
  databases: databaseFlagsSchema.optional(),
})

const pause = z.strictObject({
  /** how long the servers may take to finish requests in flight, ms (`max_pause_wait_time`) */
  drainMs: z.int().positive(),
  /** the longest that anything may stay paused, ms; then all are unpaused whatever the operation is doing */
  maxPauseMs: z.int().positive(),
  /**
   * whether a guard stands by: a second Job that unpauses if the worker cannot; no pause begins before it is connected
   */
  guard: z.boolean(),
  /**
   * how long the guard may take to start, and then to connect to the servers, ms; nothing is paused yet. Absent: a
   * minute
   */
  guardWaitMs: z.int().positive().optional(),
})

/** The administrator's own tool: a further container of the Job, whose command the worker has run once. */
const exec = z.strictObject({
  image: z.string(),
  /** the first word of the command; the others may hold what nobody else is to read */
  program: z.string(),
  /**
   * when it runs: in the pause, after it, while a restore has the releases stopped, or, as a schema loader that
   * repairs, on what a restore has made before the releases use it
   */
  phase: z.enum(['snapshot', 'complete', 'restore', 'repair']),
  /** how long the command may take, ms */
  timeoutMs: z.int().positive(),
})
export type ExecRequest = z.infer<typeof exec>

/** Who asked for an operation, in the API server's own word; where it has none, why. */
export const requesterSchema = z.union([z.object({ user: z.string() }), z.object({ unknown: z.string() })])
export type Requester = z.infer<typeof requesterSchema>

const common = {
  version: z.literal(formatVersion),
  operation: z.string(),
  namespace: z.string(),
  /** RFC 3339 */
  createdAt: z.string(),
  /** version of the plugin that made it */
  createdBy: z.string(),
  /** absent in requests of older versions */
  requestedBy: requesterSchema.optional(),
  target,
}

/** how long the releases have to stay ready while nobody can use the former data, before it is removed, ms */
const fenceMs = z.int().min(0).optional()

/** whose records the administrator vouches for: fingerprints of keys, hashes of records */
const names = z.array(z.string()).readonly()
const trust = z.strictObject({ keys: names, records: names }).optional()

/** how fast a storage is read or written at most; absent where it may be as fast as it is */
const bytesPerSecond = z.number().positive().optional()

/** names of backups that may end with what is deleted, each agreed to */
const loseBackups = z.array(z.string()).optional()
/** flags of the command line that the way back needs as well, each as a shell reads it */
const flags = z.array(z.string()).optional()

export const requestSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    ...common,
    kind: z.literal('backup'),
    pause,
    pauseMode: z.enum(['auto', 'always', 'never']),
    /** text of a Location; absent where every database keeps its backups itself */
    to: z.string().optional(),
    bytesPerSecond,
    /** of zstd; absent where each kind's own is used */
    compressionLevel: z.int().min(1).max(19).optional(),
    /** absent where the dumps are not encrypted */
    encryption: encryptionRequestSchema.optional(),
    /** schemas to back up beyond, or in the absence of, what ScalarDB's metadata names */
    schemas: z.array(z.string()),
    /** physical names of the tables to back up in place of those that ScalarDB's metadata names (DynamoDB) */
    tables: z.array(z.string()).optional(),
    /** whether the restore point is turned into backups that outlive the service's window of recovery (DynamoDB) */
    materialize: z.boolean().optional(),
    /** the least time that all stay paused, ms */
    holdMs: z.int().positive().optional(),
    /** further pause windows to try after one that is void, or whose snapshot was lost with its worker */
    retries: z.int().min(0),
    /** dump connections per database */
    parallel: z.int().min(1),
    /** absent where no database needs a tool that is not ours */
    exec: exec.optional(),
  }),
  z.strictObject({
    ...common,
    kind: z.literal('restore'),
    /** operation that made the backup; its record ConfigMap says where the data is */
    backup: z.string(),
    /** drop the databases that were in service before, once the restored ones serve */
    dropPrevious: z.boolean(),
    bytesPerSecond,
    parallel: z.int().min(1),
    /** how long the release may take to serve again after scaling up, ms */
    readyMs: z.int().positive(),
    /** replicas to scale up to where the Deployment already stands at 0 and no journal says what it had */
    replicas: z.int().min(0).optional(),
    choice: restoreChoiceSchema.optional(),
    loseBackups,
    fenceMs,
    /** holds requests back while the releases are stopped; absent where they are not */
    pause: pause.optional(),
    flags,
    trust,
    exec: exec.optional(),
  }),
  z.strictObject({
    ...common,
    kind: z.literal('undo'),
    /** operation of the restore that is undone */
    restore: z.string(),
    readyMs: z.int().positive(),
    replicas: z.int().min(0).optional(),
    loseBackups,
    /** holds requests back while the releases are stopped; absent where they are not */
    pause: pause.optional(),
    flags,
    trust,
  }),
  z.strictObject({
    ...common,
    kind: z.literal('drop'),
    /** operation of the restore whose kept data is removed */
    restore: z.string(),
    loseBackups,
    fenceMs,
    trust,
  }),
  z.strictObject({
    ...common,
    kind: z.literal('resume'),
    /** operation of the restore that waits for its administrator */
    restore: z.string(),
    readyMs: z.int().positive(),
    replicas: z.int().min(0).optional(),
    flags,
    trust,
  }),
  z.strictObject({
    ...common,
    kind: z.literal('pause'),
    pause,
    /** absent: until `unpause` or maxPauseMs */ durationMs: z.int().positive().optional(),
  }),
  z.strictObject({ ...common, kind: z.literal('unpause'), /** also pauses that are not ours */ force: z.boolean() }),
  z.strictObject({
    ...common,
    kind: z.literal('doctor'),
    /** a Location to check as well */ to: z.string().optional(),
    /** for whom a backup would be encrypted */ encryption: encryptionRequestSchema.optional(),
    schemas: z.array(z.string()),
    tables: z.array(z.string()).optional(),
  }),
  z.strictObject({
    ...common,
    kind: z.literal('import'),
    /** Location of one backup's folder */
    from: z.string(),
    trust,
  }),
  z.strictObject({
    ...common,
    kind: z.literal('copy'),
    /** operation that made the backup */
    backup: z.string(),
    /** Location of the backup's folder */
    from: z.string(),
    /** Location that gets a second folder of it */
    to: z.string(),
    bytesPerSecond,
    trust,
  }),
  z.strictObject({ ...common, kind: z.literal('list'), /** Location of a folder of backups */ from: z.string() }),
  z.strictObject({
    ...common,
    kind: z.literal('materialize'),
    /** operation that made the backup */
    backup: z.string(),
    trust,
  }),
  z.strictObject({
    ...common,
    kind: z.literal('delete'),
    backup: z.string(),
    /** Location of the backup's folder, where it has one */
    location: z.string().optional(),
    trust,
  }),
])

export type OperationRequest = z.infer<typeof requestSchema>
export type RequestOf<K extends OperationRequest['kind']> = Extract<OperationRequest, { kind: K }>
export type Target = z.infer<typeof target>
export type TargetRelease = z.infer<typeof release>
export type PauseLimits = z.infer<typeof pause>

/**
 * The pause that an operation makes, as one that does nothing else would ask for it; undefined where it pauses nothing.
 */
export function pauseRequestOf(request: OperationRequest): RequestOf<'backup' | 'pause'> | undefined {
  switch (request.kind) {
    case 'backup':
    case 'pause':
      return request
    case 'restore':
    case 'undo': {
      const { version, operation, namespace, createdAt, createdBy, target, pause: limits } = request
      if (limits === undefined) return undefined
      return { version, operation, namespace, createdAt, createdBy, target, kind: 'pause', pause: limits }
    }
    default:
      return undefined
  }
}

/** The variable of a Job's containers that holds the hash of the request's text. */
export const requestHashVariable = 'SCALARDL_REQUEST_SHA256'

/** A request as its ConfigMap holds it. */
export function requestText(request: OperationRequest): string {
  return `${JSON.stringify(request, undefined, 2)}\n`
}

export function requestHash(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/**
 * Reads a request. It lies in a ConfigMap, which more people may write than may make Jobs; so the Job has its hash.
 * @param hash undefined where the Job has none
 * @throws Failure where it is not one, of another version of this format, or not the one that the Job was made for.
 */
export function parseRequest(json: string, hash?: string): OperationRequest {
  if (hash !== undefined && requestHash(json) !== hash)
    throw new Failure({
      what: 'the request is not the one that this Job was made for',
      why: 'its ConfigMap was replaced',
      next: 'look who may write ConfigMaps in this namespace, then start the operation again',
    })
  const parsed = requestSchema.safeParse(JSON.parse(json))
  if (parsed.success) return parsed.data
  throw new Failure({
    what: 'the request cannot be read',
    why: z.prettifyError(parsed.error).replaceAll('\n', '; '),
    next: `use a worker image of the plugin's version (kinds known here: ${operationKinds.join(', ')})`,
  })
}
