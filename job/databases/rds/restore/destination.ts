// Room: an instance being restored to a new one, which the release is then pointed to.
// Read destination, restore-work, preflight, check-place, restore-instance, complete-instance, compare, drop-instance.

import * as z from 'zod'
import type { DatabaseBackup, RestoredDatabase } from '../../../../operation/record.ts'
import { rdsDetails } from '../../../../operation/databases/rds.ts'
import { Failure } from '../../../../operation/failure.ts'
import type { Finding } from '../../../../operation/finding.ts'
import type { Journal } from '../../../journal/journal.ts'
import type { StorageSettings } from '../../../scalardb/storage-settings.ts'
import type { Deletion, FoundStanding, RestoreDestination, RestorePlan } from '../../database.ts'
import { outsideWindow } from '../../point-in-time/recovery-window.ts'
import type { WorkContext } from '../../point-in-time/work-context.ts'
import { NoWayBack } from '../../errors.ts'
import { checkLogins } from '../../managed-server/logins.ts'
import { ServerRepointing } from '../../managed-server/server-repointing.ts'
import { expectedHost, inService, isUsed, type Server } from '../../managed-server/server.ts'
import { serverOf, service } from '../access.ts'
import { leftOut } from '../backup/preflight.ts'
import { kindName, readDetails } from '../details.ts'
import type { Instance } from '../instances/find-instance.ts'
import { lookAtInstance, pastOf } from '../instances/look.ts'
import { settingsOf } from '../instances/settings.ts'
import { rdsFailure } from '../rds-failure.ts'
import { compareSettings } from './compare.ts'
import { completeInstance } from './complete-instance.ts'
import { deleteOwn } from './delete-instance.ts'
import { ensureFormerDeleted, finalSnapshot, refuseDrop } from './drop-instance.ts'
import { instructions } from './instructions.ts'
import { preflight } from './preflight.ts'
import { ensureRestored, restoreStep, untilServing } from './restore-instance.ts'
import { openWork, type RestoreWork } from './restore-work.ts'

/** An instance being restored, to a new one beside that in service. */
export function openRestore(
  settings: readonly StorageSettings[],
  entry: DatabaseBackup,
  context: WorkContext,
): RestoreDestination {
  return new InstanceDestination(openWork(settings, entry, context))
}

/** What the record of a restore has of the instance that it made. */
const madeSchema = z.object({ host: z.string(), port: z.int(), resourceId: z.string() })

class InstanceDestination implements RestoreDestination {
  // the URL of each storage, one by one
  readonly switchesInParts = true
  readonly #work: RestoreWork
  #state: RestoredDatabase['state'] = 'planned'
  #repointing: ServerRepointing | undefined
  /** of the instance that was made, once it serves */
  #resourceId: string | undefined
  #previousKept = true
  #differences: string[] = []

  constructor(work: RestoreWork) {
    this.#work = work
    const made = madeSchema.safeParse(work.context.former?.details).data
    if (made !== undefined) this.#repointing = repointingTo(work, made)
    this.#resourceId = made?.resourceId
  }

