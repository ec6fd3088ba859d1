// Room: what plugin and worker both know of a kind of database, one file each.
// Read kind (the interface), registry, then one of the kinds.

import type { FailureText } from '../failure.ts'
import type { DatabaseBackup, RestoredDatabase } from '../record.ts'
import type { RestoreChoice } from '../restore-options.ts'

/** What each flag means to a kind of database, for --help. A flag that no kind tells of is not offered. */
export interface FlagTexts {
  backup?: Partial<Record<'table' | 'materialize', string>>
  doctor?: Partial<Record<'table', string>>
  restore?: Partial<Record<RestoreFlag, string>>
}

export type RestoreFlag =
  | 'strategy'
  | 'prefix'
  | 'at'
  | 'repoint'
  | 'unknown-version'
  | 'region'
  | 'kms-key'
  | 'fence-for'
  | 'schema-loader-image'

/** Command lines for --help, each with what it does. */
export type Examples = readonly (readonly [commandLine: string, meaning: string])[]

/** Tells of a backup's entry whether its point ends with what is deleted. */
export type EndsPoint = (entry: DatabaseBackup) => boolean

/** What both programs know of a kind of database. The plugin knows nothing else of it. */
export interface KnownKind {
  /** as DatabaseBackup.kind keeps it */
  name: string
  /** as people call it */
  title: string
  /** what `scalar.db.storage` says of a storage of this kind (jdbc is said of several) */
  storage: string
  /** whether the service that the database is keeps its backups; otherwise they are files that go to a storage */
  keepsItsOwnBackups: boolean
  /** whether a flag (--managed) says that a storage is of this kind, since its properties look like any other's */
  isManaged?: true
  /** whether the administrator's own tool (--exec-image) does the work; nothing of it can be undone */
  needsCommand?: true
  /** whether the administrator puts the data back, while a restore waits with the releases stopped */
  restoredByHand?: true
  flags: FlagTexts
  /** flags of backup and doctor that this kind alone understands; the worker finds them in `target.databases.own` */
  ownFlags?: readonly { name: string; describe: string }[]
  /** a flag of install and uninstall: the namespace in whose pods the worker may run commands */
  execIn?: {
    flag: string
    describe: string
    /** a flag that names a Secret there that the worker may read; backups have one of the same name */
    secret?: { flag: string; describe: string }
  }
  /** how releases are pointed to restored data where the user does not say; absent: their properties are changed */
  repointUnlessGiven?: 'print'
  /** whether `--repoint patch` of it is one switch among those of databases that are switched by name */
  patchedBesideSwitched?: true
  examples?: { backup?: Examples; restore?: Examples }
  /** what `materialize backup` does with backups of this kind, a sentence for --help; absent where a backup is files */
  materializing?: string
  /** the database that a storage's properties name, for people; absent where contact points tell it all */
  describePlace?(property: (name: string) => string): string
  /** why these flags of a restore do not go together, undefined where they do */
  refuseChoice?(choice: RestoreChoice): FailureText | undefined
  /** what of a backup the service keeps, each by the name that the service has for it: it goes with the backup */
  keptNames?(entry: DatabaseBackup): string[]
  /** what a restore does to one database, lines for people; absent where it is switched by name */
  planLines?(entry: DatabaseBackup, choice: RestoreChoice | undefined): string[]
  /** what has to be typed to have the data deleted that was in service before; absent: the releases' names */
  namesDropped?(entry: DatabaseBackup): string[]
  /** which points end when the data in service that a backup is of is deleted; undefined for none */
  endsWithServed?(entry: DatabaseBackup): EndsPoint | undefined
  /**
   * Which points end when a restore of this backup is undone; undefined for none.
   * @param restored what the record of the restore tells of this database
   * @param isBeside whether the restored data stands beside that in service
   */
  endsWithUndo?(
    entry: DatabaseBackup,
    restored: Pick<RestoredDatabase, 'details'> | undefined,
    isBeside: boolean,
  ): EndsPoint | undefined
}
