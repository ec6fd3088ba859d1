// Room: the seam to the databases: what a kind has to do, and in which order it is called.
// Read database (the interface), registry, open, pause-decision, errors, connection-failure.

import type * as z from 'zod'
import type { DatabaseBackup, RestoredDatabase, BackupTable } from '../../operation/record.ts'
import type { FailureText } from '../../operation/failure.ts'
import type { Finding } from '../../operation/finding.ts'
import type { DatabaseFlags } from '../../operation/request.ts'
import type { RestoreChoice } from '../../operation/restore-options.ts'
import type { OperatorCommand } from '../exec/operator-command.ts'
import type { Journal } from '../journal/journal.ts'
import type { PodsElsewhere } from '../kubernetes/elsewhere/pods-elsewhere.ts'
import type { Events } from '../process/events.ts'
import type { StorageSettings } from '../scalardb/storage-settings.ts'
import type { Storage } from '../storage/storage.ts'

// A kind of database is a folder here, a line in registry.ts and, for what the plugin has to know of it, a file in
// operation/databases/. Every kind passes test/unit/job/databases/database-conformance.ts.
//
// Read in this order: DatabaseKind, BackupSource, RestoreDestination, RestoredData, Materials; then the contexts.
//
// Which calls come, in which order and how often:
//
//   recognise, locate   first, before anything is paused or stopped. locate() comes once in an operation; a worker that
//                       is started again reads in the journal what its predecessor found.
//   backup              describe, preflight, prepare | pause | snapshot | unpause | complete, then materialize if asked
//                       for. Where a window is void: preflight, prepare, snapshot again; only the last snapshot counts,
//                       also where the one before is answered late. A doctor calls describe and preflight alone.
//   restore             preflight, plan, verify, load, checkSwitch | the releases stop | activate | they start; then,
//                       if asked for, fencePrevious, dropPrevious. Where anything fails before the releases serve:
//                       deactivate, then discard once they do.
//                       Where a database leaves something to the administrator, the operation ends after activate, with
//                       the releases stopped.
//   resume              betweenParts, then checkDone | they start. Once the administrator has done what was his.
//                       Where betweenParts leaves him more, the operation ends after it, and comes again.
//   undo                checkWayBack | the releases stop | deactivate | they start. Where another database fails:
//                       activate. Where the restored data is not in service: discard alone.
//   drop                checkDrop, fencePrevious, dropPrevious; liftFence only where one of these failed.
//   close               last, whatever happened, and nothing after it.
//
// All databases of an operation are called at once. Only activate and deactivate come one after another, so that a
// failure is known before the next database is touched.
//
// What must be idempotent: every call that is given a journal, and discardMaterials. A worker may be killed anywhere:
// in the middle of a call, or after its last act and before the journal had it. Another worker then calls it again,
// with the same journal and the same `operation`. So a kind names what it makes after the operation, looks before it
// acts, and deletes nothing before its replacement is whole. A call that is done already changes nothing.
//
// What a killed worker leaves: its journal as of the last write, and whatever it made in the database. In a backup, its
// successor calls resume() where every snapshot is durable, and complete() again, which first removes the half of a
// dump; otherwise there is another pause. In a restore, it begins with preflight() again, which its own half-made data
// does not obstruct.
//
// The signal ends what runs, and the call then throws its reason. It does not stop deactivate, discard, liftFence,
// discardMaterials and the activate() of RestoredData: putting back is what a stopped operation does.

/** What every operation on a database is given. */
export interface DatabaseContext {
  /** unique: what a database makes is named after it so that a second run meets its own work */
  operation: string
  events: Events
  /** aborted when the operation is to stop; a running tool is then ended */
  signal: AbortSignal
  /** the pods of another namespace, of the operation's own where none is named; absent where no cluster is there */
  podsIn?: ((namespace?: string) => PodsElsewhere) | undefined
}