  async plan(): Promise<RestorePlan> {
    const { title, choice, details, point, target } = this.#work
    const isPrinted = choice.repoint === 'print'
    return {
      title,
      steps: [
        `restore the instance ${details.instance} as of ${point.toISOString()} to the new instance ${target}`,
        'give it again what a restore forgets: groups, networks, zones, backups, logs, monitoring, tags, roles',
        'compare every setting',
        ...leftOut(details.settings).map((line) => `leave out: ${line}`),
        isPrinted
          ? 'show what the releases have to be told; they serve on as they are'
          : "set its host in the releases' URL where that of the former is",
      ],
      loses: isPrinted
        ? []
        : [`from service: everything written since ${point.toISOString()}; it stays in the former instance`],
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
    const { client, context, details, target, title } = work
    const past = await pastOf(client, details.resourceId)
    if (past === undefined && journal.result(restoreStep(work)) === undefined)
      throw new Failure({
        what: `${title} could not be restored`,
        why: 'RDS keeps nothing of the instance any more',
        next: 'restore a newer backup: kubectl scalardl get backups',
      })
    context.events.say('note', `instance ${target} is being restored, which takes from some minutes to hours`)
    await ensureRestored(work, past?.isRetained === true, journal)
    await completeInstance(work, journal)
    const one = await untilServing(work)
    const differences = compareSettings(details.settings, settingsOf(one))
    const harming = differences.filter(({ harms }) => harms)
    if (harming.length > 0)
      throw new Failure({
        what: `instance ${target} is not what was backed up`,
        why: harming.map(({ text }) => text).join('; '),
        next: 'undo this restore, which removes it, and restore again; the instance in service was not touched',
      })
    this.#differences = [...differences.map(({ text }) => text), ...leftOut(details.settings)]
    this.#resourceId = one.DbiResourceId
    this.#repointing = repointingTo(work, endpointOf(one, details.port))
    await this.#repointing.recall(journal)
  }

  async checkSwitch(): Promise<Finding[]> {
    const { target, title } = this.#work
    const repointing = await this.#known()
    const logins = await checkLogins(repointing.restoredSettings(), { title, noun: 'instance', name: target })
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
    const { details, lasting, title } = this.#work
    const repointing = await this.#known()
    await repointing.check()
    const former = await lookAtInstance(lasting, details.instance)
    if (former?.DbiResourceId !== details.resourceId) throw new NoWayBack(title, 'its instance is no longer there')
    return (await repointing.findings()).filter(({ outcome }) => outcome === 'error')
  }

  async deactivate(journal: Journal): Promise<void> {
    await (await this.#known()).point('former', journal)
    if (this.#state === 'in-service') this.#state = 'loaded'
  }

  async discard(journal: Journal): Promise<void> {
    const { context, lasting, settings, target, title } = this.#work
    if (!journal.begun(restoreStep(this.#work)) && context.former === undefined) return
    try {
      const host = (await lookAtInstance(lasting, target))?.Endpoint?.Address?.toLowerCase()
      const hosts = settings.map((one) => serverOf(one).host)
      if (host !== undefined && (await isUsed(host, hosts, 'instance'))) throw inService('instance', target)
      await journal.ensure(`delete instance ${target}`, () => deleteOwn(this.#work))
    } catch (error) {
      throw rdsFailure(`what was made to restore ${title} could not be removed`, error)
    }
    this.#state = 'discarded'
  }

  /** The past of the source is kept; that of the restored instance goes with it. */
  ends(by: Deletion, entry: DatabaseBackup): boolean {
    const made = this.#resourceId
    return by === 'discard' && made !== undefined && rdsDetails(entry)?.resourceId === made
  }

  async standing(entry: DatabaseBackup): Promise<FoundStanding | undefined> {
    if (entry.kind !== kindName) return undefined
    const { instance, region, resourceId } = readDetails(entry)
    if (region !== this.#work.details.region) return undefined
    const past = await pastOf(this.#work.lasting, resourceId)
    if (past === undefined) return { state: 'lost', why: 'RDS keeps nothing of the instance any more' }
    const outside = outsideWindow(new Date(entry.snapshotAt ?? Number.NaN), instance, past.window)
    if (outside !== undefined && outside.passes !== true) return { state: 'lost', why: outside.why }
    return { state: 'restorable', why: 'the past of the instance holds it' }
  }

  async checkDrop(): Promise<Finding[]> {
    await refuseDrop(this.#work, await this.#known())
    return []
  }

  async dropPrevious(journal: Journal): Promise<void> {
    const { context, details } = this.#work
    const step = `delete former instance ${details.instance}`
    const repointing = await this.#known()
    // What was kept to know the former instance by goes last.
    if (!journal.begun(step)) await refuseDrop(this.#work, repointing)
    try {
      await journal.ensure(step, () => ensureFormerDeleted(this.#work))
    } catch (error) {
      throw rdsFailure(`instance ${details.instance} could not be deleted`, error)
    }
    context.events.say('note', `its last state is kept in the snapshot ${finalSnapshot(this.#work)}`)
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
      ...(inService && this.#previousKept ? { previous: `instance ${details.instance}` } : {}),
      details: {
        instance: target,
        ...this.#repointing?.server,
        ...(this.#resourceId === undefined ? {} : { resourceId: this.#resourceId }),
        ...(Object.keys(former).length === 0 ? {} : { former }),
        differences: this.#differences,
      },
    }
  }

  async instructions(): Promise<string[]> {
    return await instructions(this.#work, await this.#known(), this.#differences)
  }

  /** As AWS tells the endpoint of the instance that was made. */
  async #known(): Promise<ServerRepointing> {
    if (this.#repointing !== undefined) return this.#repointing
    const { details, lasting, target } = this.#work
    const one = await lookAtInstance(lasting, target)
    if (one?.Endpoint === undefined) return this.#expectedRepointing()
    this.#repointing = repointingTo(this.#work, endpointOf(one, details.port))
    return this.#repointing
  }

  /** As it will be, before the instance is made. */
  #expectedRepointing(): ServerRepointing {
    const { details, target } = this.#work
    const { host, instance, port } = details
    const names = { former: instance, made: target }
    return this.#repointing ?? repointingTo(this.#work, { host: expectedHost(host, names), port })
  }

  async close(): Promise<void> {
    this.#work.client.destroy()
    this.#work.lasting.destroy()
  }
}

/** The URLs of the releases, with the restored instance in them. */
function repointingTo({ context, details, settings, title }: RestoreWork, server: Server): ServerRepointing {
  const { host: formerHost } = details
  return new ServerRepointing({ title, service, noun: 'instance', settings, context, formerHost, server })
}

function endpointOf({ Endpoint: { Address = '', Port } = {} }: Instance, port: number): Server {
  return { host: Address.toLowerCase(), port: Port ?? port }
}
