// Room: the contract between plugin and worker, and all that either knows of the other.
// Read request, record, event, failure.

import * as z from 'zod'
import { encryptionSchema } from './encryption/encryption.ts'
import { Failure } from './failure.ts'
import { parseLocation, splitLocation } from './location.ts'
import { operationKinds } from './names.ts'
import { findingSchema } from './finding.ts'
import { requesterSchema, type Requester } from './request.ts'
import { restoreChoiceSchema } from './restore-options.ts'
import { formatVersion } from './version.ts'

/** The three parts of an error, as records and events keep them. */
export const failureSchema = z.object({ what: z.string(), why: z.string(), next: z.string() })

/** A pod, or an address given by hand, that was paused. */
const endpoint = z.object({
  address: z.string(),
  /** absent for addresses that no pod of the namespace has */
  pod: z.string().optional(),
  uid: z.string().optional(),
  release: z.string().optional(),
})

/** One pause and what it proves. Times are RFC 3339 of the worker's clock; the window is allPausedAt..unpauseSentAt. */
const pauseWindow = z.object({
  /** number of its pause in the journal, by which its guard speaks of it; absent in older records */
  pause: z.int().optional(),
  endpoints: z.array(endpoint),
  /**
   * When every server was last asked whether somebody else had paused it. A rival's pause that began between this and
   * `pauseSentAt` was taken for ours and ended with it. Absent in older records.
   */
  lookedAt: z.string().optional(),
  pauseSentAt: z.string(),
  /** the last Pause answer */
  allPausedAt: z.string().optional(),
  /** the first Unpause sent */
  unpauseSentAt: z.string().optional(),
  /** the last Unpause answer */
  allUnpausedAt: z.string().optional(),
  /**
   * The longest time between two answers of one server that it was paused, ms: between them nothing is proven. Absent
   * in older records, and where no server can say.
   */
  checkedEveryMs: z.int().optional(),
  verdict: z.enum(['open', 'valid', 'void']),
  /** the moment that a backup taken in a pause by hand is restored to: the middle of the window */
  restorePoint: z.string().optional(),
  /** who vouches for a window that no worker of ours has seen: a pause by another tool */
  attestedBy: z.string().optional(),
  /** why a window is void, or what could not be checked on a valid one */
  reasons: z.array(z.string()),
})

const table = z.object({ schema: z.string(), name: z.string(), /** in the snapshot */ rows: z.int().optional() })

/**
 * What became of a point since it was recorded. `in doubt`: something is being deleted that it needs; a restore still
 * looks.
 */
const standing = z.object({
  state: z.enum(['restorable', 'materialized', 'in doubt', 'lost']),
  /** RFC 3339 */
  since: z.string(),
  /** the operation that did it */
  by: z.string(),
  why: z.string(),
})

/** A record may come from anywhere, so none of its paths leads out of the place that it is read at. */
function isPath(text: string): boolean {
  return text.split('/').every((part) => part !== '' && part !== '.' && part !== '..' && !part.includes('\0'))
}

/** The folder of one backup, not the place where all are. */
function isLocation(text: string): boolean {
  try {
    return splitLocation(parseLocation(text)).name !== ''
  } catch {
    return false
  }
}

/** One database of a backup. `details` belongs to its kind (job/databases/<kind>/) and holds no secret. */
const databaseBackup = z.object({
  /** the ScalarDB storages that live in it, as the properties name them ("default" without multi-storage) */
  storages: z.array(z.string()),
  kind: z.string(),
  /** for people: postgresql://host:5432/ledger */
  title: z.string(),
  tables: z.array(table),
  /** when this database's point in time was fixed */
  snapshotAt: z.string().optional(),
  /**
   * folder of its data, below the location that holds the backup's own, and the size of it; absent where the service
   * keeps the data
   */
  folder: z.string().refine(isPath).optional(),
  bytes: z.int().optional(),
  /** how many backups the database's own service keeps of it; `delete` has them removed as well */
  serviceBackups: z.int().optional(),
  /** absent: nothing was deleted that the point needs */
  standing: standing.optional(),
  details: z.record(z.string(), z.json()),
})

