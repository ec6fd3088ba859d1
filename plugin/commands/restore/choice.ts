import { ExitCode } from '../../../operation/exit-code.ts'
import { Failure } from '../../../operation/failure.ts'
import { holdsSecond } from '../../../operation/outcome/pause-window.ts'
import type { OperationRecord, PauseWindowRecord } from '../../../operation/record.ts'
import type { RestoreChoice } from '../../../operation/restore-options.ts'
import { formatTime, parseTime } from '../../../operation/time.ts'
import type { StoredRecord } from '../../kubernetes/records/records.ts'
import type { RestoreFlags } from './command.ts'
import { isDynamodb } from './dynamodb-plan.ts'
import type { BackupRecord } from './find-record.ts'

type ChoiceFlags = Pick<
  RestoreFlags,
  'strategy' | 'prefix' | 'at' | 'repoint' | 'region' | 'kmsKey' | 'dropPrevious' | 'unknownVersion'
>

/** The records among those found that can be read. */
export function readableBackups(stored: readonly StoredRecord[]): OperationRecord[] {
  return stored.flatMap(({ record }) => (record === undefined ? [] : [record]))
}

/** A pause in which a moment lies, of its operation and the releases that this names. */
export type ProvingWindow = PauseWindowRecord & Pick<OperationRecord, 'operation' | 'releases'>

/**
 * What the flags choose of a restore. A moment that a backup fixed in its pause is restored from the record of that backup; any
 * other is proven by a valid pause of all its releases in which it lies, or marked as unproven.
 * @throws Failure (usage) for flags that contradict each other, or that this backup has no use for
 */
export async function chooseRestore(
  flags: ChoiceFlags,
  record: BackupRecord,
  list: (kind: 'backup' | 'pause') => Promise<StoredRecord[]>,
): Promise<{ record: BackupRecord; choice: RestoreChoice | undefined; window?: ProvingWindow }> {
  const given = Object.entries({
    strategy: flags.strategy,
    prefix: flags.prefix,
    at: flags.at,
    repoint: flags.repoint,
    region: flags.region,
    'kms-key': flags.kmsKey,
    'unknown-version': flags.unknownVersion ? true : undefined,
  }).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`]))
  if (given.length === 0) return { record, choice: undefined }
  checkFlags(flags, given, record)
  const { strategy, prefix, repoint, region, kmsKey } = flags
  const choice: RestoreChoice = {
    ...(strategy && { strategy }),
    ...(prefix !== undefined && { prefix }),
    ...(repoint && { repoint }),
    ...(region && { region }),
    ...(kmsKey && { kmsKey }),
    ...(flags.unknownVersion && { unknownVersion: true }),
  }
  if (flags.at === undefined) return { record, choice }
  const at = formatTime(parseTime(flags.at))
  const backups = [record, ...readableBackups(await list('backup'))]
  const paused = backups.find((one) => isOfPause(one, at, record))
  if (paused?.backup !== undefined) return { record: { ...paused, backup: paused.backup }, choice }
  const window = [...backups, ...readableBackups(await list('pause'))]
    .flatMap(({ operation, releases, windows }) => windows.map((one) => ({ ...one, operation, releases })))
    .find((one) => provesAll(one, at, record.releases))
  if (window === undefined) return { record, choice: { ...choice, at, unproven: true } }
  return { record, window, choice: { ...choice, at, pause: window.operation } }
}

/** Whether every server of these releases was paused then, and the pause proves it. */
function provesAll(window: ProvingWindow, at: string, wanted: readonly string[]): boolean {
  const paused = new Set(window.endpoints.map(({ release }) => release))
  const covered = (release: string) =>
    window.attestedBy === undefined ? paused.has(release) : window.releases.includes(release)
  return window.verdict === 'valid' && holdsSecond(window, at) && wanted.every(covered)
}

/** Whether a backup of the same releases fixed exactly this moment in a pause. */
function isOfPause({ backup, releases }: OperationRecord, at: string, { releases: wanted }: BackupRecord): boolean {
  return (
    backup?.state === 'restorable' &&
    releases.join() === wanted.join() &&
    backup.databases.every(({ snapshotAt }) => snapshotAt !== undefined && Date.parse(snapshotAt) === Date.parse(at))
  )
}

function checkFlags(flags: ChoiceFlags, given: readonly string[], { backup }: BackupRecord): void {
  const usage = (what: string, why: string, next: string) =>
    new Failure({ what, why, next }, { exitCode: ExitCode.usage })
  const [first = ''] = given
  if (!backup.databases.some(isDynamodb))
    throw usage(`${first} cannot be used`, `backup ${backup.name} has no DynamoDB in it`, 'omit it')
  const others = backup.databases.filter((database) => !isDynamodb(database)).map(({ title }) => title)
  if (flags.at !== undefined) {
    if (others.length > 0)
      throw usage(
        '--at cannot be used',
        `of ${others.join(', ')} the backup holds one moment only`,
        'restore the backup as it is',
      )
    if (parseTime(flags.at) % 1000 !== 0)
      throw usage('--at cannot be used', 'DynamoDB restores to whole seconds', 'give a time without a fraction')
  }
  if (flags.repoint === 'print' && others.length > 0)
    throw usage(
      '--repoint print cannot be used',
      `${others.join(', ')} would be switched while DynamoDB is not`,
      'omit it',
    )
  if (flags.repoint === 'print' && flags.dropPrevious)
    throw usage(
      '--repoint print and --drop-previous exclude each other',
      'the releases serve on from the former data',
      'remove it once they use the restored: restore RESTORE --drop-previous',
    )
  if (flags.strategy !== 'replace') return
  const needless = given.filter((flag) => ['--prefix', '--repoint', '--region', '--unknown-version'].includes(flag))
  if (needless.length > 0)
    throw usage(
      `${needless.join(' and ')} cannot be used with --strategy replace`,
      'replaced tables keep their names and their place',
      'omit one of them',
    )
}
