// Room: a restore under other names, to which the release is then pointed.
// Read preflight, restore-beside.

import { Failure } from '../../../../../operation/failure.ts'
import type { Finding } from '../../../../../operation/finding.ts'
import { endsWith, tablesBeside, tablesInService } from '../../../../../operation/databases/dynamodb.ts'
import type { DatabaseBackup, RestoredDatabase } from '../../../../../operation/record.ts'
import type { Journal } from '../../../../journal/journal.ts'
import type { Deletion, FoundStanding, RestoreDestination, RestorePlan } from '../../../database.ts'
import { NoWayBack } from '../../../errors.ts'
import { refuseBystanders } from '../check-bystanders.ts'
import { ensureOwnDeleted, untilGone } from '../../tables/delete-table.ts'
import { kindName, type BackedUpTable } from '../../details.ts'
import { onDemandForm } from '../../settings/on-demand-form.ts'
import { removeAutoscaling } from '../../settings/remove-autoscaling.ts'
import type { TableSettings } from '../../settings/table-settings.ts'
import { expectedSettings } from '../../settings/expected-settings.ts'
import { checkFence, fenceFormerTables, liftFence } from '../fence.ts'
import { dropFormerTables } from '../drop-former-tables.ts'
import { fewNames } from '../../tables/few-names.ts'
import { isRestoredFrom, lookAtTable } from '../../tables/look-at-table.ts'
import { limits } from '../../../../aws/rate-limits.ts'
import { isBackedUp, isWrittenOut, notBackedUp, tablesAt } from '../../scalardb/place.ts'
import { tryReleaseUsers } from './try-release-users.ts'
import { preflightByPrefix } from './preflight.ts'
import { TableRepointing } from '../../scalardb/repoint.ts'
import { ownTable, rewriteRows, withRoom } from '../../scalardb/restored-rows.ts'
import { ensureRestoreBegun, untilRestored, type TableRestore } from '../restore-table.ts'
import { forEachTable, sourceOf, type Regions, type RestoreWork } from '../restore-work.ts'
import { standingOf } from '../standing.ts'
import { replicasLeftOut, restoredPrefix } from '../../../../../operation/databases/dynamodb.ts'
import { withPrefix } from '../../scalardb/restored-names.ts'
import { completeTable } from '../../settings/complete-table.ts'
import { metadataTableName } from '../../tables/table-names.ts'
import { until } from '../../../../aws/polling.ts'

/** From so many on, writing their rows with one unit of throughput would take longer than restoring them. */
const manyTables = 40

/**
 * All tables restored beside those in service, under another prefix; the release is then pointed to it. Nothing that is
 * in service is touched (ScalarDL's first backup guide).
 */
export class RestoreByPrefix implements RestoreDestination {
  readonly #work: RestoreWork
  readonly #prefix: string
  readonly #repointing: TableRepointing
  #state: RestoredDatabase['state'] = 'planned'
  #previousKept = true
  #differences: string[] = []

  constructor(work: RestoreWork) {
    this.#work = work
    this.#prefix = restoredPrefix(work.choice.prefix, work.details.prefix, work.point.getTime())
    this.#repointing = new TableRepointing(work, this.#prefix)
  }

  async plan(): Promise<RestorePlan> {
    const { title, details, point, choice } = this.#work
    const patched = choice.repoint !== 'print'
    return {
      title,
      steps: [
        `restore ${details.tables.length} tables as of ` +
          `${point.toISOString()} under the prefix "${this.#prefix}", their indexes and settings included`,
        `write the rows of ScalarDB's metadata for the new names`,
        ...replicasLeftOut(details.tables),
        ...(patched
          ? this.#repointing.lines.map((line) => `set ${line}`)
          : ['show what the releases have to be told; they serve on as they are']),
      ],
      loses: patched
        ? [`from service: everything written since ${point.toISOString()}; it stays in the former tables`]
        : [],
    }
  }