/** What a backup, or a look at what one would meet, is given. */
export interface BackupContext extends DatabaseContext {
  /** when it was asked for, RFC 3339: a name alone is free again once its backup is deleted */
  createdAt?: string
  /** what the flags say of the databases */
  flags?: DatabaseFlags | undefined
  storage: Storage
  /** of zstd; absent where the kind's own is used */
  compressionLevel?: number | undefined
  /** of age: for whom all files of a dump but its manifest are encrypted; absent where they are not */
  recipients?: readonly string[] | undefined
  /** connections that copy data at once */
  parallel: number
  /** schemas given by hand, beyond what ScalarDB's metadata names */
  schemas: readonly string[]
  /** physical names of tables given by hand, in place of what ScalarDB's metadata names */
  tables?: readonly string[] | undefined
  /** whether the restore point is to outlive what the service keeps of it; the preflight has to know */
  materialize?: boolean | undefined
  /** releases that run in the namespace while the operation does not pause them */
  bystanders?: () => Promise<Bystander[]>
  /** the administrator's own tool, where one was given */
  command?: OperatorCommand | undefined
  /** of the operation, for what cannot be named after it; absent in a doctor's look */
  journal?: Journal | undefined
}

/** What puts other data in service, and takes it back, is given. */
export interface SwitchContext extends DatabaseContext {
  /** how the restore is done, where the database leaves a choice */
  choice?: RestoreChoice | undefined
  /** the properties of the releases, for a restore that puts data in service under other names */
  properties?: ReleaseProperties
  /** releases that run in the namespace while the operation does not stop them */
  bystanders?: () => Promise<Bystander[]>
}

/** What a restore is given. */
export interface RestoreContext extends SwitchContext {
  storage: Storage
  /** of age: they open the files of an encrypted dump; absent where it is not encrypted */
  identities?: readonly string[] | undefined
  /** connections that copy data at once */
  parallel: number
  /** whether what was in service before is removed in the end; the preflight has to know */
  dropPrevious?: boolean | undefined
  /** the releases that are restored into, with the versions of their products */
  releases?: readonly { name: string; app: string; version?: string | undefined }[]
  /** the administrator's own tool, where one was given */
  command?: OperatorCommand | undefined
}

/** What an undo of a restore, or the removal of what it left, is given. Its `operation` is that restore. */
export interface UndoContext extends SwitchContext {
  /** what the restore left of this database */
  former: RestoredDatabase
}

/** A release that an operation does not name. */
export interface Bystander {
  name: string
  /** its product */
  app: string
}

/** Whether whoever reads ConfigMaps, records and logs may see a property's value. A key or a password may not be. */
export type Secrecy = 'open' | 'secret'

/** A property of a storage, named without what is before it. */
export interface NamedProperty {
  settings: StorageSettings
  property: string
}

/** A property that the administrator is to set: to a value, or to what a command prints. */
export type ByHand = NamedProperty & ({ value: string } | { command: string })

/**
 * Properties of the releases, storage by storage, where they are kept: what a pod reads when it starts. A value is a
 * line of a properties file in a ConfigMap or a Secret, or the variable that such a line names. Read repoint/, which
 * points releases by them.
 */
export interface ReleaseProperties {
  /** Looks, changing nothing, why one cannot be changed, and what to do about it; undefined where it can. */
  obstacle(settings: StorageSettings, property: string, secrecy: Secrecy): Promise<FailureText | undefined>
  /** a property's full name, which Helm value has it and what it is to be, for people */
  line(settings: StorageSettings, property: string, value: string): string
  /** the commands that set them, for people; without a right on any Secret */
  byHand(values: readonly ByHand[]): Promise<string[]>
  /** a property as it is written there at this moment; undefined where it is not */
  written(settings: StorageSettings, property: string): Promise<string | undefined>
  /** writes it so, or takes it away; everything else stays as it is */
  write(settings: StorageSettings, property: string, value: string | undefined): Promise<void>
  /** the Secret that keeps what these said before; undefined where all of them are in ConfigMaps */
  formerIn(properties: readonly NamedProperty[]): Promise<string | undefined>
  /** what is kept there under a key; undefined where nothing is */
  former(secret: string, entry: string): Promise<string | undefined>
  /** keeps it there, or no longer where the text is undefined */
  keepFormer(secret: string, entry: string, text: string | undefined): Promise<void>
}

/** What a database is, before anything happens to it. */
export interface Source {
  title: string
  kind: string
  storages: string[]
  tables: BackupTable[]
  /** what is known of the size, in bytes, for the space check */
  estimatedBytes: number
}

/** The pause that a snapshot is taken in. */
export interface PauseMoment {
  /** the last Pause answer, RFC 3339 of the worker's clock */
  allPausedAt: string
  /** when the pause ends by itself, ms since the epoch */
  endsAtMs: number
  /** aborted when it ends before its time */
  signal: AbortSignal
}

