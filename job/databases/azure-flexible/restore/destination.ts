// Room: a flexible server being restored to a new one, which the release is then pointed to.
// Read destination, restore-work, preflight, plan, restore-server, complete-server, compare, delete-server.

import * as z from 'zod'
import { azureServerDetails, isSameServer } from '../../../../operation/databases/azure-flexible.ts'
import { Failure } from '../../../../operation/failure.ts'
import type { Finding } from '../../../../operation/finding.ts'
import type { DatabaseBackup, RestoredDatabase } from '../../../../operation/record.ts'
import type { Journal } from '../../../journal/journal.ts'
import type { StorageSettings } from '../../../scalardb/storage-settings.ts'
import type { Deletion, FoundStanding, RestoreDestination, RestorePlan } from '../../database.ts'
import { NoWayBack } from '../../errors.ts'
import { checkLogins } from '../../managed-server/logins.ts'
import { ServerRepointing } from '../../managed-server/server-repointing.ts'
import { switchByHand } from '../../managed-server/switch-by-hand.ts'
import { expectedHost, inService, isUsed, type Server } from '../../managed-server/server.ts'
import { losesOf } from '../../point-in-time/loses.ts'
import { outsideWindow } from '../../point-in-time/recovery-window.ts'
import type { WorkContext } from '../../point-in-time/work-context.ts'
import { noun, serverOf } from '../access.ts'
import { checkServer } from '../backup/preflight.ts'
import type { FlexibleService } from '../service.ts'
import { serverFailure } from '../server-failure.ts'
import { readDetails } from '../details.ts'
import { readSettings } from '../servers/read-settings.ts'
import { createdAt, lookAtServer, partsOf, sameServer, type FlexibleServer } from '../servers/server.ts'
import { leftOut } from '../servers/settings.ts'
import { windowOf } from '../servers/window.ts'
import { compareSettings } from './compare.ts'
import { completeServer } from './complete-server.ts'
import { deleteOwn } from './delete-server.ts'
import { deletion } from './deletion.ts'
import { planSteps } from './plan.ts'
import { preflight } from './preflight.ts'
import { ensureRestored, restoreStep, untilReady, untilSeen } from './restore-server.ts'
import { openWork, type RestoreWork } from './restore-work.ts'

/** A flexible server being restored, to a new one beside that in service. */
export function openRestore(
  service: FlexibleService,
  settings: readonly StorageSettings[],
  entry: DatabaseBackup,
  context: WorkContext,
): RestoreDestination {
  return new ServerDestination(openWork(service, settings, entry, context))
}

/** What the record of a restore has of the server that it made. */
const madeSchema = z.object({ host: z.string(), port: z.int(), createdAt: z.string() })

class ServerDestination implements RestoreDestination {
  // the URL of each storage, one by one
  readonly switchesInParts = true
  readonly #work: RestoreWork
  #state: RestoredDatabase['state'] = 'planned'
  #repointing: ServerRepointing | undefined
  /** when the server was made, once it serves */
  #createdAt: string | undefined
  #differences: string[] = []
  /** what came of the call that makes the server is known: it failed, or was waited for */
  #isKnown = false

  constructor(work: RestoreWork) {
    this.#work = work
    const made = madeSchema.safeParse(work.context.former?.details).data
    if (made !== undefined) this.#repointing = repointingTo(work, made)
    this.#createdAt = made?.createdAt
  }

