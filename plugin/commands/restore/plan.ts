import { kindOfEntry } from '../../../operation/databases/registry.ts'
import { hasDataBeside } from '../../../operation/outcome/leftover-data.ts'
import type { DatabaseBackup } from '../../../operation/record.ts'
import { lines } from '../../../operation/text/printable.ts'
import type { RestoreChoice } from '../../../operation/restore-options.ts'
import { formatDuration } from '../../../operation/duration.ts'
import type { ProvingWindow } from './choice.ts'
import type { Release } from '../../kubernetes/releases/releases.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import type { BackupRecord, RestoreRecord } from './find-record.ts'
import { isRestoredByHand } from '../../kubernetes/records/backup-state.ts'
import { signedBy } from '../../presentation/signed-by.ts'
import { lossLines } from './losses.ts'

type Style = Terminal['style']

/** What is known from here of a release that is restored into. */
export interface RestoreTarget {
  release: Release
  /** the databases that its properties name; undefined where they may not be read */
  databases?: readonly string[] | undefined
  /** how long its pods take to end, and what says so */
  ending?: { seconds: number; because: string } | undefined
}

/** Whether a restore keeps nothing of what was in service: the administrator or his own tool puts the data back. */
function keepsNothing(entry: DatabaseBackup): boolean {
  const { needsCommand, restoredByHand } = kindOfEntry(entry) ?? {}
  return needsCommand === true || restoredByHand === true
}

interface PlanOptions {
  dropPrevious: boolean
  replicas: number | undefined
  choice?: RestoreChoice | undefined
  /** names of backups that end with what is deleted */
  ending?: readonly string[]
  /** the pause that proves the moment chosen */
  window?: ProvingWindow | undefined
}

function databaseLine(database: DatabaseBackup): string {
  const counted = database.tables.flatMap((table) => table.rows ?? [])
  const rows = counted.length === 0 ? '' : `, ${counted.reduce((sum, some) => sum + some, 0)} rows`
  const size = database.bytes === undefined ? '' : `, ${(database.bytes / 1_000_000).toFixed(1)} MB`
  return `  ${database.title}: ${database.tables.length} tables${rows}${size}`
}

function releaseLine(release: Release, replicas: number | undefined): string {
  const current = release.deployment?.spec?.replicas ?? 0
  const name = release.deployment?.metadata?.name ?? release.name
  if (current > 0)
    return (
      `  ${release.name} (${name}): ${current} ${current === 1 ? 'replica' : 'replicas'}, ` +
      `to 0 and back to ${current}`
    )
  return (
    `  ${release.name} (${name}): stands at ` +
    `0${replicas === undefined ? '; --replicas says to how many it is scaled up' : `, up to ${replicas}`}`
  )
}

function targetLines({ release, databases }: RestoreTarget): string[] {
  if (databases === undefined || databases.length === 0)
    return [
      `  ${release.name}: its properties cannot be read from here; ` +
        'the restore names the server before it loads anything',
    ]
  return databases.map((database) => `  ${release.name}: ${database}`)
}

/** The pause that proves the moment. The distance to its ends tells how far clocks may differ. */
function proof({ operation, allPausedAt, unpauseSentAt, attestedBy }: ProvingWindow, at: string): string {
  const atMs = Date.parse(at)
  const margin = formatDuration(Math.min(atMs - Date.parse(allPausedAt ?? ''), Date.parse(unpauseSentAt ?? '') - atMs))
  const whose = attestedBy === undefined ? '' : `; attested by ${attestedBy}, seen by no worker`
  return (
    `  proven by ${operation}, paused from ${allPausedAt} to ${unpauseSentAt}: ` +
    `${margin} from its nearer end${whose}`
  )
}

/** How long the releases will not serve, as far as that is known. */
function outageLines(
  targets: readonly RestoreTarget[],
  choice: RestoreChoice | undefined,
  { backup }: BackupRecord,
): string[] {
  const endings = targets.flatMap(({ ending }) => ending ?? []).sort((a, b) => b.seconds - a.seconds)
  const [longest] = endings
  if (longest === undefined) return []
  const switching = isRestoredByHand(backup)
    ? 'as long as your part takes'
    : `${choice?.strategy === 'replace' ? 'some minutes to an hour' : 'some seconds'} for the switch`
  return [
    `Outage: ${longest.seconds} s and a little until the pods have ended (${longest.because}), ` +
      `${switching}, and what the pods take to start.`,
    '  Requests are held from the first moment of it, and refused once the pods have ended: ' +
      'nothing is acknowledged meanwhile.',
  ]
}

/** What becomes of the data in service now, where a restore does not write over it. */
function keptLines(databases: readonly DatabaseBackup[], dropPrevious: PlanOptions['dropPrevious']): string[] {
  const keeping = databases.filter((entry) => !keepsNothing(entry))
  if (keeping.length === 0) return []
  const whose = keeping.length === databases.length ? '' : ` of ${keeping.map(({ title }) => title).join(', ')}`
  return [
    dropPrevious
      ? `  the data in service now${whose}: --drop-previous removes it, and there is NO way back`
      : `The data in service now${whose} is kept beside, until --drop-previous removes it.`,
  ]
}