/** The point in time that a database fixed inside the pause. */
export interface Snapshot {
  /** RFC 3339 */
  at: string
  /** no moment of the pause is the database's own: whichever the others agree on will do */
  anyMoment?: true
  /** what a later worker needs to complete() it, see BackupSource.resume; absent where it dies with its worker */
  durable?: Record<string, z.core.util.JSONType> | undefined
}

/** A database being backed up: describe, preflight and prepare before the pause, snapshot in it, complete after it. */
export interface BackupSource {
  describe(): Promise<Source>
  /** once before the first pause, and again before each that takes the place of a void one */
  preflight(): Promise<Finding[]>
  /** all that can be done before the pause, so that snapshot() is short: connect, warm up; anew before each window */
  prepare(): Promise<void>
  /** how long a pause may have to last for the snapshot, ms; known once all is prepared, absent where no bound is */
  holdMs?(): number
  /**
   * inside the pause, as short as can be; what an earlier window of this source gave is forgotten
   * @param pause absent where none is needed
   */
  snapshot(pause?: PauseMoment): Promise<Snapshot>
  /** after the unpause: the data goes to the storage, below `folder` of the backup */
  complete(folder: string): Promise<DatabaseBackup>
  /** takes over a durable snapshot of an earlier worker, in place of prepare() and snapshot() */
  resume?(snapshot: Snapshot): void
  /** makes what complete() gave outlive the service's window of recovery; the answer replaces `backup` in the record */
  materialize?(backup: DatabaseBackup, journal: Journal): Promise<DatabaseBackup>
  /** removes what a materialize() that will not be finished has made */
  discardMaterials?(backup: DatabaseBackup): Promise<void>
  /**
   * Removes what snapshot() has left in the database, by this worker or an earlier one, where the backup is given up.
   * @throws Failure naming what is left
   */
  discard?(): Promise<void>
  /** lets go of connections; called always, after a failure too */
  close(): Promise<void>
}

/** What a restore will do to one database; shown before it is done. */
export interface RestorePlan {
  title: string
  /** lines for people, in order */
  steps: string[]
  /** what the administrator loses or has to know: writes since the restore point, schemas that go back as well */
  loses: string[]
}

/** A step of a restore that deletes what a recorded point may be held by. */
export type Deletion = 'activate' | 'deactivate' | 'discard' | 'dropPrevious'

/** What a recorded point is at this moment, asked of the database's service. */
export interface FoundStanding {
  state: 'restorable' | 'materialized' | 'lost'
  /** for people: what holds the point, or what became of that */
  why: string
  /** the backup's entry as it has to be recorded to be restored again; absent where the one recorded does */
  entry?: DatabaseBackup
}

/** What a restore made of a database, and what was in service before it: put in service, put back, removed. */
export interface RestoredData {
  /** whether a deactivate() that failed may have put back a part; else it changed nothing */
  readonly switchesInParts?: boolean
  /** why nothing of what was in service before is kept, so that it is activated after all others; absent where it is */
  readonly noWayBack?: string
  /** puts the loaded data in service, keeping what was there; either wholly done or not at all */
  activate(journal: Journal): Promise<void>
  /** what activate() leaves to the administrator, lines for people; absent where it leaves nothing */
  leftToDo?(): string[]
  /**
   * Does what comes between one part of the administrator's and the next.
   * @returns what is left to him then, lines for people; none where it is all of his to be looked at
   * @throws Failure where it cannot be done, and can be asked for again
   */
  betweenParts?(journal: Journal): Promise<string[]>
  /** Looks, changing nothing, whether the administrator has done that; says what nobody can see. */
  checkDone?(): Promise<Finding[]>
  /**
   * Looks, changing nothing, whether deactivate() can be done and this user may do it. The releases still serve.
   * @throws Failure where there is no way back
   */
  checkWayBack(): Promise<Finding[]>
  /**
   * puts the former data in service again and keeps the restored; on demand, or where another database's activate
   * failed
   */
  deactivate(journal: Journal): Promise<void>
  /** whether the point of a backup, this one or any other, ends with what that step deletes; absent where none can */
  ends?(by: Deletion, entry: DatabaseBackup): boolean
  /** what the point of a backup, this one or any other, is now; undefined where this database cannot tell */
  standing?(entry: DatabaseBackup): Promise<FoundStanding | undefined>
  /** removes what load() made; never what is in service, nor what alone holds the restore point */
  discard(journal: Journal): Promise<void>
  /** Looks, changing nothing, whether dropPrevious() can be done. @throws Failure where it must not be */
  checkDrop(journal: Journal): Promise<Finding[]>
  /** keeps everybody out of the data that was in service before, as long as liftFence() does not undo it; idempotent */
  fencePrevious?(journal: Journal): Promise<void>
  /** undoes fencePrevious() in what is still there; not stopped by the signal */
  liftFence?(): Promise<void>
  /** removes the data that was in service before; never what is in service */
  dropPrevious(journal: Journal): Promise<void>
  describe(): RestoredDatabase
  close(): Promise<void>
}

