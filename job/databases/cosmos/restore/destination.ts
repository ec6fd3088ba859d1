// Room: an account being restored to a new one, which the release is then pointed to.
// Read destination, restore-work, preflight, restore-account, complete-account, compare, account-repointing.

import type { DatabaseBackup, RestoredDatabase } from '../../../../operation/record.ts'
import { Failure } from '../../../../operation/failure.ts'
import type { Finding } from '../../../../operation/finding.ts'
import { azureFailure } from '../../../azure/azure-failure.ts'
import { changed, until } from '../../../azure/long-operation.ts'
import type { Journal } from '../../../journal/journal.ts'
import type { StorageSettings } from '../../../scalardb/storage-settings.ts'
import type { Deletion, FoundStanding, RestoreDestination, RestorePlan } from '../../database.ts'
import { findingOf, NoWayBack } from '../../errors.ts'
import { losesOf } from '../../point-in-time/loses.ts'
import { outsideWindow } from '../../point-in-time/recovery-window.ts'
import type { WorkContext } from '../../point-in-time/work-context.ts'
import { comparable } from '../access.ts'
import { lookAtAccount, partsOf } from '../account/account.ts'
import { listContainers, readDatabases } from '../account/read-databases.ts'
import { readSettings } from '../account/read-settings.ts'
import { readContents, type Contents } from '../account/contents-then.ts'
import { pastOf } from '../account/restorable-account.ts'
import { primaryKey } from '../account/keys.ts'
import { kindName, readDetails } from '../details.ts'
import { endsWithAccount } from '../../../../operation/databases/cosmos.ts'
import { AccountRepointing } from './account-repointing.ts'
import { untilIndexed } from './await-indexes.ts'
import { broughtBack } from './brought-back.ts'
import { compareAccounts, compareDatabases, unlessAsRecorded, unlessRepaired, type Difference } from './compare.ts'
import { completeAccount, ensureExpiry } from './complete-account.ts'
import { ensureFormerDeleted, refuseDrop } from './drop-account.ts'
import { expectedSettings, withoutLeftOut } from './expected.ts'
import { instructions } from './instructions.ts'
import { formerIsThere, preflight } from './preflight.ts'
import { ensureRestored, isOwn, restoreStep } from './restore-account.ts'
import { planSteps } from './plan.ts'
import { repairSchema, schemaLoaderOf } from './repair-schema.ts'
import { openWork, type RestoreWork } from './restore-work.ts'
import { contentsOf, sourcePast } from './source.ts'

/** An account being restored, to a new one beside that in service. */
export function openRestore(
  settings: readonly StorageSettings[],
  entry: DatabaseBackup,
  context: WorkContext,
): RestoreDestination {
  return new AccountDestination(openWork(settings, entry, context))
}

class AccountDestination implements RestoreDestination {
  // endpoint and key of each storage, one by one
  readonly switchesInParts = true
  readonly #work: RestoreWork
  #state: RestoredDatabase['state'] = 'planned'
  #repointing: AccountRepointing | undefined
  #previousKept = true
  #differences: string[] = []

  constructor(work: RestoreWork) {
    this.#work = work
    const recorded = work.context.former?.details['endpoint']
    if (typeof recorded === 'string') this.#repointing = new AccountRepointing(work, recorded)
  }

  async plan(): Promise<RestorePlan> {
    const work = this.#work
    try {
      const past = await sourcePast(work)
      const contents = past === undefined ? undefined : await contentsOf(work, past)
      return { title: work.title, steps: planSteps(work, broughtBack(work, contents)), loses: losesOf(work, 'account') }
    } catch (error) {
      work.context.signal.throwIfAborted()
      throw azureFailure(`the restore of ${work.title} could not be planned`, error)
    }
  }

