import type { EndsPoint } from '../../../operation/databases/kind.ts'
import { kindOfEntry } from '../../../operation/databases/registry.ts'
import { endangered } from '../../../operation/outcome/endangered.ts'
import { ExitCode } from '../../../operation/exit-code.ts'
import { Failure } from '../../../operation/failure.ts'
import type { DatabaseBackup, OperationRecord } from '../../../operation/record.ts'
import type { RestoreChoice } from '../../../operation/restore-options.ts'
import { confirmByName } from '../../terminal/confirm.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { hasDataBeside } from '../../../operation/outcome/leftover-data.ts'
import type { BackupRecord, RestoreRecord } from './find-record.ts'

/** They may be many and long: each is looked at as it comes, and none is kept. */
type Records = AsyncIterable<OperationRecord> | Iterable<OperationRecord>

/** Names, those of the oldest first. */
async function endingWith(
  records: Records,
  ends: readonly (EndsPoint | undefined)[],
  keptOperation?: string,
): Promise<string[]> {
  const lost: { name: string; createdAt: string }[] = []
  for await (const record of records) {
    if (record.operation === keptOperation) continue
    for (const { backup, createdAt } of endangered([record], (entry) => ends.some((end) => end?.(entry) === true)))
      lost.push({ name: backup.name, createdAt })
  }
  return lost.sort((a, b) => a.createdAt.localeCompare(b.createdAt)).map(({ name }) => name)
}

function endsWithServed(entry: DatabaseBackup): EndsPoint | undefined {
  return kindOfEntry(entry)?.endsWithServed?.(entry)
}

/** Names of the backups that end with what a restore deletes, without its own where the restore keeps that point. */
export async function endedByRestore(
  { operation, backup }: BackupRecord,
  { choice, dropPrevious, others }: { choice?: RestoreChoice | undefined; dropPrevious: boolean; others: Records },
): Promise<string[]> {
  const replaces = choice?.strategy === 'replace'
  if (!replaces && !dropPrevious) return []
  const kept = replaces && choice.at === undefined ? operation : undefined
  return await endingWith(others, backup.databases.map(endsWithServed), kept)
}

/** The same for `--drop-previous` of an earlier restore, which has deleted replaced tables itself. */
export async function endedByDrop(
  { restore }: RestoreRecord,
  { backup }: BackupRecord,
  others: Records,
): Promise<string[]> {
  return restore.choice?.strategy === 'replace' ? [] : await endingWith(others, backup.databases.map(endsWithServed))
}

/** The same for `--undo`: of replaced tables it deletes those that were restored, else those that stand beside. */
export async function endedByUndo(former: RestoreRecord, { backup }: BackupRecord, others: Records): Promise<string[]> {
  const { restore } = former
  const isBeside = hasDataBeside(former)
  const ends = backup.databases.map((entry, index) =>
    kindOfEntry(entry)?.endsWithUndo?.(entry, restore.databases[index], isBeside),
  )
  return await endingWith(others, ends)
}

/** What is lost with these backups, lines for people. */
export function lossLines(ending: readonly string[]): string[] {
  if (ending.length === 0) return []
  return [
    `for good: the backups ${ending.join(', ')}, which are the past of tables that are deleted`,
    `to keep them: kubectl scalardl materialize backup ${ending.join(' ')}`,
  ]
}

/**
 * Has the user name every backup that ends, by typing it or by `--lose-backup`.
 * @throws Failure (exit code 4) for one that is not
 */
export async function confirmLosses(
  terminal: Terminal,
  ending: readonly string[],
  { loseBackup = [], yes }: { loseBackup?: readonly string[] | undefined; yes: boolean },
): Promise<void> {
  const unnamed = ending.filter((name) => !loseBackup.includes(name))
  if (unnamed.length === 0) return
  if (yes || !terminal.interactive)
    throw new Failure(
      {
        what: 'nothing was begun',
        why: `the last copy of a restore point goes only where it is named: ${unnamed.join(', ')}`,
        next:
          `keep them first with \`kubectl scalardl materialize backup ${unnamed.join(' ')}\`, ` +
          `or add ${unnamed.map((name) => `--lose-backup ${name}`).join(' ')}`,
      },
      { exitCode: ExitCode.declined },
    )
  for (const name of unnamed) await confirmByName(terminal, { name, act: `losing backup ${name}`, yes: false })
}