/** A database being restored. Until activate() the data in service is untouched. */
export interface RestoreDestination extends RestoredData {
  plan(): Promise<RestorePlan>
  /** @param journal of the restore: what an earlier worker of it made is not in the way */
  preflight(journal?: Journal): Promise<Finding[]>
  /**
   * compares every file of the backup with its manifest, unless it is loaded already.
   * @throws Failure for any changed bit
   */
  verify(): Promise<void>
  /** loads the verified backup beside the data in service and compares it with the recorded row counts */
  load(journal: Journal): Promise<void>
  /** Looks, changing nothing, right before the releases are stopped, whether activate() can be done. */
  checkSwitch?(): Promise<Finding[]>
  /** what the administrator does to put loaded data in service by hand, in place of activate() */
  instructions?(): Promise<string[]>
}

/** One real database, and the storages of ScalarDB that live in it. */
export interface Place {
  /** at least one; the first tells how the database is reached */
  settings: StorageSettings[]
}

/** A recorded point of one database that is to be turned into backups that last. */
export interface Materials {
  preflight(): Promise<Finding[]>
  /** idempotent by its journal; the answer takes the place of the entry in the backup's record */
  make(journal: Journal): Promise<DatabaseBackup>
  /** removes what a make() that will not be finished has made */
  discard(): Promise<void>
}

/** What the operations have to know of a kind before they open a database of it. */
export interface Capabilities {
  /** whether one snapshot of one such database is transactionally consistent by itself, without a pause */
  consistentAlone: boolean
  /** whether the service that the database is keeps its backups; otherwise they are files that go to a storage */
  keepsItsOwnBackups: boolean
  /**
   * How a restore puts its data in service. switch: under the name that was in service. repoint: by properties that
   * locate() reads, which a killed worker may have changed for some storages alone. instructions: the administrator
   * does it.
   */
  restoreEndsIn: 'switch' | 'repoint' | 'instructions'
}

/** One kind of database. */
export interface DatabaseKind {
  /** as DatabaseBackup.kind keeps it */
  name: string
  capabilities: Capabilities
  /** properties of a storage that are changed where a restore makes a new server or account; absent where none are */
  pointedBy?: readonly { property: string; secrecy: Secrecy }[]
  /**
   * Whether a storage is of this kind: by the release's settings (jdbc has several) and by the flags, which tell who
   * runs a server where the settings of two kinds look alike. The first kind of the registry that says so has it.
   */
  recognise(settings: StorageSettings, flags: DatabaseFlags): boolean
  /**
   * Which real databases these storages live in, each once; storages of one place are backed up together. May ask the
   * database.
   * @throws Failure where a database cannot be asked; the signal's reason
   */
  locate(settings: readonly StorageSettings[], signal: AbortSignal): Promise<Place[]>
  /** opens a database to back it up; nothing is connected yet */
  openBackup(settings: StorageSettings[], context: BackupContext): BackupSource
  /** opens a database to restore a backup into it */
  openRestore(settings: StorageSettings[], entry: DatabaseBackup, context: RestoreContext): RestoreDestination
  /** opens a database that was restored, to undo that or to remove what it left */
  openUndo(settings: StorageSettings[], entry: DatabaseBackup, context: UndoContext): RestoredData
  /** makes the point of an earlier backup outlive the service's window of recovery; absent where a backup is files */
  openMaterials?(settings: StorageSettings[], entry: DatabaseBackup, context: DatabaseContext): Materials
  /** removes what the service keeps of a backup; of use only where no storage holds it */
  remove?(settings: StorageSettings[], entry: DatabaseBackup, context: DatabaseContext): Promise<void>
}
