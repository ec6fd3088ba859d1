// Room: an instance being restored to a new one, which the release is then pointed to.
// Read destination, restore-work, preflight, restore-instance, complete-instance, compare.

import type { DatabaseBackup, RestoredDatabase } from '../../../../operation/record.ts'
import { rdsDetails } from '../../../../operation/databases/rds.ts'
import { Failure, messageOf } from '../../../../operation/failure.ts'
import type { Finding } from '../../../../operation/finding.ts'
import type { Journal } from '../../../journal/journal.ts'
import type { StorageSettings } from '../../../scalardb/storage-settings.ts'
import type { Deletion, FoundStanding, RestoreDestination, RestorePlan } from '../../database.ts'
import { outsideWindow } from '../../point-in-time/recovery-window.ts'
import type { WorkContext } from '../../point-in-time/work-context.ts'
import { leadsTo } from '../../managed-server/server.ts'
import { serverOf } from '../access.ts'
import { leftOut } from '../backup/preflight.ts'
import { kindName, readDetails } from '../details.ts'
import { lookAtInstance, pastOf } from '../instances/look.ts'
import { settingsOf } from '../instances/settings.ts'
import { rdsFailure } from '../rds-failure.ts'
import { compareSettings } from './compare.ts'
import { completeInstance } from './complete-instance.ts'
import { deleteOwn } from './delete-instance.ts'
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

/** What was made, once it serves. */
interface Made {
  host: string
  port: number
  resourceId: string
}

class InstanceDestination implements RestoreDestination {
  readonly #work: RestoreWork
  #state: RestoredDatabase['state'] = 'planned'
  #made: Made | undefined
  #differences: string[] = []

  constructor(work: RestoreWork) {
    this.#work = work
  }

  async plan(): Promise<RestorePlan> {
    const { title, details, point, target } = this.#work
    return {
      title,
      steps: [
        `restore the instance ${details.instance} as of ${point.toISOString()} to the new instance ${target}`,
        'give it again what a restore forgets: groups, networks, zones, backups, logs, monitoring, tags, roles',
        'compare every setting',
        ...leftOut(details.settings).map((line) => `leave out: ${line}`),
        'show what the releases have to be told; they serve on as they are',
      ],
      loses: [],
    }
  }

  preflight = (): Promise<Finding[]> => preflight(this.#work)

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
    const { Address: host = '', Port: port = details.port } = one.Endpoint ?? {}
    this.#made = { host, port, resourceId: one.DbiResourceId }
  }

  /** @throws Failure always: the administrator points the releases */
  async activate(): Promise<void> {
    throw byHand(this.#work.title)
  }

  /** @throws Failure always: the administrator points the releases back */
  async checkWayBack(): Promise<Finding[]> {
    throw byHand(this.#work.title)
  }

  async deactivate(): Promise<void> {
    // Nothing was put in service by this program.
  }

  async discard(journal: Journal): Promise<void> {
    const { context, lasting, settings, target, title } = this.#work
    if (!journal.begun(restoreStep(this.#work)) && context.former === undefined) return
    try {
      const host = (await lookAtInstance(lasting, target))?.Endpoint?.Address?.toLowerCase()
      if (host !== undefined && (await isUsed(settings, host))) throw inService(target)
      await journal.ensure(`delete instance ${target}`, () => deleteOwn(this.#work))
    } catch (error) {
      throw rdsFailure(`what was made to restore ${title} could not be removed`, error)
    }
    this.#state = 'discarded'
  }

  /** The past of the source is kept; that of the restored instance goes with it. */
  ends(by: Deletion, entry: DatabaseBackup): boolean {
    const made = this.#made?.resourceId ?? this.#work.context.former?.details['resourceId']
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

  /** @throws Failure always: the releases are pointed by hand, so nobody here knows that it is not used any more */
  async checkDrop(): Promise<Finding[]> {
    const { details, lasting, title } = this.#work
    const former = await lookAtInstance(lasting, details.instance)
    if (former?.DbiResourceId !== details.resourceId) return []
    throw new Failure({
      what: `the former instance of ${title} is not removed`,
      why: 'an instance holds whatever anybody put there, and its other restore points end with it',
      next:
        `once nobody needs it any more: aws rds delete-db-instance --db-instance-identifier ${details.instance} ` +
        `--final-db-snapshot-identifier ${details.instance}-final --no-delete-automated-backups`,
    })
  }

  async dropPrevious(): Promise<void> {
    await this.checkDrop()
  }

  describe(): RestoredDatabase {
    const { target, title } = this.#work
    return {
      title,
      kind: kindName,
      state: this.#state,
      details: { instance: target, ...this.#made, differences: this.#differences },
    }
  }

  async instructions(): Promise<string[]> {
    const { host = '', port = this.#work.details.port } = this.#made ?? {}
    return instructions(this.#work, { host, port }, this.#differences)
  }

  async close(): Promise<void> {
    this.#work.client.destroy()
    this.#work.lasting.destroy()
  }
}

/** @throws Failure where nobody can tell */
async function isUsed(settings: readonly StorageSettings[], host: string): Promise<boolean> {
  try {
    const each = await Promise.all(settings.map((one) => leadsTo(serverOf(one).host, host)))
    return each.includes(true)
  } catch (error) {
    if (error instanceof Failure) throw error
    throw new Failure({
      what: 'whether a release uses the restored instance is not known',
      why: messageOf(error),
      next: 'see that the DNS of the cluster answers, then run it again',
    })
  }
}

function byHand(title: string): Failure {
  return new Failure({
    what: `the releases are not pointed to what was restored of ${title}`,
    why: 'this version leaves that to you',
    next: 'do what the restore showed: kubectl scalardl describe restore NAME',
  })
}

function inService(target: string): Failure {
  return new Failure({
    what: `instance ${target} is not removed`,
    why: 'a release uses it',
    next: 'point the release to another instance first, and upgrade it',
  })
}