  async plan(): Promise<RestorePlan> {
    return { title: this.#work.title, steps: planSteps(this.#work), loses: losesOf(this.#work, 'server') }
  }

  async preflight(): Promise<Finding[]> {
    return await preflight(this.#work, this.#expectedRepointing())
  }

  async verify(): Promise<void> {
    // Azure keeps the data; there are no files to compare.
  }

  async load(journal: Journal): Promise<void> {
    const { context, title } = this.#work
    try {
      await this.#load(journal)
    } catch (error) {
      context.signal.throwIfAborted()
      this.#isKnown = error instanceof Failure
      throw serverFailure(this.#work.service, `${title} could not be restored`, error)
    }
    for (const difference of this.#differences)
      context.events.say('note', `setting not restored: ${difference}`, { level: 'warning' })
    this.#state = 'loaded'
  }

  async #load(journal: Journal): Promise<void> {
    const work = this.#work
    const { arm, context, details, service, target, title } = work
    const { name } = partsOf(target)
    if ((await sameServer(arm, details)) === undefined && journal.result(restoreStep(work)) === undefined)
      throw new Failure({
        what: `${title} could not be restored`,
        why: 'the server that was backed up is gone, and its past with it',
        next: 'restore a newer backup: kubectl scalardl get backups',
      })
    context.events.say('note', `server ${name} is being restored, which takes from some minutes to hours`)
    await ensureRestored(work, journal)
    await completeServer(work, journal)
    const one = await untilReady(work)
    const differences = compareSettings(details.settings, await readSettings(service, arm, one))
    const harming = differences.filter(({ harms }) => harms)
    if (harming.length > 0)
      throw new Failure({
        what: `server ${name} is not what was backed up`,
        why: harming.map(({ text }) => text).join('; '),
        next: 'undo this restore, which removes it, and restore again; the server in service was not touched',
      })
    this.#differences = [...differences.map(({ text }) => text), ...leftOut(details.settings)]
    this.#createdAt = createdAt(one)
    this.#repointing = repointingTo(work, hostOf(one, details.port))
    await this.#repointing.recall(journal)
  }

  async checkSwitch(): Promise<Finding[]> {
    const { target, title } = this.#work
    const repointing = await this.#known()
    const logins = await checkLogins(repointing.restoredSettings(), {
      title,
      noun: 'server',
      name: partsOf(target).name,
    })
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
    const { details, lasting, service, title } = this.#work
    const repointing = await this.#known()
    await repointing.check()
    const former = await sameServer(lasting, details)
    if (former === undefined) throw new NoWayBack(title, 'its server is no longer there')
    // One that is stopped costs less, and whoever is pointed to it does not serve.
    const serves = checkServer(service, title, former)
    return [...(await repointing.findings()), serves].filter(({ outcome }) => outcome === 'error')
  }

  async deactivate(journal: Journal): Promise<void> {
    await (await this.#known()).point('former', journal)
    if (this.#state === 'in-service') this.#state = 'loaded'
  }

  async discard(journal: Journal): Promise<void> {
    const { context, lasting, service, settings, target, title } = this.#work
    const { name } = partsOf(target)
    if (!journal.begun(restoreStep(this.#work)) && context.former === undefined) return
    try {
      if (!this.#isKnown && journal.result(restoreStep(this.#work)) === undefined) await untilSeen(this.#work)
      const host = (await lookAtServer(lasting, target))?.properties.fullyQualifiedDomainName?.toLowerCase()
      const hosts = settings.map((one) => serverOf(one).host)
      if (host !== undefined && (await isUsed(host, hosts, 'server'))) throw inService('server', name)
      await journal.ensure(`delete server ${name}`, () => deleteOwn(this.#work))
    } catch (error) {
      throw serverFailure(service, `what was made to restore ${title} could not be removed`, error)
    }
    this.#state = 'discarded'
  }

  /** The past of the source is kept; that of the restored server goes with it. */
  ends(by: Deletion, entry: DatabaseBackup): boolean {
    const made = this.#createdAt
    const other = azureServerDetails(this.#work.service.name, entry)
    if (by !== 'discard' || made === undefined || other === undefined) return false
    return isSameServer(other, { id: this.#work.target, createdAt: made })
  }

  async standing(entry: DatabaseBackup): Promise<FoundStanding | undefined> {
    if (entry.kind !== this.#work.service.name) return undefined
    const details = readDetails(entry)
    const server = await sameServer(this.#work.lasting, details)
    if (server === undefined) return { state: 'lost', why: 'the server is gone, and its past with it' }
    const point = new Date(entry.snapshotAt ?? Number.NaN)
    const outside = outsideWindow(point, server.name, windowOf(server))
    if (outside !== undefined && outside.passes !== true) return { state: 'lost', why: outside.why }
    return { state: 'restorable', why: 'the past of the server holds it' }
  }

  /** @throws Failure always: what Azure keeps of a deleted server for five days is not guaranteed (Microsoft Learn) */
  async checkDrop(): Promise<Finding[]> {
    const { details, lasting, service, title } = this.#work
    if ((await sameServer(lasting, details)) === undefined) return []
    throw new Failure({
      what: `the former server of ${title} is not removed`,
      why: 'Azure makes no last snapshot of a server, and its other restore points end with it',
      next: `once nobody needs it any more: ${deletion(service, details.id)}`,
    })
  }

  async dropPrevious(): Promise<void> {
    await this.checkDrop()
  }

  describe(): RestoredDatabase {
    const { details, service, target, title } = this.#work
    const former = this.#repointing?.recorded() ?? {}
    return {
      title,
      kind: service.name,
      state: this.#state,
      ...(this.#state === 'in-service' ? { previous: `server ${partsOf(details.id).name}` } : {}),
      details: {
        id: target,
        ...this.#repointing?.server,
        ...(this.#createdAt === undefined ? {} : { createdAt: this.#createdAt }),
        ...(Object.keys(former).length === 0 ? {} : { former }),
        differences: this.#differences,
      },
    }
  }

  async instructions(): Promise<string[]> {
    const { details, service } = this.#work
    const last = 'once nobody needs the former server, with which all its other restore points end: '
    return await switchByHand(await this.#known(), this.#differences, last + deletion(service, details.id))
  }

  /** As Azure tells the host of the server that was made. */
  async #known(): Promise<ServerRepointing> {
    if (this.#repointing !== undefined) return this.#repointing
    const { details, lasting, target } = this.#work
    const one = await lookAtServer(lasting, target)
    if (one?.properties.fullyQualifiedDomainName === undefined) return this.#expectedRepointing()
    this.#repointing = repointingTo(this.#work, hostOf(one, details.port))
    return this.#repointing
  }

  /** As it will be, before the server is made. */
  #expectedRepointing(): ServerRepointing {
    const { details, target } = this.#work
    const { host, port, id } = details
    const names = { former: partsOf(id).name, made: partsOf(target).name }
    return this.#repointing ?? repointingTo(this.#work, { host: expectedHost(host, names), port })
  }

  close = () => Promise.resolve()
}

/** The URLs of the releases, with the restored server in them. */
function repointingTo({ context, details, settings, title }: RestoreWork, server: Server): ServerRepointing {
  return new ServerRepointing({
    title,
    service: noun,
    noun: 'server',
    settings,
    context,
    formerServer: details,
    server,
  })
}

function hostOf({ properties }: FlexibleServer, port: number): Server {
  return { host: (properties.fullyQualifiedDomainName ?? '').toLowerCase(), port }
}