  async preflight(): Promise<Finding[]> {
    return await preflight(this.#work, this.#expectedRepointing())
  }

  async verify(): Promise<void> {
    // Azure keeps the data; there are no files to compare.
  }

  async load(journal: Journal): Promise<void> {
    const { arm, context, target, title } = this.#work
    try {
      await this.#load(journal)
      const account = await lookAtAccount(arm, target)
      const endpoint = account?.properties.documentEndpoint
      if (endpoint === undefined) throw new Error(`account ${target} has no endpoint`)
      this.#repointing = new AccountRepointing(this.#work, endpoint)
      await this.#repointing.recall(journal)
    } catch (error) {
      context.signal.throwIfAborted()
      throw azureFailure(`${title} could not be restored`, error)
    }
    for (const difference of this.#differences)
      context.events.say('note', `setting not restored: ${difference}`, { level: 'warning' })
    this.#state = 'loaded'
  }

  async #load(journal: Journal): Promise<void> {
    const work = this.#work
    const { arm, details, isMoved, region, target, title, context } = work
    const { name } = partsOf(target)
    const past = await sourcePast(work)
    if (past === undefined && journal.result(restoreStep(work)) === undefined)
      throw new Failure({
        what: `${title} could not be restored`,
        why: 'Azure keeps nothing of the account any more',
        next: 'restore a newer backup: kubectl scalardl get backups',
      })
    const contents = await journal.once(contentsStep(name), async () =>
      past === undefined ? null : ((await contentsOf(work, past)) ?? null),
    )
    if (past !== undefined) {
      context.events.say('note', `account ${name} is being restored, which takes from some minutes to hours`)
      await ensureRestored(work, past, journal)
    }
    const expected = expectedSettings(details, isMoved ? region : undefined)
    await completeAccount({ arm, target, expected, details, journal })
    await repairSchema(work)
    await this.#untilIndexed()
    const differences = await this.#compare(expected, readContents(contents))
    const harming = differences.filter(({ harms }) => harms)
    if (harming.length > 0)
      throw new Failure({
        what: `account ${name} is not what was backed up`,
        why: harming.map(({ text }) => text).join('; '),
        next: 'undo this restore, which removes the account, and restore again; the account in service was not touched',
      })
    this.#differences = differences.map(({ text }) => text)
    await journal.ensure(`let documents of account ${name} expire`, () =>
      ensureExpiry({ arm, target, details, journal }),
    )
  }

  /** Indexes that are not built yet are told of, and no reason to fail: all that is to be there is there. */
  async #untilIndexed(): Promise<void> {
    const { arm, context, target } = this.#work
    const { events, signal } = context
    const endpoint = (await lookAtAccount(arm, target))?.properties.documentEndpoint
    if (endpoint === undefined) return
    const containers = await listContainers(arm, target)
    const why = await untilIndexed({ arm, target, endpoint, containers, events, signal })
    if (why !== undefined)
      events.say('note', `indexes may still be built, and queries be slow until then: ${why}`, { level: 'warning' })
  }

