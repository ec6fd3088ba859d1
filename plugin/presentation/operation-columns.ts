import { inServiceText, type Served } from '../../operation/outcome/in-service.ts'
import type { Column, Presentation } from '../terminal/print.ts'
import { extentOf, placeOf } from './backup-place.ts'
import { signedBy } from './signed-by.ts'
import { backupState, standingLine } from '../kubernetes/records/backup-state.ts'
import type { StoredRecord } from '../kubernetes/records/records.ts'
import { pausedBy, isFinal } from '../../operation/outcome/outcome.ts'

const none = '-'

/** `3h12m`, `5d`: how long ago, as kubectl writes it. */
export function age(time: string | undefined, nowMs = Date.now()): string {
  const seconds = Math.floor((nowMs - Date.parse(time ?? '')) / 1000)
  if (Number.isNaN(seconds)) return none
  if (seconds < 120) return `${Math.max(0, seconds)}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 10) return seconds % 60 === 0 ? `${minutes}m` : `${minutes}m${seconds % 60}s`
  if (minutes < 180) return `${minutes}m`
  const hours = Math.floor(minutes / 60)
  if (hours < 8) return minutes % 60 === 0 ? `${hours}h` : `${hours}h${minutes % 60}m`
  return hours < 48 ? `${hours}h` : `${Math.floor(hours / 24)}d`
}

/** `12.3 MiB` */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10))
  return power === 0 ? `${bytes} B` : `${(bytes / 1024 ** power).toFixed(1)} ${units[power]}`
}

/** The name within its kind: `nightly` of `backup-nightly`. */
export function shortName(stored: Pick<StoredRecord, 'operation' | 'kind'>): string {
  return stored.kind === undefined ? stored.operation : stored.operation.slice(stored.kind.length + 1)
}

function releases(stored: StoredRecord): string {
  return stored.record?.releases.join(',') || none
}

/** How an operation stands, with the phase it is in while it runs. */
export function stateOf(stored: StoredRecord): string {
  const { record } = stored
  if (record === undefined) return 'unreadable'
  if (pausedBy(record).length > 0 && isFinal(record)) return `${record.state}, STILL PAUSED`
  if (record.restore?.waitsFor !== undefined && isFinal(record)) return 'waits for you'
  const phase = record.phases.find((phase) => phase.finishedAt === undefined)
  return isFinal(record) || phase === undefined ? record.state : `${record.state} (${phase.name})`
}

function document(stored: StoredRecord): unknown {
  return stored.record ?? { operation: stored.operation, kind: stored.kind, problem: stored.problem.text }
}

const releasesColumn: Column<StoredRecord> = { title: 'RELEASES', value: releases }
const ageColumn: Column<StoredRecord> = { title: 'AGE', value: (stored) => age(stored.createdAt) }

export const operationPresentation: Presentation<StoredRecord> = {
  columns: [
    { title: 'OPERATION', value: (stored) => stored.operation },
    releasesColumn,
    { title: 'STATE', value: stateOf },
    { title: 'EXIT', value: (stored) => stored.record?.exitCode?.toString() ?? none },
    ageColumn,
    { title: 'FAILURE', value: (stored) => stored.record?.failure?.why ?? stored.problem?.why ?? none, wide: true },
  ],
  document,
  name: (stored) => `operation/${stored.operation}`,
}

function backupBytes(stored: StoredRecord): string {
  return extentOf(stored.record?.backup, formatBytes) ?? none
}

function reasonOf({ record, problem }: StoredRecord): string {
  const { backup } = record ?? {}
  return backup?.reason ?? (backup && standingLine(backup)) ?? problem?.why ?? none
}

/** @param known fingerprints of the keys that the namespace trusts, where that is known */
export const backupPresentation = (known?: readonly string[]): Presentation<StoredRecord> => ({
  columns: [
    { title: 'NAME', value: shortName },
    releasesColumn,
    {
      title: 'STATE',
      value: (stored) =>
        stored.record !== undefined && isFinal(stored.record) ? backupState(stored.record) : stateOf(stored),
    },
    { title: 'RESTORE POINT', value: (stored) => stored.record?.backup?.restorePoint ?? none },
    { title: 'SIZE', value: backupBytes },
    ageColumn,
    {
      title: 'PAUSED',
      value: (stored) =>
        stored.record?.backup?.pause === undefined ? none : stored.record.backup.pause.paused ? 'yes' : 'no',
      wide: true,
    },
    { title: 'LOCATION', value: (stored) => placeOf(stored.record?.backup) ?? none, wide: true },
    { title: 'REASON', value: reasonOf, wide: true },
    { title: 'SIGNED BY', value: (stored) => signedBy(stored.record, known) ?? none, wide: true },
  ],
  document,
  name: (stored) => `backup/${shortName(stored)}`,
})

/** @param restores every restore of the namespace: which one is in service they tell together */
export function restorePresentation(restores: readonly Served[]): Presentation<StoredRecord> {
  const serving = ({ record }: StoredRecord) => (record === undefined ? undefined : inServiceText(record, restores))
  return {
    columns: [
      { title: 'NAME', value: shortName },
      releasesColumn,
      { title: 'BACKUP', value: (stored) => stored.record?.restore?.backup ?? none },
      { title: 'STATE', value: stateOf },
      { title: 'SERVING', value: (stored) => serving(stored) ?? none },
      { title: 'RESTORE POINT', value: (stored) => stored.record?.restore?.restorePoint ?? none },
      ageColumn,
      { title: 'FAILURE', value: (stored) => stored.record?.failure?.why ?? stored.problem?.why ?? none, wide: true },
    ],
    document,
    name: (stored) => `restore/${shortName(stored)}`,
  }
}
