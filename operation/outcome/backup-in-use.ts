import { restoreCommand } from './restore-command.ts'
import type { FailureText } from '../failure.ts'
import { configMapName } from '../names.ts'
import type { OperationRecord } from '../record.ts'
import { isFinal } from './outcome.ts'

/**
 * Why a backup must stay for now: what restores from it reads its record and its data to its end, and so does an undo
 * of a restore or the removal of what that kept.
 * @param records of the backup's namespace, settled
 * @returns undefined where nothing needs it any more
 */
export function neededBy(
  backup: Pick<OperationRecord, 'operation' | 'releases'>,
  records: readonly OperationRecord[],
): FailureText | undefined {
  for (const record of records) {
    const kept = isFinal(record) ? afterIts(record, backup.operation) : whileUnder(record, backup)
    if (kept !== undefined) return { what: `${backup.operation} cannot be deleted`, ...kept }
  }
  return undefined
}

/** What reads a backup's record to its end. */
const readingKinds: ReadonlySet<string> = new Set(['restore', 'undo', 'drop', 'resume', 'materialize'])

type Why = Pick<FailureText, 'why' | 'next'>

/** The record of an undo, or of a restore that has hardly begun, does not name the backup. */
function whileUnder(
  { operation, kind, releases, restore }: OperationRecord,
  backup: Pick<OperationRecord, 'operation' | 'releases'>,
): Why | undefined {
  if (!readingKinds.has(kind)) return undefined
  const needs =
    restore === undefined
      ? releases.some((release) => backup.releases.includes(release))
      : restore.backup === backup.operation
  if (!needs) return undefined
  return {
    why: `${operation} has not ended`,
    next: `wait for its end, or end it first with \`kubectl scalardl cancel ${operation}\``,
  }
}

function afterIts({ operation, namespace, restore }: OperationRecord, backup: string): Why | undefined {
  if (restore?.backup !== backup) return undefined
  const command = (act: string) => `\`${restoreCommand({ operation, namespace, flags: restore.flags }, act)}\``
  if (restore.waitsFor !== undefined)
    return {
      why: `${operation} waits for you, and reads its backup when it goes on`,
      next: `go on with it, ${command('--continue')}, or give it up: ${command('--undo')}`,
    }
  if (restore.serving === 'nothing')
    return {
      why: `${operation} was left half-way, and can be undone only while its backup is known`,
      next: `undo it first: ${command('--undo')}`,
    }
  if (restore.serving !== 'restored' || restore.databases.every(({ previous }) => previous === undefined))
    return undefined
  return {
    why:
      `${operation} kept the data that was in service before, ` +
      'which comes back or is removed only while its backup is known',
    next:
      `remove that data with ${command('--drop-previous')} or put it back with ${command('--undo')}; ` +
      'where neither is possible any more, forget the restore: ' +
      `\`kubectl delete configmap ${configMapName(operation, 'record')} -n ${namespace}\``,
  }
}
