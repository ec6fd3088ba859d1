import type { RestoreFlag } from '../../../operation/databases/kind.ts'
import { kindOfEntry, knownKinds, titlesOf } from '../../../operation/databases/registry.ts'
import { notRestoredTogether, restoredApart } from '../../../operation/databases/restored-together.ts'
import { ExitCode } from '../../../operation/exit-code.ts'
import { Failure, type FailureText } from '../../../operation/failure.ts'
import { windowThatProves } from '../../../operation/outcome/pause-window.ts'
import type { OperationRecord, PauseWindowRecord } from '../../../operation/record.ts'
import type { RestoreChoice } from '../../../operation/restore-options.ts'
import { formatTime, parseTime } from '../../../operation/time.ts'
import type { RestoreFlags } from './command.ts'
import type { BackupRecord } from './find-record.ts'

type ChoiceFlags = Pick<
  RestoreFlags,
  'strategy' | 'prefix' | 'at' | 'repoint' | 'region' | 'kmsKey' | 'dropPrevious' | 'unknownVersion'
>

/** Flags that only some kinds of database understand, in the order in which they are refused. */
const choosingFlags: readonly RestoreFlag[] = [
  'strategy',
  'prefix',
  'at',
  'repoint',
  'region',
  'kms-key',
  'unknown-version',
]

/** A pause in which a moment lies, with its operation. */
export type ProvingWindow = PauseWindowRecord & Pick<OperationRecord, 'operation'>

/**
 * What the flags choose of a restore. A moment that a backup fixed in its pause is restored from that backup's record.
 * Any other moment is proven by a valid pause of all its releases in which it lies, or marked as unproven.
 * @throws Failure (usage) for flags that contradict each other, or that this backup has no use for
 */
export async function chooseRestore(
  asked: ChoiceFlags,
  record: BackupRecord,
  list: (kind: 'backup' | 'pause') => AsyncIterable<OperationRecord> | Iterable<OperationRecord>,
): Promise<{ record: BackupRecord; choice: RestoreChoice | undefined } & Partial<Proof>> {
  const { repoint = repointOf(record) } = asked
  const flags: ChoiceFlags = { ...asked, repoint }
  const byFlag: Partial<Record<RestoreFlag, unknown>> = {
    strategy: flags.strategy,
    prefix: flags.prefix,
    at: flags.at,
    repoint: flags.repoint,
    region: flags.region,
    'kms-key': flags.kmsKey,
    'unknown-version': flags.unknownVersion ? true : undefined,
  }
  const given = choosingFlags.filter((flag) => byFlag[flag] !== undefined)
  if (given.length === 0) return { record, choice: undefined }
  const { strategy, prefix, region, kmsKey } = flags
  const choice: RestoreChoice = {
    ...(strategy && { strategy }),
    ...(prefix !== undefined && { prefix }),
    ...(repoint && { repoint }),
    ...(region && { region }),
    ...(kmsKey && { kmsKey }),
    ...(flags.unknownVersion && { unknownVersion: true }),
  }
  checkFlags(flags, given, choice, record)
  if (flags.at === undefined) return { record, choice }
  const at = formatTime(parseTime(flags.at))
  if (isOfPause(record, at, record)) return { record, choice }
  let found = proofIn(record, at, record)
  for await (const one of list('backup')) {
    if (isOfPause(one, at, record)) return { record: one, choice }
    found ??= proofIn(one, at, record)
  }
  if (found === undefined) for await (const one of list('pause')) found ??= proofIn(one, at, record)
  if (found === undefined) return { record, choice: { ...choice, at, unproven: true } }
  return { record, ...found, choice: { ...choice, at, pause: found.proof.operation } }
}

interface Proof {
  window: ProvingWindow
  /** the record that the window is in */
  proof: OperationRecord
}

function proofIn(proof: OperationRecord, at: string, { releases }: BackupRecord): Proof | undefined {
  const window = windowThatProves(proof, at, releases)
  return window && { proof, window: { ...window, operation: proof.operation } }
}

/** How the releases are pointed to the restored data where the user does not say. */
function repointOf({ backup }: BackupRecord): RestoreChoice['repoint'] {
  return backup.databases.map((entry) => kindOfEntry(entry)?.repointUnlessGiven).find((how) => how !== undefined)
}

/** Whether a backup of the same releases fixed exactly this moment in a pause. */
function isOfPause(one: OperationRecord, at: string, { releases: wanted }: BackupRecord): one is BackupRecord {
  const { backup, releases } = one
  return (
    backup?.state === 'restorable' &&
    releases.join() === wanted.join() &&
    backup.databases.every(({ snapshotAt }) => snapshotAt !== undefined && Date.parse(snapshotAt) === Date.parse(at))
  )
}

function checkFlags(
  { at, repoint, dropPrevious }: ChoiceFlags,
  given: readonly RestoreFlag[],
  choice: RestoreChoice,
  { backup, operation }: BackupRecord,
): void {
  const apart = notRestoredTogether(backup.databases, choice)
  if (apart !== undefined)
    throw usage({
      what: `backup ${backup.name} cannot be restored in one operation`,
      why: apart,
      next: restoredApart(operation, backup),
    })
  for (const flag of given) {
    const understanding = knownKinds.filter(({ flags }) => flags.restore?.[flag] !== undefined)
    if (!backup.databases.some((entry) => understanding.some(({ name }) => name === entry.kind)))
      throw usage({
        what: `--${flag} cannot be used`,
        why: `backup ${backup.name} has no ${titlesOf(understanding)} in it`,
        next: 'omit it',
      })
  }
  const without = (flag: RestoreFlag) =>
    backup.databases
      .filter((entry) => kindOfEntry(entry)?.flags.restore?.[flag] === undefined)
      .map(({ title }) => title)
  if (at !== undefined && without('at').length > 0)
    throw usage({
      what: '--at cannot be used',
      why: `of ${without('at').join(', ')} the backup holds one moment only`,
      next: 'restore the backup as it is',
    })
  if (repoint === 'print' && without('repoint').length > 0) {
    const repointed = knownKinds.filter(({ flags }) => flags.restore?.repoint !== undefined)
    throw usage({
      what: '--repoint print cannot be used',
      why: `${without('repoint').join(', ')} would be switched while ${titlesOf(repointed)} is not`,
      next: 'omit it',
    })
  }
  if (repoint === 'print' && dropPrevious)
    throw usage({
      what: '--repoint print and --drop-previous exclude each other',
      why: 'the releases serve on from the former data',
      next: 'omit --drop-previous, and remove the former data yourself once they use the restored',
    })
  for (const entry of backup.databases) {
    const refusal = kindOfEntry(entry)?.refuseChoice?.({ ...choice, ...(at !== undefined && { at }) })
    if (refusal !== undefined) throw usage(refusal)
  }
}

function usage(text: FailureText): Failure {
  return new Failure(text, { exitCode: ExitCode.usage })
}