  async #compare(expected: ReturnType<typeof expectedSettings>, contents: Contents | undefined): Promise<Difference[]> {
    const { arm, target } = this.#work
    const account = await lookAtAccount(arm, target)
    if (account === undefined) throw new Error(`account ${target} is gone`)
    const harms = schemaLoaderOf(this.#work) === undefined ? unlessAsRecorded : unlessRepaired
    return [
      ...compareAccounts(expected, withoutLeftOut(await readSettings(arm, account))),
      ...compareDatabases(broughtBack(this.#work, contents), await readDatabases(arm, target, {}), harms),
    ]
  }

  async checkSwitch(): Promise<Finding[]> {
    const { arm, target, title } = this.#work
    const repointing = await this.#known()
    const key = await primaryKey(arm, target).then(
      () => undefined,
      (error: unknown) => findingOf('key of the account', title, azureFailure('its key cannot be read', error)),
    )
    return [...(await repointing.findings()), ...(key === undefined ? [] : [key])]
  }

  /** Not stopped by the signal where a restore is undone: one that is stopped has to let serve again what served. */
  async activate(journal: Journal): Promise<void> {
    const { context, title } = this.#work
    if (context.former === undefined) context.signal.throwIfAborted()
    const repointing = await this.#known()
    try {
      await repointing.point('restored', journal)
    } catch (error) {
      throw azureFailure(`the releases cannot be pointed to what was restored of ${title}`, error)
    }
    this.#state = 'in-service'
  }

  async checkWayBack(): Promise<Finding[]> {
    const { details, title } = this.#work
    const repointing = await this.#known()
    await repointing.check()
    if (repointing.formerEndpoints().includes(details.endpoint) && !(await formerIsThere(this.#work)))
      throw new NoWayBack(title, 'its account is no longer there')
    return (await repointing.findings()).filter(({ outcome }) => outcome === 'error')
  }

  async deactivate(journal: Journal): Promise<void> {
    await (await this.#known()).point('former', journal)
    if (this.#state === 'in-service') this.#state = 'loaded'
  }

  async discard(journal: Journal): Promise<void> {
    const { context, lasting, target, title } = this.#work
    if (!journal.begun(restoreStep(this.#work)) && context.former === undefined) return
    try {
      const account = await lookAtAccount(lasting, target)
      const endpoint = account?.properties.documentEndpoint
      if (endpoint !== undefined && this.#work.endpoints.includes(comparable(endpoint))) throw inService(target)
      await journal.ensure(`delete account ${partsOf(target).name}`, () => this.#ensureDeleted())
    } catch (error) {
      throw azureFailure(`what was made to restore ${title} could not be removed`, error)
    }
    this.#state = 'discarded'
  }

  /** What an account was restored from it tells for as long as it is there: nobody else's is deleted. */
  async #ensureDeleted(): Promise<void> {
    const { lasting, target, details, point, context } = this.#work
    const { instanceId } = details
    await until<true>(async () => {
      const account = await lookAtAccount(lasting, target)
      if (account === undefined) return { done: true }
      const source = account.properties.restoreParameters?.restoreSource ?? ''
      if (!source.toLowerCase().endsWith(`/${instanceId.toLowerCase()}`) || !isOwn(account, source, point))
        return { done: true }
      const state = account.properties.provisioningState ?? 'Succeeded'
      // An account that is being made cannot be deleted; whoever was told to stop has no hours to wait for it.
      if (/^creating$/i.test(state) && context.signal.aborted) throw stillMade(target)
      if (/^(creating|updating|deleting)$/i.test(state)) return { waitMs: undefined }
      await changed(lasting, 'delete', target)
      return { waitMs: undefined }
    }, undefined)
  }

  /** The past of a deleted account is kept for a while longer only. */
  ends(by: Deletion, entry: DatabaseBackup): boolean {
    return by === 'dropPrevious' && endsWithAccount(this.#work.entry)?.(entry) === true
  }

  async standing(entry: DatabaseBackup): Promise<FoundStanding | undefined> {
    if (entry.kind !== kindName) return undefined
    const { id, instanceId, settings } = readDetails(entry)
    const regions = settings.regions.map(({ name }) => name)
    const past = await pastOf(this.#work.lasting, { id, instanceId, regions })
    const point = new Date(entry.snapshotAt ?? Number.NaN)
    const outside = past === undefined ? undefined : outsideWindow(point, partsOf(id).name, past.window)
    if (past === undefined) return { state: 'lost', why: 'Azure keeps nothing of the account any more' }
    if (outside !== undefined && outside.passes !== true) return { state: 'lost', why: outside.why }
    return { state: 'restorable', why: 'the past of the account holds it' }
  }

  async checkDrop(): Promise<Finding[]> {
    const repointing = await this.#known()
    await refuseDrop(this.#work, repointing, repointing.endpoint)
    return []
  }

  async dropPrevious(journal: Journal): Promise<void> {
    const { details } = this.#work
    const step = `delete former account ${partsOf(details.id).name}`
    const repointing = await this.#known()
    // What was kept to know the former account by goes last.
    if (!journal.begun(step)) await refuseDrop(this.#work, repointing, repointing.endpoint)
    try {
      await journal.ensure(step, () => ensureFormerDeleted(this.#work))
    } catch (error) {
      throw azureFailure(`account ${partsOf(details.id).name} could not be deleted`, error)
    }
    await repointing.recall()
    await repointing.forget(journal)
    this.#previousKept = false
  }

  describe(): RestoredDatabase {
    const { details, target, title } = this.#work
    const inService = this.#state === 'in-service'
    const former = this.#repointing?.recorded() ?? {}
    return {
      title,
      kind: kindName,
      state: this.#state,
      ...(inService && this.#previousKept ? { previous: `account ${partsOf(details.id).name}` } : {}),
      details: {
        account: target,
        ...(this.#repointing === undefined ? {} : { endpoint: this.#repointing.endpoint }),
        ...(Object.keys(former).length === 0 ? {} : { former }),
        differences: this.#differences,
      },
    }
  }

  async instructions(): Promise<string[]> {
    return await instructions(this.#work, await this.#known(), this.#differences)
  }

  /** As Azure tells the endpoint of the account that was made. */
  async #known(): Promise<AccountRepointing> {
    if (this.#repointing !== undefined) return this.#repointing
    const { lasting, target } = this.#work
    const endpoint = (await lookAtAccount(lasting, target))?.properties.documentEndpoint
    if (endpoint === undefined) return this.#expectedRepointing()
    this.#repointing = new AccountRepointing(this.#work, endpoint)
    return this.#repointing
  }

  /** As it will be, before the account is made. */
  #expectedRepointing(): AccountRepointing {
    const { details, target } = this.#work
    const endpoint = details.endpoint.replace(partsOf(details.id).name.toLowerCase(), partsOf(target).name)
    return this.#repointing ?? new AccountRepointing(this.#work, endpoint)
  }

  close = () => Promise.resolve()
}

/** What the service brings back is asked for once: its answer ends with the source's past. */
function contentsStep(name: string): string {
  return `contents of account ${name}`
}

function stillMade(target: string): Failure {
  return new Failure({
    what: `account ${partsOf(target).name} is not removed yet`,
    why: 'Azure is still making it',
    next: 'undo the restore once it is there: kubectl scalardl restore RESTORE --undo',
  })
}

function inService(target: string): Failure {
  return new Failure({
    what: `account ${partsOf(target).name} is not removed`,
    why: 'a release uses it',
    next: 'point the release to another account first, and upgrade it',
  })
}
