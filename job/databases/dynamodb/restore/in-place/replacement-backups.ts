import type { BackupSummary, TableDescription } from '@aws-sdk/client-dynamodb'
import { Failure } from '../../../../../operation/failure.ts'
import type { Journal } from '../../../../journal/journal.ts'
import { backUpPoint, restoreStep } from '../../backup/back-up-point.ts'
import { backupWatch, type BackupWatch } from '../../backup/backup-watch.ts'
import { ensureOwnDeleted } from '../../tables/delete-table.ts'
import type { BackedUpTable } from '../../details.ts'
import { isRestoredFrom, lookAtTable, type RestoreFrom } from '../../tables/look-at-table.ts'
import { sourceOf, type RestoreWork } from '../restore-work.ts'
import { temporaryName } from '../../scalardb/restored-names.ts'
import { ensureBackupDeleted, isAvailable } from '../../backup/table-backup.ts'
import { until } from '../../../../aws/polling.ts'

/**
 * The backups that take the place of tables: those that were materialized, and for every other table one of a temporary
 * table that was restored to the point. What is made is named after the restore, so that every worker of it meets its
 * own work.
 */
export class ReplacementBackups {
  readonly #work: RestoreWork
  readonly #watch: BackupWatch

  /** @param since backups made before are none of this restore's, ms */
  constructor(work: RestoreWork, since: number) {
    this.#work = work
    this.#watch = backupWatch(work.lasting.target.dynamo, since, temporaryName(work.context.operation, ''))
  }

  /** Whether a table's backup is made on the way. */
  isToBeMade(table: BackedUpTable): boolean {
    return !('backupArn' in sourceOf(this.#work, table))
  }

  /** How the backups that are made on the way are called, for people. */
  get names(): string {
    return temporaryName(this.#work.context.operation, '*')
  }

  temporary({ name }: BackedUpTable): string {
    return temporaryName(this.#work.context.operation, name)
  }

  /**
   * Restores a table to its temporary name and backs that up, as far as it is not done. Answers once the backup is
   * AVAILABLE.
   */
  async make(table: BackedUpTable, journal: Journal, signal: AbortSignal): Promise<void> {
    const { regions, progress } = this.#work
    const from = sourceOf(this.#work, table)
    const temporary = this.temporary(table)
    if ('backupArn' in from || (await this.#available(temporary)) !== undefined) return
    await backUpPoint(
      { dynamo: regions.target.dynamo, watch: this.#watch, progress, journal, signal },
      { table, from, temporary },
    )
  }

  /** The backup that takes a table's place. @throws Failure where none is AVAILABLE */
  async of(table: BackedUpTable): Promise<string> {
    const from = sourceOf(this.#work, table)
    const arn = 'backupArn' in from ? from.backupArn : (await this.#available(this.temporary(table)))?.BackupArn
    if (arn !== undefined) return arn
    throw new Failure({
      what: `${table.name} is not replaced`,
      why: 'the backup that is to take its place is not AVAILABLE',
      next: 'run the restore again',
    })
  }

  /**
   * Whether a table was restored from such a backup, which need not exist any more: AWS keeps with the table which one
   * that was a backup of, and no other restore has a temporary table of that name.
   */
  isRestored(table: BackedUpTable, found: TableDescription): boolean {
    const from = sourceOf(this.#work, table)
    if ('backupArn' in from) return isRestoredFrom(found, from)
    const summary = found.RestoreSummary
    return (
      summary?.SourceBackupArn !== undefined &&
      summary.SourceTableArn?.endsWith(`:table/${this.temporary(table)}`) === true
    )
  }

  /** Whether that backup can be restored at this moment, asked of AWS. */
  async isAvailable(table: BackedUpTable, arn: string): Promise<boolean> {
    if (this.isToBeMade(table))
      return (await this.#watch(this.temporary(table))).some(
        (backup) => backup.BackupArn === arn && backup.BackupStatus === 'AVAILABLE',
      )
    return isAvailable(this.#work.lasting.target.dynamo, arn)
  }

  async deleteTemporary(table: BackedUpTable, journal: Journal, signal: AbortSignal): Promise<void> {
    const from = sourceOf(this.#work, table)
    if (!('backupArn' in from)) await this.#deleteTemporary(this.temporary(table), from, journal, signal)
  }

  async #deleteTemporary(name: string, from: RestoreFrom, journal: Journal, signal: AbortSignal): Promise<void> {
    await journal.ensure(`delete ${name}`, () =>
      ensureOwnDeleted(this.#work.lasting.target.dynamo, name, (found) => isRestoredFrom(found, from), signal),
    )
  }

  /**
   * Removes everything that was made for a table; never the only copy: the table itself has to be there.
   * @param keep what is left of it
   */
  async discard(table: BackedUpTable, keep: 'none' | 'backups', journal: Journal, signal: AbortSignal): Promise<void> {
    const { context, lasting, point } = this.#work
    // In the restore itself the journal tells: the record may name the backups by now, as those of the point.
    if (
      !journal.begun(restoreStep({ table, temporary: this.temporary(table) })) &&
      (context.former === undefined || !this.isToBeMade(table))
    )
      return
    const temporary = this.temporary(table)
    // A table that is being restored cannot be deleted.
    await until(
      async () =>
        (await lookAtTable(lasting.target.dynamo, temporary))?.TableStatus === 'CREATING' && !context.signal.aborted
          ? undefined
          : true,
      signal,
    )
    await this.#deleteTemporary(temporary, { tableArn: table.arn, at: point }, journal, signal)
    if (keep === 'none' && this.isToBeMade(table))
      await journal.ensure(`delete backup ${temporary}`, () => this.#deleteBackups(table, signal))
  }

  /**
   * The backup that was made for a table, as a record tells of it; undefined where there is none that can be restored.
   */
  async madeOf(table: BackedUpTable): Promise<BackedUpTable['materialized']> {
    const made = this.isToBeMade(table) ? await this.#available(this.temporary(table)) : undefined
    if (made?.BackupArn === undefined) return undefined
    const { operation: madeBy } = this.#work.context
    return { backupArn: made.BackupArn, bytes: made.BackupSizeBytes ?? 0, madeBy }
  }

  async #deleteBackups(table: BackedUpTable, signal: AbortSignal): Promise<void> {
    const { dynamo } = this.#work.lasting.target
    const found = await lookAtTable(dynamo, table.name)
    if (found?.TableStatus !== 'ACTIVE')
      throw new Failure({
        what: `the backup of ${table.name} is not removed`,
        why: 'its table is not ACTIVE, so it may be the only copy',
        next: 'see what became of the table first',
      })
    for (const { BackupArn: arn } of await this.#watch(this.temporary(table)))
      if (arn !== undefined) await ensureBackupDeleted(dynamo, arn, signal)
  }

  async #available(name: string): Promise<BackupSummary | undefined> {
    return (await this.#watch(name)).find(({ BackupStatus: status }) => status === 'AVAILABLE')
  }
}
