// Room: a restore under the names in service; nothing is deleted before its replacement is AVAILABLE.
// Read preflight, restore-in-place, replace-table, replacement-backups.

import { Failure } from '../../../../../operation/failure.ts'
import type { Finding } from '../../../../../operation/finding.ts'
import { endsWith, tablesInService, tablesPutInPlace } from '../../../../../operation/databases/dynamodb.ts'
import type { DatabaseBackup, RestoredDatabase } from '../../../../../operation/record.ts'
import type { Journal } from '../../../../journal/journal.ts'
import type { Deletion, FoundStanding, RestoreDestination, RestorePlan } from '../../../database.ts'
import { systemBackups, type SystemBackups } from '../../backup/backup-watch.ts'
import { checkWayBack, wasInService } from '../check-way-back.ts'
import { refuseBystanders } from '../check-bystanders.ts'
import { kindName, type BackedUpTable } from '../../details.ts'
import { expectedSettings } from '../../settings/expected-settings.ts'
import { fewNames } from '../../tables/few-names.ts'
import { isRestoredFrom, lookAtTable } from '../../tables/look-at-table.ts'
import { noteFormerTables, notedFormerTables, type FormerTables } from '../former-tables.ts'
import { preflightByReplacement } from './preflight.ts'
import { isPastGone } from './is-past-gone.ts'
import { deletionStep, replaceTable, type Replacement } from './replace-table.ts'
import { ReplacementBackups } from './replacement-backups.ts'
import { forEachTable, isOwnTable, isRecordedPoint, type RestoreWork } from '../restore-work.ts'
import { standingOf } from '../standing.ts'
import { untilShown } from '../../../../aws/eventual-consistency.ts'
import { wasDeleted } from '../../tables/was-deleted.ts'

/**
 * All tables restored under their own names (ScalarDL's second backup guide, A to D): first each to a temporary table
 * and a backup of that, while the release serves; only when all backups are AVAILABLE are the originals deleted and the
 * backups restored in their place. ScalarDB's own tables stay as they are.
 */
export class RestoreByReplacement implements RestoreDestination {
  readonly #work: RestoreWork
  readonly #tables: readonly BackedUpTable[]
  readonly #backups: ReplacementBackups
  readonly #systemBackups: SystemBackups
  #state: RestoredDatabase['state'] = 'planned'
  #formerTables: FormerTables | undefined
  #previousKept = true
  #differences: string[] = []

  constructor(work: RestoreWork) {
    this.#work = work
    this.#tables = work.details.tables.filter(({ name }) => !isOwnTable(work.details, name))
    // By AWS's own clock: whatever a restore makes or deletes comes after the moment that it brings back.
    const since = work.point.getTime()
    this.#backups = new ReplacementBackups(work, since)
    this.#systemBackups = systemBackups(work.lasting.target.dynamo, since)
  }

  async plan(): Promise<RestorePlan> {
    const { title, point } = this.#work
    const hops = this.#tables.filter((table) => this.#backups.isToBeMade(table)).length
    return {
      title,
      steps: [
        ...(hops === 0
          ? []
          : [`restore ${hops} tables as of ${point.toISOString()} to temporary names, and back those up`]),
        `once every backup is AVAILABLE, delete ${this.#tables.length} tables and restore the backups under ` +
          'their names',
        'put on again what a restore forgets, compare every setting, remove the temporary tables',
      ],
      loses: [
        `from service: everything written since ${point.toISOString()}; ` +
          'AWS keeps the last state of each deleted table for 35 days',
        'every other restore point of these tables: point-in-time recovery begins anew with the restored ones',
      ],
    }
  }