/** What a restore will do and what is lost by it, for people. */
export function restorePlan(
  record: BackupRecord,
  targets: readonly RestoreTarget[],
  options: PlanOptions,
  style: Style,
): string {
  const { backup } = record
  const { choice, dropPrevious } = options
  const point = choice?.at ?? backup.restorePoint ?? 'unknown'
  const planned = backup.databases.map((entry) => kindOfEntry(entry)?.planLines?.(entry, choice))
  const others = backup.databases.filter((_, index) => planned[index] === undefined)
  const printed = choice?.repoint === 'print'
  return lines([
    style('bold', `Restore of backup ${backup.name} to ${point}`),
    `Its record is signed by ${signedBy(record) ?? 'nobody'}`,
    ...(backup.encryption === undefined
      ? []
      : [`Its dumps are encrypted for ${backup.encryption.recipients.join(', ')}`]),
    ...(backup.location === undefined ? [] : [`Its data is read from ${backup.location}`]),
    ...(choice?.unproven === true
      ? [
          style(
            'red',
            `UNPROVEN: no recorded pause is of ${point}; what it brings back may hold halves of transactions`,
          ),
        ]
      : []),
    ...(options.window === undefined || choice?.at === undefined ? [] : [proof(options.window, choice.at)]),
    ...(others.length === 0 ? [] : ['Databases of the backup:', ...others.map(databaseLine)]),
    ...planned.flatMap((own) => own ?? []),
    'Restored into what the releases use now:',
    ...targets.flatMap(targetLines),
    ...(others.length === 0
      ? []
      : ['  each is loaded beside the one in service, verified, then switched together with the others']),
    ...(printed
      ? ['Releases: they serve on as they are']
      : [
          'Releases, stopped for the switch:',
          ...targets.map(({ release }) => releaseLine(release, options.replicas)),
          ...outageLines(targets, choice, record),
        ]),
    ...(printed ? [] : [style('yellow', 'What is lost:'), `  everything written since ${point}`]),
    ...(choice?.strategy === 'replace'
      ? [style('yellow', '  every other restore point of the tables that are replaced')]
      : []),
    ...lossLines(options.ending ?? []).map((line) => style('yellow', `  ${line}`)),
    ...(printed ? [] : keptLines(backup.databases, dropPrevious)),
  ])
}

/** The same for going on with a restore that waits for its administrator. */
export function resumePlan(
  { operation, restore }: RestoreRecord,
  releases: readonly Release[],
  { replicas }: { replicas: number | undefined },
  style: Style,
): string {
  return lines([
    style('bold', `Rest of ${operation}`),
    'What was left to you, and is looked at as far as it can be seen:',
    ...(restore.waitsFor ?? []).map((line) => `  ${line}`),
    'Releases that start then:',
    ...releases.map((release) =>
      releaseLine(release, replicas ?? restore.replicas?.[release.deployment?.metadata?.name ?? '']),
    ),
  ])
}

/** The same for putting the former data back. */
export function undoPlan(
  record: RestoreRecord,
  releases: readonly Release[],
  { replicas, ending }: { replicas: number | undefined; ending: readonly string[] },
  style: Style,
): string {
  const lost = lossLines(ending).map((line) => style('yellow', `  ${line}`))
  if (hasDataBeside(record)) {
    return lines([
      style('bold', `Undo of ${record.operation}`),
      style('yellow', 'What is lost:'),
      ...record.restore.databases.map(({ title }) => `  ${title}: what was restored beside the data in service`),
      ...lost,
      'Releases: they serve on as they are',
    ])
  }
  const kept =
    record.restore.choice?.strategy === 'replace'
      ? 'of replaced tables AWS keeps it for 35 days, in system backups that are restored by hand'
      : 'it is kept beside'
  return lines([
    style('bold', `Undo of ${record.operation}`),
    'Databases whose former data serves again:',
    ...record.restore.databases.map(
      (database) =>
        `  ${database.title}${database.previous === undefined ? ' (nothing kept)' : `: ${database.previous}`}`,
    ),
    'Releases, stopped for the switch:',
    ...releases.map((release) =>
      releaseLine(release, replicas ?? record.restore.replicas?.[release.deployment?.metadata?.name ?? '']),
    ),
    style('yellow', 'What is lost:'),
    `  from service: everything written since the restore, ${record.finishedAt ?? record.createdAt}; ${kept}`,
    ...lost,
  ])
}

/** The same for removing the former data. @param ending backups that end with it */
export function dropPlan(record: RestoreRecord, ending: readonly string[], style: Style): string {
  return lines([
    style('bold', `Removal of what ${record.operation} kept`),
    style('yellow', 'What is lost, with NO way back:'),
    ...record.restore.databases.map((database) => `  ${database.title}: ${database.previous ?? 'nothing kept'}`),
    ...lossLines(ending).map((line) => `  ${line}`),
  ])
}
