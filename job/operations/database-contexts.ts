import type { BackupPart, OperationRecord, RestorePart } from '../../operation/record.ts'
import type { BackupContext, DatabaseContext, RestoreContext, UndoContext } from '../databases/database.ts'
import type { OperationContext } from '../context/operation-context.ts'
import { operatorCommand, type OperatorCommand } from '../exec/operator-command.ts'
import { limited } from '../storage/limited.ts'
import { openStorageOf } from '../storage/open.ts'
import type { Storage } from '../storage/storage.ts'
import { bystandersOf } from './bystanders.ts'
import { releaseProperties } from './properties/release-properties.ts'

// The contexts that operations give to the databases they open. Each is made here and nowhere else.

/** For calls that need no more than the operation's name, its events and its signal. */
export function databaseContext({
  events,
  podsIn,
  request,
  signal,
}: Pick<OperationContext<'materialize' | 'delete'>, 'events' | 'podsIn' | 'request' | 'signal'>): DatabaseContext {
  return { events, operation: request.operation, signal, podsIn }
}

/**
 * For a backup, or for a doctor's look at what a backup would meet.
 * @param recipients for whom dumps are encrypted, undefined where they are not
 * @param command the administrator's own tool, where one was given
 */
export function backupContext(
  { cluster, events, journal, podsIn, request, signal }: OperationContext<'backup' | 'doctor'>,
  storage: Storage,
  recipients?: readonly string[],
  command?: OperatorCommand,
): BackupContext {
  const { operation, schemas, tables, target } = request
  return {
    events,
    operation,
    createdAt: request.createdAt,
    flags: target.databases,
    podsIn,
    signal,
    storage,
    recipients,
    schemas,
    tables,
    parallel: request.kind === 'backup' ? request.parallel : 1,
    compressionLevel: request.kind === 'backup' ? request.compressionLevel : undefined,
    materialize: request.kind === 'backup' ? request.materialize : undefined,
    bystanders: bystandersOf(target, cluster),
    command,
    journal,
  }
}

/**
 * For a restore.
 * @param identities what was given to open an encrypted backup
 * @param signal aborted also when something starts that the restore has stopped
 */
export function restoreContext(
  context: OperationContext<'restore'>,
  backup: BackupPart,
  identities: readonly string[],
  signal: AbortSignal,
): RestoreContext {
  const { cluster, events, podsIn, request, secrets } = context
  const { choice, dropPrevious, parallel, target } = request
  const storage = limited(openStorageOf(backup), request.bytesPerSecond)
  return {
    events,
    operation: restoreIdentity(request),
    podsIn,
    signal,
    storage,
    ...(backup.encryption === undefined ? {} : { identities }),
    parallel,
    choice,
    dropPrevious,
    releases: target.releases,
    properties: releaseProperties({ target, cluster, secrets }, request.namespace),
    bystanders: bystandersOf(target, cluster),
    command: operatorCommand(context),
  }
}

/** For an undo, a drop or a resume, without what the restore left of each database. */
export function undoContext(
  {
    cluster,
    events,
    podsIn,
    request: { namespace, target },
    secrets,
    signal,
  }: OperationContext<'undo' | 'drop' | 'resume'>,
  former: OperationRecord & { restore: RestorePart },
): Omit<UndoContext, 'former'> {
  return {
    events,
    operation: restoreIdentity(former),
    podsIn,
    signal,
    choice: former.restore.choice,
    properties: releaseProperties({ target, cluster, secrets }, namespace),
    bystanders: bystandersOf(target, cluster),
  }
}

/**
 * What a restore's databases are named and marked after: its name and its time. A name alone is free again once its
 * record is gone, while the databases of the restore may still be there.
 */
function restoreIdentity({ operation, createdAt }: { operation: string; createdAt: string }): string {
  return `${operation}@${createdAt}`
}