  async preflight(journal?: Journal): Promise<Finding[]> {
    return preflightByReplacement(this.#work, this.#tables, {
      journal,
      temporary: (table) => this.#backups.temporary(table),
      isToBeMade: (table) => this.#backups.isToBeMade(table),
    })
  }

  async verify(): Promise<void> {
    // AWS keeps the data; there are no files to compare.
  }

  async load(journal: Journal): Promise<void> {
    const { context } = this.#work
    const noting = noteFormerTables(this.#work, this.#tables, journal)
    noting.catch(() => undefined)
    await forEachTable(this.#tables, context.signal, (table, signal) => this.#backups.make(table, journal, signal))
    this.#formerTables = await noting
    this.#state = 'loaded'
  }

  async activate(journal: Journal): Promise<void> {
    const { context, regions } = this.#work
    // Made anew from the backups the tables would lose what was written to them since the restore.
    if (context.former !== undefined) return this.#requireUntouched(journal)
    context.signal.throwIfAborted()
    const formerTables = notedFormerTables(this.#work, journal) ?? {}
    this.#formerTables = formerTables
    const differences: string[] = []
    await this.#requireBackups()
    await forEachTable(this.#tables, context.signal, async (table, signal) => {
      differences.push(
        ...(await replaceTable(this.#work, await this.#restored(table, formerTables), regions, journal, signal)),
      )
    })
    this.#tell(differences)
    await this.#deleteTemporaries(journal, context.signal)
    this.#state = 'in-service'
  }

  async checkWayBack(): Promise<Finding[]> {
    await refuseBystanders(this.#work, `the former data of ${this.#work.title} is not put back`)
    const formerTables = this.#formerTables ?? notedFormerTables(this.#work, neverBegun) ?? {}
    await checkWayBack(this.#work, this.#tables, formerTables, {
      backups: this.#backups,
      systemBackups: this.#systemBackups,
    })
    return []
  }

  async deactivate(journal: Journal): Promise<void> {
    const formerTables = notedFormerTables(this.#work, journal)
    // Nothing was noted, so nothing was deleted.
    if (formerTables === undefined) return
    this.#formerTables = formerTables
    const { lasting } = this.#work
    const differences: string[] = []
    const never = new AbortController().signal
    await forEachTable(this.#tables, never, async (table, signal) => {
      const replacement = await this.#putBack(table, formerTables, journal, signal)
      if (replacement !== undefined)
        differences.push(...(await replaceTable(this.#work, replacement, lasting, journal, signal)))
    })
    this.#tell(differences)
    // A restore that was given up half-way leaves its temporary tables to its undo.
    if (this.#work.context.former !== undefined) await this.#deleteTemporaries(journal, never)
    if (this.#state === 'in-service') this.#state = 'loaded'
  }

  ends(by: Deletion, entry: DatabaseBackup): boolean {
    const { entry: own, context } = this.#work
    const going =
      by === 'activate'
        ? tablesInService(own)
        : by === 'deactivate'
          ? tablesPutInPlace(own, context.former?.details)
          : undefined
    return going !== undefined && endsWith(entry, going)
  }

  async standing(entry: DatabaseBackup): Promise<FoundStanding | undefined> {
    return standingOf(this.#work, entry, {
      names: this.#backups.names,
      of: (table) => this.#backups.madeOf(table),
    })
  }

  /** What was made on the way: temporary tables, and their backups unless they alone hold the point. */
  async discard(journal: Journal): Promise<void> {
    const keep = (await this.#isPastGone(journal)) ? 'backups' : 'none'
    await forEachTable(this.#tables, new AbortController().signal, (table, signal) =>
      this.#backups.discard(table, keep, journal, signal),
    )
    this.#state = 'discarded'
  }

  /** What replaced tables keep is backups alone, which nothing is served from. */
  async checkDrop(): Promise<Finding[]> {
    return []
  }

  /** The backups made on the way stay where they are the backup by now: its tables' own past went with the tables. */
  async dropPrevious(journal: Journal): Promise<void> {
    const keep = isRecordedPoint(this.#work) ? 'backups' : 'none'
    await forEachTable(this.#tables, this.#work.context.signal, (table, signal) =>
      this.#backups.discard(table, keep, journal, signal),
    )
    this.#previousKept = false
  }

  describe(): RestoredDatabase {
    const { title, region } = this.#work
    const inService = this.#state === 'in-service'
    return {
      title,
      kind: kindName,
      state: this.#state,
      ...(inService && this.#previousKept
        ? {
            previous:
              `the last state of ${this.#tables.length} deleted tables, kept by AWS for 35 days, ` +
              'and the backups they were replaced from',
          }
        : {}),
      details: {
        strategy: 'replace',
        region,
        originals: JSON.parse(JSON.stringify(this.#formerTables ?? {})),
        differences: this.#differences,
      },
    }
  }

  async close(): Promise<void> {
    this.#work.close()
  }

  /** Where nothing was noted, nothing was deleted. */
  async #isPastGone(journal: Journal): Promise<boolean> {
    return isPastGone(
      this.#work.lasting.target.dynamo,
      this.#tables,
      notedFormerTables(this.#work, journal) ?? {},
      this.#systemBackups,
    )
  }

  /** All of them, before the first table is deleted. */
  async #requireBackups(): Promise<void> {
    await Promise.all(this.#tables.map((table) => this.#backups.of(table)))
  }

  /** @throws Failure unless every restored table stands as it did before an undo of the restore was begun */
  async #requireUntouched(journal: Journal): Promise<void> {
    const formerTables = notedFormerTables(this.#work, journal) ?? {}
    const isUntouched = async (table: BackedUpTable): Promise<boolean> => {
      const found = await lookAtTable(this.#work.lasting.target.dynamo, table.name)
      return (
        (found?.TableStatus === 'ACTIVE' || found?.TableStatus === 'UPDATING') &&
        found.TableId !== formerTables[table.name]?.id &&
        this.#backups.isRestored(table, found)
      )
    }
    const untouched = await Promise.all(this.#tables.map(isUntouched))
    const others = this.#tables.filter((_, index) => untouched[index] !== true).map(({ name }) => name)
    if (others.length > 0) {
      throw new Failure({
        what: `${this.#work.title} cannot serve as before the undo`,
        why: `of its restored tables ${fewNames(others)} are no longer there`,
        next: 'undo the restore again',
      })
    }
    this.#formerTables = formerTables
    this.#state = 'in-service'
  }

  async #restored(table: BackedUpTable, formerTables: FormerTables): Promise<Replacement> {
    const originalId = formerTables[table.name]?.id ?? table.id
    const found = await lookAtTable(this.#work.regions.target.dynamo, table.name)
    // An earlier worker may have restored it from another backup of that name: AWS has two where an answer was lost.
    const has =
      found !== undefined && found.TableId !== originalId && this.#backups.isRestored(table, found)
        ? found.RestoreSummary?.SourceBackupArn
        : undefined
    const backupArn = has ?? (await this.#backups.of(table))
    const system = (await this.#systemBackups(originalId))?.BackupArn
    return {
      name: table.name,
      backupArn,
      expected: expectedSettings(table.settings, {
        former: table.name,
        name: table.name,
        kmsKey: this.#work.choice.kmsKey,
      }),
      comes: 'restored',
      originalId,
      isAvailable: () => this.#backups.isAvailable(table, backupArn),
      holdsMore: (found) => found.TableId === originalId,
      isKnown: (found) => system !== undefined && isRestoredFrom(found, { backupArn: system }),
    }
  }

  /** Undefined where the original was never deleted. */
  async #putBack(
    table: BackedUpTable,
    formerTables: FormerTables,
    journal: Journal,
    signal: AbortSignal,
  ): Promise<Replacement | undefined> {
    const original = formerTables[table.name]
    if (original === undefined) return undefined
    const isInDoubt = this.#work.context.former !== undefined || journal.begun(deletionStep(table.name))
    if (
      !(await wasDeleted(
        this.#work.lasting.target.dynamo,
        { name: table.name, id: original.id },
        isInDoubt,
        this.#systemBackups,
        signal,
      ))
    )
      return undefined
    const backupArn = (await untilShown(() => this.#systemBackups(original.id), signal))?.BackupArn
    if (backupArn === undefined) {
      throw new Failure({
        what: `${table.name} cannot be put back`,
        why: 'AWS has no backup of the moment before it was deleted',
        next: 'restore another backup instead: kubectl scalardl get backups',
      })
    }
    return {
      name: table.name,
      backupArn,
      expected: { ...(original.settings ?? table.settings), replicas: [] },
      comes: 'original',
      originalId: original.id,
      isAvailable: async () => (await this.#systemBackups(original.id))?.BackupStatus === 'AVAILABLE',
      holdsMore: () => wasInService(this.#work),
      isKnown: (found) => this.#backups.isRestored(table, found),
    }
  }

  async #deleteTemporaries(journal: Journal, end: AbortSignal): Promise<void> {
    await forEachTable(this.#tables, end, (table, signal) => this.#backups.deleteTemporary(table, journal, signal))
  }

  #tell(differences: readonly string[]): void {
    this.#differences = [...differences]
    for (const difference of differences)
      this.#work.context.events.say('note', `setting not restored: ${difference}`, { level: 'warning' })
  }
}

const neverBegun: Journal = {
  resumed: false,
  begin: () => Promise.resolve(),
  begun: () => false,
  result: () => undefined,
  once: (_name, act) => act({ begunBefore: false, noted: undefined, note: () => Promise.resolve() }),
  ensure: (_name, act) => act(),
  keep: () => Promise.resolve(),
}