/** One run of the administrator's own tool. */
const commandRun = z.object({
  startedAt: z.string(),
  /** number of the pause in the record, from 1, where it ran in one */
  window: z.int().optional(),
  /** absent where its worker was gone before it ended */
  finishedAt: z.string().optional(),
  /** for people: how it ended */
  end: z.string().optional(),
  /** what it said it has made, a line each */
  artefacts: z.array(z.string()),
})

/** The administrator's own tool, and every time that it was started. */
const command = z.object({
  image: z.string(),
  program: z.string(),
  phase: z.enum(['snapshot', 'complete', 'restore', 'repair']),
  runs: z.array(commandRun),
})

/** By which key something is vouched for, as operation/signature/ has it, in base64. */
export const signatureSchema = z.object({ publicKey: z.string(), value: z.string() })

const backup = z.object({
  name: z.string(),
  /** recorded: the point exists, its data is not complete yet; unusable: never restore it */
  state: z.enum(['incomplete', 'recorded', 'restorable', 'unusable']),
  reason: z.string().optional(),
  /** the moment it brings back; the middle of the window, or the snapshot's where none was needed */
  restorePoint: z.string().optional(),
  pause: z.object({ mode: z.enum(['auto', 'always', 'never']), paused: z.boolean(), why: z.string() }).optional(),
  /** folder of this backup: pvc://backups/ledger/NAME; absent where every database keeps its backups itself */
  location: z.string().refine(isLocation).optional(),
  databases: z.array(databaseBackup),
  /** absent where the dumps are as the databases gave them */
  encryption: encryptionSchema.optional(),
  /** of all this; absent in older records and where the installation has no key */
  signature: signatureSchema.optional(),
  /** absent where none was given */
  command: command.optional(),
  /** folders of verified copies of it, in other storages */
  copies: z.array(z.string().refine(isLocation)).optional(),
})

const restoredDatabase = z.object({
  title: z.string(),
  kind: z.string(),
  state: z.enum(['planned', 'loaded', 'in-service', 'discarded']),
  /** how the data that was in service before is kept, or why there is none */
  previous: z.string().optional(),
  details: z.record(z.string(), z.json()),
})

const restore = z.object({
  backup: z.string(),
  restorePoint: z.string().optional(),
  /** as the request had it: an undo and a removal have to know */
  choice: z.object(restoreChoiceSchema.shape).optional(),
  databases: z.array(restoredDatabase),
  /** which data the release serves now */
  serving: z.enum(['previous', 'restored', 'nothing']),
  /** flags of the command line that an undo or a removal needs as well, each as a shell reads it */
  flags: z.array(z.string()).optional(),
  /** how many replicas each Deployment had before it was stopped, so that whoever finds it at 0 can start it again */
  replicas: z.record(z.string(), z.int()).optional(),
  /**
   * since when no request got in any more, of the worker's clock; absent where the servers could not be paused before
   * they ended
   */
  stoppedAt: z.string().optional(),
  /** how to go back, for people */
  wayBack: z.array(z.string()),
  /** what the administrator has to do before the restore goes on, lines for people; absent where it does not wait */
  waitsFor: z.array(z.string()).optional(),
  /** the administrator's own tool, absent where none was given */
  command: command.optional(),
})

/** One time that the guard ended a pause in the worker's place. */
const intervention = z.object({
  at: z.string(),
  /** number of the pause in the journal, from 1 */
  pause: z.int(),
  /** why: the worker was gone, the longest pause was over, the worker asked for it */
  why: z.string(),
  unpaused: z.array(z.string()),
  stillPaused: z.array(z.string()),
})

/**
 * What the guard of an operation did; kept under a key of its own, so that guard and worker never write over each
 * other.
 */
export const guardReportSchema = z.object({
  pod: z.string(),
  node: z.string(),
  interventions: z.array(intervention),
})
export type GuardReport = z.infer<typeof guardReportSchema>
export type Intervention = z.infer<typeof intervention>

