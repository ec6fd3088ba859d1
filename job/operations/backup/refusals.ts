import { formatDuration } from '../../../operation/duration.ts'
import { kindOfEntry } from '../../../operation/databases/registry.ts'
import { ExitCode } from '../../../operation/exit-code.ts'
import { Failure } from '../../../operation/failure.ts'
import type { PauseWindowRecord } from '../../../operation/record.ts'
import type { RequestOf } from '../../../operation/request.ts'
import type { OperationContext } from '../../context/operation-context.ts'
import type { DatabaseGroup } from '../../databases/open.ts'
import { workerReplaced } from '../../pause/recover.ts'
import type { OpenSource } from '../open-databases.ts'

/**
 * Refuses before anything is paused in vain.
 * @throws Failure where the longest pause allowed is too short for a database's point
 */
export function refuseShortPause(
  {
    request: {
      pause: { maxPauseMs },
      target,
      holdMs: leastMs = 0,
    },
  }: OperationContext<'backup'>,
  sources: readonly OpenSource[],
): void {
  const holdMs = Math.max(leastMs, ...sources.map(({ source }) => source.holdMs?.() ?? 0))
  if (holdMs < maxPauseMs) return
  throw new Failure({
    what: `backup of ${target.releases.map(({ name }) => name).join(', ')} was not begun, nothing was paused`,
    why:
      `a restore point needs a pause of up to ${formatDuration(holdMs)} here, ` +
      `and --max-pause allows ${formatDuration(maxPauseMs)}`,
    next: 'allow a longer pause with --max-pause',
  })
}

/** @throws Failure (usage) where a database's backup has nowhere to go */
export function refuseWithoutStorage({ to }: RequestOf<'backup'>, databases: readonly DatabaseGroup[]): void {
  const needing = databases.filter(({ kind }) => !kind.capabilities.keepsItsOwnBackups)
  if (to !== undefined || needing.length === 0) return
  throw new Failure(
    {
      what: 'the backup has nowhere to go',
      why:
        `the data of ${[...new Set(needing.map(({ kind }) => kind.name))].join(', ')} is dumped to a storage, ` +
        'and none is given',
      next: 'say where: --to pvc://CLAIM/path or s3://BUCKET/path',
    },
    { exitCode: ExitCode.usage },
  )
}

/** @throws Failure (usage) where there is no dump that could be encrypted */
export function refuseUnencrypted(databases: readonly DatabaseGroup[]): void {
  if (databases.some(({ kind }) => !kind.capabilities.keepsItsOwnBackups)) return
  throw new Failure(
    {
      what: '--encrypt has nothing to encrypt',
      why: 'no database of these releases is dumped: others keep their backups',
      next: 'leave out --encrypt',
    },
    { exitCode: ExitCode.usage },
  )
}

/** @throws Failure (usage) where no database is left to the administrator's own tool, which then would not run */
export function refuseIdleTool({ exec }: RequestOf<'backup'>, databases: readonly DatabaseGroup[]): void {
  const names = [...new Set(databases.map(({ kind }) => kind.name))]
  if (exec === undefined || names.some((name) => kindOfEntry({ kind: name })?.needsCommand === true)) return
  throw new Failure(
    {
      what: '--exec-image has nothing to back up',
      why: `this program backs up all databases of these releases itself: ${names.join(', ')}`,
      next: 'leave it out, or run your own tool between `kubectl scalardl pause` and `unpause`',
    },
    { exitCode: ExitCode.usage },
  )
}

/** Whether a window was lost with its worker, and not because the releases changed in it. */
function isWorkersEnd(window: PauseWindowRecord | undefined): boolean {
  return window?.verdict === 'valid' || window?.reasons.includes(workerReplaced) === true
}

/** The failure of a backup whose last window is of no use. */
export function lostWindow(window: PauseWindowRecord | undefined): Failure {
  return new Failure(
    {
      what: 'the backup is unusable',
      why:
        window?.verdict === 'valid'
          ? 'the worker was replaced before the dump was done, and the snapshot of its pause was lost with it'
          : `the pause proves nothing: ${window?.reasons.join('; ') ?? 'no window was completed'}`,
      next: isWorkersEnd(window)
        ? 'run the backup again'
        : 'run the backup again once that is over, or with --retries 3 to have further pauses tried',
    },
    { exitCode: ExitCode.backupUnusable },
  )
}
