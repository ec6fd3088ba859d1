import type { Finding } from '../../../../operation/finding.ts'
import { Failure } from '../../../../operation/failure.ts'
import type { DatabaseBackup, RestoredDatabase } from '../../../../operation/record.ts'
import type { Journal } from '../../../journal/journal.ts'
import type { RestoredData, RestoreContext, UndoContext } from '../../database.ts'
import type { StorageSettings } from '../../../scalardb/storage-settings.ts'
import { accessOf, titleOf, type Access } from '../access.ts'
import { maintain, readWorld, type World } from './catalog.ts'
import { dropDatabase } from './create-database.ts'
import { readDetails, type Details } from '../details.ts'
import { dropLoader } from './loader.ts'
import { namesOf, type Names } from './names.ts'
import { awaitSessions, checkRights, checkUses } from './obstacles.ts'
import { explained } from '../query-error.ts'
import { kindName } from '../backup/source.ts'
import { putInService, refuseNoWayBack, takeOutOfService } from './switch.ts'

/**
 * The three databases of a restore: in service, restored and former. Each is put in the place of another by renaming.
 */
export class RestoredPostgresql implements RestoredData {
  protected readonly entry: DatabaseBackup
  protected readonly access: Access
  protected readonly releaseUser: string
  protected readonly details: Details
  protected readonly names: Names
  protected readonly title: string
  readonly #operation: string
  readonly #signal: AbortSignal
  #described: Pick<RestoredDatabase, 'state' | 'previous'> = { state: 'planned' }

  constructor(
    settings: StorageSettings[],
    entry: DatabaseBackup,
    { operation, signal }: Pick<RestoreContext | UndoContext, 'operation' | 'signal'>,
  ) {
    this.entry = entry
    this.#operation = operation
    this.#signal = signal
    this.access = accessOf(settings)
    this.releaseUser = settings[0]?.releaseUsername ?? this.access.username
    this.details = readDetails(entry)
    this.names = namesOf(this.access.database, operation)
    this.title = titleOf(this.access)
  }

  async activate(journal: Journal): Promise<void> {
    await this.ensure(journal, 'activate', isInService, () => putInService(this.access, this.names, this.#operation))
    await this.see()
  }

  async checkWayBack(): Promise<Finding[]> {
    const world = await this.world()
    if (isInService(world, this.#operation)) refuseNoWayBack(this.access, this.names, world)
    else this.#overtaken(world)
    return await this.free(world, [this.names.live, this.names.before])
  }

  /** Not stopped by the signal: putting back is what a stopped operation does. */
  async deactivate(journal: Journal): Promise<void> {
    await this.ensure(
      journal,
      'deactivate',
      (world, operation) => !isInService(world, operation) && !this.#overtaken(world),
      () => takeOutOfService(this.access, this.names, this.#operation),
    )
    await this.see()
  }

  async discard(journal: Journal): Promise<void> {
    await this.ensure(
      journal,
      'discard',
      (world) => world.restored === undefined,
      () =>
        maintain(this.access, async (client) => {
          await dropDatabase(client, this.names.restored)
          await dropLoader(client, this.names)
        }),
    )
    await this.see()
    if (this.#described.state !== 'in-service') this.#described = { state: 'discarded' }
  }

  async checkDrop(): Promise<Finding[]> {
    const title = this.title
    const world = await this.world()
    if (world.before === undefined) return []
    const { before } = this.names
    return await maintain(this.access, async (client) => [
      ...(await checkRights(client, title, { ...world, live: undefined, restored: undefined }, 'drop')),
      ...(await awaitSessions(client, title, [before], this.releaseUser, this.#signal)),
      ...(await checkUses(client, title, before)),
    ])
  }

  async dropPrevious(journal: Journal): Promise<void> {
    await this.ensure(
      journal,
      'drop previous',
      (world) => world.before === undefined,
      async () => {
        const world = await this.world()
        if (world.live === undefined) {
          throw new Failure({
            what: `${this.names.before} is not removed`,
            why: `no database ${this.names.live} is in service, so it holds the only data`,
            next: 'find out what became of the database in service first',
          })
        }
        await maintain(this.access, (client) => dropDatabase(client, this.names.before))
      },
    )
    await this.see()
  }

  describe(): RestoredDatabase {
    return { title: this.title, kind: kindName, ...this.#described, details: { ...this.names } }
  }

  async close(): Promise<void> {
    // Every act has a session of its own: between loading and switching hours may pass.
  }

  /** One step: whether it is done the server alone knows; the journal keeps that it was begun. */
  protected async ensure(
    journal: Journal,
    step: string,
    done: (world: World, operation: string) => boolean,
    act: () => Promise<void>,
  ): Promise<void> {
    await journal.ensure(`${step} ${this.title}`, async () => {
      if (done(await this.world(), this.#operation)) return
      await explained(`${step} of ${this.title} failed`, act)
    })
  }

  /** After this restore another has put its own database in service: there is no way back past it. */
  #overtaken(world: World): boolean {
    if (world.before === undefined) return false
    throw new Failure({
      what: `${this.title} cannot be put back`,
      why: `its database in service is another than ${this.#operation} restored`,
      next: 'undo the later restore first',
    })
  }

  /** Whether some databases can be renamed by this user now, while the releases still serve. */
  protected async free(world: World, databases: readonly string[]): Promise<Finding[]> {
    return await maintain(this.access, async (client) => [
      ...(await checkRights(client, this.title, world, 'rename')),
      ...(await awaitSessions(client, this.title, databases, this.releaseUser, this.#signal)),
    ])
  }

  protected async world(): Promise<World> {
    return await maintain(this.access, (client) => readWorld(client, this.names))
  }

  protected async see(): Promise<void> {
    const world = await this.world()
    if (!isInService(world, this.#operation))
      this.#described = { state: world.restored === undefined ? 'planned' : 'loaded' }
    else
      this.#described = {
        state: 'in-service',
        ...(world.before === undefined ? {} : { previous: `database ${this.names.before}` }),
      }
  }
}

export function isInService(world: World, operation: string): boolean {
  return world.live?.mark?.operation === operation
}