  async preflight(journal?: Journal): Promise<Finding[]> {
    if (journal !== undefined) await this.#repointing.recall(journal)
    const restores = this.#work.details.tables.map((table) => ({ table, restore: this.#restoreOf(table) }))
    return preflightByPrefix(this.#work, restores, this.#repointing, this.#prefix, journal)
  }

  async verify(): Promise<void> {
    // AWS keeps the data; there are no files to compare.
  }

  async load(journal: Journal): Promise<void> {
    const { details, regions, context, progress } = this.#work
    const names = new Set(details.tables.map(({ name }) => name))
    await forEachTable(details.tables, context.signal, async (table, signal) => {
      const restore = this.#restoreOf(table)
      const own = ownTable(details, table.name, restore.name, this.#prefix, names)
      const roomy = own !== undefined && names.size > manyTables
      await this.#restored(
        { ...restore, expected: roomy ? withRoom(restore.expected) : formToFill(restore.expected, table.settings) },
        table.name,
        journal,
        regions,
        signal,
      )
      if (own !== undefined) await rewriteRows(regions.target.dynamo, own, journal)
      progress.enter(table.name, 'getting its indexes and settings')
      const differences = await completeTable(
        { clients: regions.target, autoscaling: regions.autoscaling, journal, signal },
        restore.name,
        restore.expected,
      )
      this.#differences.push(...differences)
      progress.done(table.name)
    })
    await tryReleaseUsers(this.#work, this.#prefix)
    for (const difference of this.#differences)
      context.events.say('note', `setting not restored: ${difference}`, { level: 'warning' })
    this.#state = 'loaded'
  }

  /**
   * Not stopped by the signal where a restore is undone: one that is stopped has to let serve again what served before
   * it.
   */
  async activate(journal: Journal): Promise<void> {
    const { former, signal } = this.#work.context
    if (former === undefined) signal.throwIfAborted()
    await this.#repointing.point('restored', journal)
    this.#state = 'in-service'
  }

  async checkWayBack(): Promise<Finding[]> {
    await this.#repointing.check()
    await this.#checkFormer()
    return (await this.#repointing.findings()).filter(({ outcome }) => outcome === 'error')
  }

  async deactivate(journal: Journal): Promise<void> {
    // A removal of the former tables that was killed for good may have fenced them.
    if (this.#work.context.former !== undefined) await liftFence(this.#work)
    await this.#repointing.point('former', journal)
    if (this.#state === 'in-service') this.#state = 'loaded'
  }

  async discard(journal: Journal): Promise<void> {
    const { details, lasting, context } = this.#work
    if ((await this.#repointing.inUse()) !== 'by none') throw inService(this.#prefix)
    await forEachTable(details.tables, new AbortController().signal, async (table, signal) => {
      const { name, from, expected } = this.#restoreOf(table)
      if (!journal.begun(`restore ${name}`) && context.former === undefined) return
      const client = lasting.target.dynamo
      await journal.ensure(`discard ${name}`, async () => {
        // A table that is being restored cannot be deleted.
        const ready = await until(async () => {
          const found = await lookAtTable(client, name)
          return found?.TableStatus === 'CREATING' && !context.signal.aborted ? undefined : { found }
        }, signal)
        if (ready.found === undefined || !isRestoredFrom(ready.found, from)) return
        await ensureOwnDeleted(client, name, (found) => isRestoredFrom(found, from), signal)
      })
      await untilGone(client, name, signal)
      await removeAutoscaling(lasting.target.autoscaling, name, expected)
    })
    this.#state = 'discarded'
  }

  ends(by: Deletion, entry: DatabaseBackup): boolean {
    const { entry: own, region } = this.#work
    const going =
      by === 'dropPrevious'
        ? tablesInService(own)
        : by === 'discard'
          ? tablesBeside(own, { prefix: this.#prefix, region })
          : undefined
    return going !== undefined && endsWith(entry, going)
  }

  async standing(entry: DatabaseBackup): Promise<FoundStanding | undefined> {
    return standingOf(this.#work, entry)
  }

  async checkDrop(journal: Journal): Promise<Finding[]> {
    await this.#refuseDrop(journal)
    return checkFence(this.#work)
  }

  async #refuseDrop(journal: Journal): Promise<void> {
    const { title, details } = this.#work
    const what = `the former tables of ${title} are not removed`
    await this.#repointing.recall(journal)
    const other = (await this.#repointing.placesBefore()).find((place) => !isBackedUp(details, place))
    if (other !== undefined) throw new Failure({ what, ...notBackedUp(details, other) })
    if ((await this.#repointing.inUse()) !== 'by all') {
      throw new Failure({
        what,
        why:
          `the releases do not all use the prefix "${this.#prefix}" of the restored ones, ` +
          'so they may still serve from the former',
        next: 'point the releases to the restored tables first',
      })
    }
    await refuseBystanders(this.#work, what)
  }

  async fencePrevious(journal: Journal): Promise<void> {
    await this.#refuseDrop(journal)
    await fenceFormerTables(this.#work)
  }

  async liftFence(): Promise<void> {
    await liftFence(this.#work)
  }

  async dropPrevious(journal: Journal): Promise<void> {
    await this.#refuseDrop(journal)
    await dropFormerTables(this.#work, journal)
    await this.#repointing.forget(journal)
    this.#previousKept = false
  }

  describe(): RestoredDatabase {
    const { title, details, region } = this.#work
    const [former = details] = this.#repointing.formerPlaces()
    const inService = this.#state === 'in-service'
    return {
      title,
      kind: kindName,
      state: this.#state,
      ...(inService && this.#previousKept ? { previous: tablesAt(former) } : {}),
      details: {
        strategy: 'prefix',
        prefix: this.#prefix,
        region,
        former: this.#repointing.recorded(),
        differences: this.#differences,
      },
    }
  }

  async instructions(): Promise<string[]> {
    return this.#repointing.instructions()
  }

  async close(): Promise<void> {
    this.#work.close()
  }

  async #restored(
    restore: TableRestore,
    subject: string,
    journal: Journal,
    regions: Regions,
    signal: AbortSignal,
  ): Promise<void> {
    const { progress } = this.#work
    const surroundings = { dynamo: regions.target.dynamo, source: regions.source.dynamo, signal }
    progress.enter(subject, 'waiting for its turn')
    await limits.restores.run(async () => {
      progress.enter(subject, `restoring to ${restore.name}`)
      await journal.ensure(`restore ${restore.name}`, () => ensureRestoreBegun(surroundings, restore))
      await untilRestored(surroundings, restore)
    }, signal)
  }

  #restoreOf(table: BackedUpTable): TableRestore {
    const { details, choice, region } = this.#work
    const name = withPrefix(table.name, details.prefix, this.#prefix)
    const moved = region === details.region ? undefined : { former: details.region, restored: region }
    return {
      name,
      from: sourceOf(this.#work, table),
      expected: expectedSettings(table.settings, { former: table.name, name, kmsKey: choice.kmsKey, region: moved }),
    }
  }

  /**
   * @throws Failure where a former table is no longer there; of tables that the backup is not of, ScalarDB's list of
   * them is looked for
   */
  async #checkFormer(): Promise<void> {
    const { details, regions, region, title } = this.#work
    const [place] = this.#repointing.formerPlaces()
    if (place === undefined || !isWrittenOut(place)) return
    const client = (place.region === region ? regions.target : regions.source).dynamo
    const names = isBackedUp(details, place)
      ? details.tables.map(({ name }) => name)
      : [metadataTableName({ ...details, prefix: place.prefix })]
    const present = await Promise.all(names.map(async (name) => ({ name, found: await lookAtTable(client, name) })))
    const gone = present.filter(({ found }) => found === undefined).map(({ name }) => name)
    if (gone.length === 0) return
    throw new NoWayBack(title, `of its tables ${fewNames(gone)} are no longer there`)
  }
}

/**
 * A table of which an index has to be made anew is on demand until it is filled; its own capacity is set afterwards.
 */
function formToFill(expected: TableSettings, { globalIndexes }: TableSettings): TableSettings {
  const isKept = (name: string) => globalIndexes.some((index) => index.name === name)
  return expected.globalIndexes.every(({ name }) => isKept(name)) ? expected : onDemandForm(expected)
}

function inService(prefix: string): Failure {
  return new Failure({
    what: 'the restored tables are not removed',
    why: `a release uses their prefix "${prefix}"`,
    next: 'have no release use them: set its namespace prefix back, and upgrade it',
  })
}
