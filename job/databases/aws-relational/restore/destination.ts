// Room: an instance or a cluster being restored to a new one, which the release is then pointed to.
// Read destination, restore-work, preflight, check-place, ownership, ensure-restored, put-on-again, compare,
// delete-own, drop-former.

import * as z from 'zod'
import type { DatabaseBackup, RestoredDatabase } from '../../../../operation/record.ts'
import { Failure } from '../../../../operation/failure.ts'
import type { Finding } from '../../../../operation/finding.ts'
import type { Journal } from '../../../journal/journal.ts'
import type { StorageSettings } from '../../../scalardb/storage-settings.ts'
import type { Deletion, FoundStanding, RestoreDestination, RestorePlan } from '../../database.ts'
import { losesOf } from '../../point-in-time/loses.ts'
import { outsideWindow } from '../../point-in-time/recovery-window.ts'
import type { WorkContext } from '../../point-in-time/work-context.ts'
import { NoWayBack } from '../../errors.ts'
import { checkLogins } from '../../managed-server/logins.ts'
import { ServerRepointing } from '../../managed-server/server-repointing.ts'
import { switchByHand, switchStep } from '../../managed-server/switch-by-hand.ts'
import { expectedHost, inService, isUsed, oneServerOf, type Server } from '../../managed-server/server.ts'
import { rdsFailure } from '../rds-failure.ts'
import type { Kept, RelationalKind } from '../relational-kind.ts'
import { deleteOwn } from './delete-own.ts'
import { ensureFormerDeleted, finalSnapshot, refuseDrop } from './drop-former.ts'
import { ensureRestored, restoreStep } from './ensure-restored.ts'
import { preflight } from './preflight.ts'
import { openWork, type RestoreWork } from './restore-work.ts'

/** An instance or a cluster being restored, to a new one beside that in service. */
export function openRestore<One extends Kept, Settings>(
  kind: RelationalKind<One, Settings>,
  settings: readonly StorageSettings[],
  entry: DatabaseBackup,
  context: WorkContext,
): RestoreDestination {
  return new RelationalDestination(openWork(kind, settings, entry, context))
}

/** What the record of a restore has of what it made. */
const madeSchema = z.object({ host: z.string(), port: z.int(), resourceId: z.string() })

class RelationalDestination<One extends Kept, Settings> implements RestoreDestination {
  // the URL of each storage, one by one
  readonly switchesInParts = true
  readonly #work: RestoreWork<One, Settings>
  #state: RestoredDatabase['state'] = 'planned'
  #repointing: ServerRepointing | undefined
  /** of what was made, once it serves */
  #resourceId: string | undefined
  #previousKept = true
  #differences: string[] = []

  constructor(work: RestoreWork<One, Settings>) {
    this.#work = work
    const made = madeSchema.safeParse(work.context.former?.details).data
    if (made !== undefined) this.#repointing = repointingTo(work, made)
    this.#resourceId = made?.resourceId
  }

