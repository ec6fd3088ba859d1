import type { DatabaseBackup } from '../../../operation/record.ts'
import type { Release } from '../../kubernetes/releases.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import type { BackupRecord, RestoreRecord } from './find-record.ts'

type Style = Terminal['style']

function databaseLine(database: DatabaseBackup): string {
  const counted = database.tables.flatMap((table) => table.rows ?? [])
  const rows = counted.length === 0 ? '' : `, ${counted.reduce((sum, some) => sum + some, 0)} rows`
  const size = database.bytes === undefined ? '' : `, ${(database.bytes / 1_000_000).toFixed(1)} MB`
  return `  ${database.title}: ${database.tables.length} tables${rows}${size}`
}

function releaseLine(release: Release, replicas: number | undefined): string {
  const current = release.deployment?.spec?.replicas ?? 0
  const name = release.deployment?.metadata?.name ?? release.name
  if (current > 0) return `  ${release.name} (${name}): ${current} ${current === 1 ? 'replica' : 'replicas'}, to 0 and back to ${current}`
  return `  ${release.name} (${name}): stands at 0${replicas === undefined ? '; --replicas says to how many it is scaled up' : `, up to ${replicas}`}`
}

/** What a restore will do and what is lost by it, for people. */
export function restorePlan(record: BackupRecord, releases: readonly Release[], options: { dropPrevious: boolean; replicas: number | undefined }, style: Style): string {
  const { backup } = record
  const point = backup.restorePoint ?? 'unknown'
  return [
    style('bold', `Restore of backup ${backup.name} to ${point}`),
    'Databases, each loaded beside the one in service, verified, then switched together:',
    ...backup.databases.map(databaseLine),
    'Releases, stopped for the switch:',
    ...releases.map((release) => releaseLine(release, options.replicas)),
    style('yellow', 'What is lost:'),
    `  everything written since ${point}`,
    options.dropPrevious ? '  the data in service now: --drop-previous removes it, and there is NO way back' : 'The data in service now is kept beside, until --drop-previous removes it.',
  ].join('\n')
}

/** The same for putting the former data back. */
export function undoPlan(record: RestoreRecord, releases: readonly Release[], replicas: number | undefined, style: Style): string {
  return [
    style('bold', `Undo of ${record.operation}`),
    'Databases whose former data serves again:',
    ...record.restore.databases.map((database) => `  ${database.title}${database.previous === undefined ? ' (nothing kept)' : `: ${database.previous}`}`),
    'Releases, stopped for the switch:',
    ...releases.map((release) => releaseLine(release, replicas)),
    style('yellow', 'What is lost:'),
    `  from service: everything written since the restore, ${record.finishedAt ?? record.createdAt}; it is kept beside`,
  ].join('\n')
}

/** The same for removing the former data. */
export function dropPlan(record: RestoreRecord, style: Style): string {
  return [
    style('bold', `Removal of what ${record.operation} kept`),
    style('yellow', 'What is lost, with NO way back:'),
    ...record.restore.databases.map((database) => `  ${database.title}: ${database.previous ?? 'nothing kept'}`),
  ].join('\n')
}