const operationSchema = z.object({
  version: z.int(),
  operation: z.string(),
  kind: z.enum(operationKinds),
  namespace: z.string(),
  releases: z.array(z.string()),
  state: z.enum(['pending', 'running', 'succeeded', 'failed', 'cancelled']),
  createdAt: z.string(),
  startedAt: z.string().optional(),
  finishedAt: z.string().optional(),
  /** set when finished */
  exitCode: z.int().optional(),
  failure: failureSchema.optional(),
  /** the time line */
  phases: z.array(z.object({ name: z.string(), startedAt: z.string(), finishedAt: z.string().optional() })),
  windows: z.array(pauseWindow),
  /** addresses that this operation paused and could not unpause */
  stillPaused: z.array(z.string()),
  findings: z.array(findingSchema),
  backup: backup.optional(),
  restore: restore.optional(),
  /** of a pause or a restore, where later operations go by its record; absent as that of a backup is */
  signature: signatureSchema.optional(),
  /** of the whole while the operation runs, for the worker that goes on with it; gone once it has ended */
  handover: signatureSchema.optional(),
  /** what the pauses were worth that an `unpause` ended, by the operation that held each */
  ended: z.array(z.object({ operation: z.string(), window: pauseWindow })).optional(),
  /** read from the guard's own key; absent where there was no guard, or nothing to say */
  guard: guardReportSchema.optional(),
  /** absent in older records */
  requestedBy: requesterSchema.optional(),
  /** versions of the plugin and the worker */
  by: z.object({ plugin: z.string(), worker: z.string().optional() }),
})

export const recordSchema = operationSchema.extend({
  /** backups that a storage holds, as `list` found them: their records without what is long */
  found: z.array(operationSchema).optional(),
})

const versionSchema = z.object({ version: z.int() })

export type OperationRecord = z.infer<typeof recordSchema>
export type BackupPart = z.infer<typeof backup>
export type CommandPart = z.infer<typeof command>
export type CommandRun = z.infer<typeof commandRun>
export type Standing = z.infer<typeof standing>
export type DatabaseBackup = z.infer<typeof databaseBackup>
export type BackupTable = z.infer<typeof table>
export type RestorePart = z.infer<typeof restore>
export type RestoredDatabase = z.infer<typeof restoredDatabase>
export type PauseWindowRecord = z.infer<typeof pauseWindow>
export type PausedEndpoint = z.infer<typeof endpoint>

/** The number of a window's pause in the journal: its place, unless a pause before it came to nothing. */
export function pauseNumber({ windows }: Pick<OperationRecord, 'windows'>, index: number): number {
  return windows[index]?.pause ?? index + 1
}

/** A record of an operation that was asked for and has not begun. */
export function newRecord(
  of: Pick<OperationRecord, 'operation' | 'kind' | 'namespace' | 'releases' | 'createdAt'> & {
    plugin: string
    requestedBy?: Requester | undefined
  },
): OperationRecord {
  const { plugin, requestedBy, ...identity } = of
  return {
    version: formatVersion,
    ...identity,
    state: 'pending',
    phases: [],
    windows: [],
    stillPaused: [],
    findings: [],
    ...(requestedBy === undefined ? {} : { requestedBy }),
    by: { plugin },
  }
}

/**
 * Reads a record, from a ConfigMap, an exported file or beside a dump.
 * @param source where it was read, for the error
 * @throws Failure where it is no record, or one of a newer version.
 */
export function parseRecord(json: string, source: string): OperationRecord {
  let document: unknown
  try {
    document = JSON.parse(json)
  } catch (error) {
    throw new Failure(
      {
        what: `${source} is not a record`,
        why: 'it is not JSON',
        next: 'give a file that `kubectl scalardl export` wrote',
      },
      { cause: error },
    )
  }
  const version = versionSchema.safeParse(document)
  if (version.success && version.data.version > formatVersion) {
    throw new Failure({
      what: `the record in ${source} cannot be read`,
      why: `it has format version ${version.data.version}; this program knows versions up to ${formatVersion}`,
      next: 'use a newer kubectl-scalardl and worker image',
    })
  }
  const parsed = recordSchema.safeParse(document)
  if (parsed.success) return parsed.data
  throw new Failure({
    what: `${source} is not a record`,
    why: z.prettifyError(parsed.error).replaceAll('\n', '; '),
    next: 'give a file that `kubectl scalardl export` wrote',
  })
}