  async plan(): Promise<RestorePlan> {
    const { kind, title, choice, details, point, target } = this.#work
    const { noun } = kind
    return {
      title,
      steps: [
        `restore the ${noun} ${details.source} as of ${point.toISOString()} to the new ${noun} ${target}`,
        ...kind.planSteps(details.settings),
        'compare every setting',
        ...kind.leftOut(details.settings).map((line) => `leave out: ${line}`),
        switchStep(choice),
      ],
      loses: losesOf(this.#work, noun),
    }
  }

  async preflight(): Promise<Finding[]> {
    return await preflight(this.#work, this.#expectedRepointing())
  }

  async verify(): Promise<void> {
    // AWS keeps the data; there are no files to compare.
  }

  async load(journal: Journal): Promise<void> {
    const { context, title } = this.#work
    try {
      await this.#load(journal)
    } catch (error) {
      context.signal.throwIfAborted()
      throw rdsFailure(`${title} could not be restored`, error)
    }
    for (const difference of this.#differences)
      context.events.say('note', `setting not restored: ${difference}`, { level: 'warning' })
    this.#state = 'loaded'
  }

  async #load(journal: Journal): Promise<void> {
    const work = this.#work
    const { kind, client, context, details, target, title } = work
    const past = await kind.pastOf(client, details.resourceId)
    if (past === undefined && journal.result(restoreStep(work)) === undefined)
      throw new Failure({
        what: `${title} could not be restored`,
        why: `RDS keeps nothing of the ${kind.noun} any more`,
        next: 'restore a newer backup: kubectl scalardl get backups',
      })
    context.events.say('note', `${kind.noun} ${target} is being restored, which takes from some minutes to hours`)
    await ensureRestored(work, past?.isRetained === true, journal)
    await kind.complete(work, journal)
    const one = await kind.untilWhole(work)
    const differences = kind.differences(work, kind.settingsOf(one))
    const harming = differences.filter(({ harms }) => harms)
    if (harming.length > 0)
      throw new Failure({
        what: `${kind.noun} ${target} is not what was backed up`,
        why: harming.map(({ text }) => text).join('; '),
        next: `undo this restore, which removes it, and restore again; the ${kind.noun} in service was not touched`,
      })
    this.#differences = [...differences.map(({ text }) => text), ...kind.leftOut(details.settings)]
    this.#resourceId = one.resourceId
    this.#repointing = repointingTo(work, one.server ?? this.#expectedServer())
    await this.#repointing.recall(journal)
  }

  async checkSwitch(): Promise<Finding[]> {
    const { kind, target, title } = this.#work
    const repointing = await this.#known()
    const logins = await checkLogins(repointing.restoredSettings(), { title, noun: kind.noun, name: target })
    return [...(await repointing.findings()), ...logins]
  }

  /** Not stopped by the signal where a restore is undone: one that is stopped has to let serve again what served. */
  async activate(journal: Journal): Promise<void> {
    const { context } = this.#work
    if (context.former === undefined) context.signal.throwIfAborted()
    await (await this.#known()).point('restored', journal)
    this.#state = 'in-service'
  }

  async checkWayBack(): Promise<Finding[]> {
    const { kind, details, lasting, title } = this.#work
    const repointing = await this.#known()
    await repointing.check()
    const former = await kind.look(lasting, details.source)
    if (former?.resourceId !== details.resourceId) throw new NoWayBack(title, `its ${kind.noun} is no longer there`)
    // One that is stopped costs less, and whoever is pointed to it does not serve.
    const serves = kind.checkServing(title, details.region, former)
    return [...(await repointing.findings()), serves].filter(({ outcome }) => outcome === 'error')
  }

  async deactivate(journal: Journal): Promise<void> {
    await (await this.#known()).point('former', journal)
    if (this.#state === 'in-service') this.#state = 'loaded'
  }

  async discard(journal: Journal): Promise<void> {
    const { kind, context, lasting, settings, target, title } = this.#work
    const { noun, service } = kind
    if (!journal.begun(restoreStep(this.#work)) && context.former === undefined) return
    try {
      const host = (await kind.look(lasting, target))?.server?.host
      const hosts = settings.map((one) => oneServerOf(one, service).host)
      if (host !== undefined && (await isUsed(host, hosts, noun))) throw inService(noun, target)
      await journal.ensure(`delete ${noun} ${target}`, () => deleteOwn(this.#work))
    } catch (error) {
      throw rdsFailure(`what was made to restore ${title} could not be removed`, error)
    }
    this.#state = 'discarded'
  }

  /** The past of the source is kept; that of what was restored goes with it. */
  ends(by: Deletion, entry: DatabaseBackup): boolean {
    const made = this.#resourceId
    return by === 'discard' && made !== undefined && this.#isOfKind(entry) && entry.details['resourceId'] === made
  }

  async standing(entry: DatabaseBackup): Promise<FoundStanding | undefined> {
    if (!this.#isOfKind(entry)) return undefined
    const { kind, details, lasting } = this.#work
    const { source, region, resourceId } = kind.readDetails(entry)
    if (region !== details.region) return undefined
    const past = await kind.pastOf(lasting, resourceId)
    if (past === undefined) return { state: 'lost', why: `RDS keeps nothing of the ${kind.noun} any more` }
    const outside = outsideWindow(new Date(entry.snapshotAt ?? Number.NaN), source, past.window)
    if (outside !== undefined && outside.passes !== true) return { state: 'lost', why: outside.why }
    return { state: 'restorable', why: `the past of the ${kind.noun} holds it` }
  }

  #isOfKind(entry: DatabaseBackup): boolean {
    return entry.kind === this.#work.kind.name
  }

  async checkDrop(journal: Journal): Promise<Finding[]> {
    if (!journal.begun(dropStep(this.#work))) await refuseDrop(this.#work, await this.#known())
    return []
  }

  async dropPrevious(journal: Journal): Promise<void> {
    const { kind, context, details } = this.#work
    const step = dropStep(this.#work)
    const repointing = await this.#known()
    // What was kept to know the former one by goes last.
    if (!journal.begun(step)) await refuseDrop(this.#work, repointing)
    try {
      await journal.ensure(step, () => ensureFormerDeleted(this.#work))
    } catch (error) {
      throw rdsFailure(`${kind.noun} ${details.source} could not be deleted`, error)
    }
    context.events.say('note', `its last state is kept in the snapshot ${finalSnapshot(this.#work)}`)
    await repointing.recall()
    await repointing.forget(journal)
    this.#previousKept = false
  }

  describe(): RestoredDatabase {
    const { kind, details, target, title } = this.#work
    const inService = this.#state === 'in-service'
    const former = this.#repointing?.recorded() ?? {}
    return {
      title,
      kind: kind.name,
      state: this.#state,
      ...(inService && this.#previousKept ? { previous: `${kind.noun} ${details.source}` } : {}),
      details: {
        [kind.noun]: target,
        ...this.#repointing?.server,
        ...(this.#resourceId === undefined ? {} : { resourceId: this.#resourceId }),
        ...(Object.keys(former).length === 0 ? {} : { former }),
        differences: this.#differences,
      },
    }
  }

  async instructions(): Promise<string[]> {
    const { details, kind } = this.#work
    const last = `once nobody needs the former ${kind.noun}: ${kind.deletion(details.region, details.source)}`
    return await switchByHand(await this.#known(), this.#differences, last)
  }

  /** As AWS tells the endpoint of what was made. */
  async #known(): Promise<ServerRepointing> {
    if (this.#repointing !== undefined) return this.#repointing
    const { kind, lasting, target } = this.#work
    const server = (await kind.look(lasting, target))?.server
    if (server === undefined) return this.#expectedRepointing()
    this.#repointing = repointingTo(this.#work, server)
    return this.#repointing
  }

  /** As it will be, before anything is made. */
  #expectedRepointing(): ServerRepointing {
    return this.#repointing ?? repointingTo(this.#work, this.#expectedServer())
  }

  #expectedServer(): Server {
    const { details, target } = this.#work
    const { host, source, port } = details
    return { host: expectedHost(host, { former: source, made: target }), port }
  }

  async close(): Promise<void> {
    this.#work.client.destroy()
    this.#work.lasting.destroy()
  }
}

/** The step of the journal with which the former one begins to go. */
function dropStep({ kind, details }: { kind: { noun: string }; details: { source: string } }): string {
  return `delete former ${kind.noun} ${details.source}`
}

/** The URLs of the releases, with the restored server in them. */
function repointingTo<One extends Kept, Settings>(
  { kind, context, details, settings, title }: RestoreWork<One, Settings>,
  server: Server,
): ServerRepointing {
  const { noun, service } = kind
  return new ServerRepointing({ title, service, noun, settings, context, formerServer: details, server })
}
