import type { JournalDocument } from '../../../operation/journal.ts'
import type {
  BackupPart,
  CommandPart,
  OperationRecord,
  PauseWindowRecord,
  RestorePart,
} from '../../../operation/record.ts'
import { formatDuration } from '../../../operation/duration.ts'
import { lines } from '../../../operation/text/printable.ts'
import { pausedBy } from '../../../operation/outcome/outcome.ts'
import { pointState } from '../../kubernetes/records/backup-state.ts'
import { placeOf } from '../../presentation/backup-place.ts'
import { signedBy } from '../../presentation/signed-by.ts'
import { endedByGuardAt, interventionText, interventionsIn } from '../../presentation/interventions.ts'
import { waysToUnpause } from '../../presentation/verdict.ts'
import { describeDatabase } from './describe-database.ts'
import { fields } from './fields.ts'
import { timeLine } from './time-line.ts'

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', `${title}:`, ...lines.map((line) => `  ${line}`)]
}

function between(from: string | undefined, until: string | undefined): string | undefined {
  return from === undefined || until === undefined ? undefined : formatDuration(Date.parse(until) - Date.parse(from))
}

function describeWindow(record: OperationRecord, window: PauseWindowRecord, index: number): string[] {
  const servers = window.endpoints.map((endpoint) =>
    endpoint.pod === undefined ? endpoint.address : `${endpoint.pod} (${endpoint.address})`,
  )
  const allUnpausedAt = window.allUnpausedAt ?? endedByGuardAt(record, index)
  return [
    ...fields([
      ['Verdict', window.verdict],
      [
        'Window',
        window.allPausedAt === undefined
          ? 'none: not every server was paused'
          : `${window.allPausedAt} .. ${window.unpauseSentAt ?? 'open'}`,
      ],
      ['Restore point', window.restorePoint],
      ['All paused for', between(window.allPausedAt, window.unpauseSentAt)],
      ['Any paused for', between(window.pauseSentAt, allUnpausedAt)],
      ['Looked for a pause of others', window.lookedAt],
      ['Pause sent', window.pauseSentAt],
      ['All unpaused', allUnpausedAt],
      ['Seen paused', window.checkedEveryMs === undefined ? undefined : `at least every ${window.checkedEveryMs} ms`],
      ['Servers', servers.join(', ')],
    ]),
    ...window.reasons.map((reason) => `${window.verdict === 'void' ? 'void because' : 'note'}: ${reason}`),
    ...interventionsIn(record, index).map((intervention) => interventionText(record, intervention)),
  ]
}

/** The administrator's own tool, and each time that it ran. */
function describeCommand(command: CommandPart | undefined): string[] {
  if (command === undefined) return []
  const runs = command.runs.map(
    ({ artefacts, end, startedAt, window }) =>
      `run at ${startedAt}${window === undefined ? '' : `, in pause ${window}`}: ` +
      `${end ?? 'nobody knows how it ended'}${artefacts.length === 0 ? '' : `; it made ${artefacts.join(', ')}`}`,
  )
  const known = fields([
    ['Image', command.image],
    ['Program', command.program],
    ['Phase', command.phase],
  ])
  return section('Your own tool', [...known, ...runs])
}

function describeBackup(record: OperationRecord, backup: BackupPart): string[] {
  return [
    ...section('Backup', [
      ...fields([
        ['Name', backup.name],
        ['State', backup.state === 'restorable' ? pointState(backup) : backup.state],
        ['Reason', backup.reason],
        ['Restore point', backup.restorePoint],
        [
          'Pause',
          backup.pause === undefined
            ? undefined
            : `${backup.pause.paused ? 'yes' : 'no'}: ${backup.pause.why} (--pause ${backup.pause.mode})`,
        ],
        ['Location', placeOf(backup)],
        ['Encrypted for', backup.encryption?.recipients.join(', ')],
        ['Signed by', signedBy(record)],
        ['Copies', backup.copies?.join(', ')],
      ]),
    ]),
    ...describeCommand(backup.command),
    ...backup.databases.flatMap((database) => section(`Database ${database.title}`, describeDatabase(database))),
  ]
}

function describeRestore(restore: RestorePart): string[] {
  return [
    ...section(
      'Restore',
      fields([
        ['Backup', restore.backup],
        ['Restore point', restore.restorePoint],
        ['Serving', `${restore.serving} data`],
      ]),
    ),
    ...restore.databases.flatMap((database) =>
      section(
        `Database ${database.title}`,
        fields([
          ['Kind', database.kind],
          ['State', database.state],
          ['Previous data', database.previous],
        ]),
      ),
    ),
    ...describeCommand(restore.command),
    ...section('Way back', restore.wayBack),
  ]
}

/** The API server's word; undefined in records of versions that did not ask it. */
function requestedBy({ requestedBy: requester }: OperationRecord): string | undefined {
  if (requester === undefined) return undefined
  return 'user' in requester ? requester.user : `not known: ${requester.unknown}`
}

const marks = { ok: 'ok      ', warning: 'WARNING ', error: 'ERROR   ' } as const

/**
 * A record as text for people.
 * @param steps of its journal; the unfinished ones are named
 */
export function describeRecord(record: OperationRecord, steps: JournalDocument['steps']): string {
  const paused = pausedBy(record)
  return lines([
    ...fields([
      ['Operation', record.operation],
      ['Kind', record.kind],
      ['Namespace', record.namespace],
      ['Releases', record.releases.join(', ')],
      ['State', record.state],
      ['Exit code', record.exitCode?.toString()],
      ['Created', record.createdAt],
      ['Started', record.startedAt],
      ['Finished', record.finishedAt],
      ['Took', between(record.startedAt, record.finishedAt)],
      ['Requested by', requestedBy(record)],
      [
        'By',
        [
          record.by.plugin === '' ? '' : `plugin ${record.by.plugin}`,
          record.by.worker === undefined ? '' : `worker ${record.by.worker}`,
          record.guard === undefined ? '' : `guard on ${record.guard.node}`,
        ]
          .filter(Boolean)
          .join(', '),
      ],
    ]),
    ...section(`Time line, from ${record.phases[0]?.startedAt ?? record.createdAt}`, timeLine(record)),
    ...record.windows.flatMap((window, index) =>
      section(record.windows.length === 1 ? 'Pause' : `Pause ${index + 1}`, describeWindow(record, window, index)),
    ),
    ...(record.backup === undefined ? [] : describeBackup(record, record.backup)),
    ...(record.restore === undefined ? [] : describeRestore(record.restore)),
    ...section(
      'Findings',
      record.findings.flatMap((finding) => [
        `${marks[finding.outcome]}${finding.check}, ${finding.subject}: ${finding.message}`,
        ...(finding.cure === undefined ? [] : [`        ${finding.cure}`]),
      ]),
    ),
    ...section(
      'Unfinished steps',
      steps.filter((step) => step.finishedAt === undefined).map((step) => `${step.name}, begun ${step.startedAt}`),
    ),
    ...(record.failure === undefined
      ? []
      : section(
          'Failure',
          fields([
            ['What', record.failure.what],
            ['Why', record.failure.why],
            ['Next', record.failure.next],
          ]),
        )),
    ...section(
      'STILL PAUSED',
      paused.length === 0 || record.finishedAt === undefined ? [] : [...paused, ...waysToUnpause(record, paused)],
    ),
  ])
}
