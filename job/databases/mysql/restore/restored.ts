import { Failure } from '../../../../operation/failure.ts'
import type { Finding } from '../../../../operation/finding.ts'
import type { DatabaseBackup, RestoredDatabase } from '../../../../operation/record.ts'
import type { Journal } from '../../../journal/journal.ts'
import type { StorageSettings } from '../../../scalardb/storage-settings.ts'
import type { RestoreContext, RestoredData, UndoContext } from '../../database.ts'
import { accessOf, titleOf, type Access } from '../access.ts'
import { kindName } from '../backup/source.ts'
import { readDetails, type Details } from '../details.ts'
import { explained } from '../query-error.ts'
import { inSession, readWorld, type World } from './catalog.ts'
import { namesOf, type Names } from './names.ts'
import { checkMoves, checkRights } from './preflight.ts'
import { dropSchemas, putInService, refuseNoWayBack, takeOutOfService, type Switched } from './switch.ts'

/** The tables of a restore in their three places: in service, restored and former. They change places by renaming. */
export class RestoredMysql implements RestoredData {
  protected readonly entry: DatabaseBackup
  protected readonly access: Access
  protected readonly details: Details
  protected readonly names: readonly Names[]
  protected readonly title: string
  readonly #operation: string
  #described: Pick<RestoredDatabase, 'state' | 'previous'> = { state: 'planned' }

  constructor(
    settings: StorageSettings[],
    entry: DatabaseBackup,
    { operation }: Pick<RestoreContext | UndoContext, 'operation'>,
  ) {
    this.entry = entry
    this.#operation = operation
    this.access = accessOf(settings)
    this.details = readDetails(entry)
    this.names = this.details.schemas.map(({ name }) => namesOf(name, operation))
    this.title = titleOf(this.access)
  }

  async activate(journal: Journal): Promise<void> {
    await this.ensure(
      journal,
      'activate',
      (world, operation) => isInService(world, operation) && world.restored.schemas.length === 0,
      () => putInService(this.#switched()),
    )
    await this.see()
  }

  async checkWayBack(): Promise<Finding[]> {
    const world = await this.world()
    if (isInService(world, this.#operation)) refuseNoWayBack(this.access, world)
    else this.#overtaken(world)
    return await this.free(['live', 'before'])
  }

  /** Not stopped by the signal: putting back is what a stopped operation does. */
  async deactivate(journal: Journal): Promise<void> {
    await this.ensure(
      journal,
      'deactivate',
      (world, operation) =>
        !isInService(world, operation) && !this.#overtaken(world) && world.before.schemas.length === 0,
      () => takeOutOfService(this.#switched()),
    )
    await this.see()
  }

  async discard(journal: Journal): Promise<void> {
    await this.ensure(
      journal,
      'discard',
      (world) => world.restored.schemas.length === 0,
      () => inSession(this.access, (session) => dropSchemas(session, this.names, 'restored')),
    )
    await this.see()
    if (this.#described.state !== 'in-service') this.#described = { state: 'discarded' }
  }

  async checkDrop(): Promise<Finding[]> {
    const world = await this.world()
    if (world.before.schemas.length === 0) return []
    return [
      await inSession(this.access, (session) => checkRights(session, this.title, this.names, ['before'], ['DROP'])),
    ]
  }

  async dropPrevious(journal: Journal): Promise<void> {
    await this.ensure(
      journal,
      'drop previous',
      (world) => world.before.schemas.length === 0,
      async () => {
        const world = await this.world()
        if (world.live.tables.length === 0) {
          throw new Failure({
            what: `${world.before.schemas.join(', ')} are not removed`,
            why: 'no tables are in service in their place, so they hold the only data',
            next: 'find out what became of the tables in service first',
          })
        }
        await inSession(this.access, (session) => dropSchemas(session, this.names, 'before'))
      },
    )
    await this.see()
  }

  describe(): RestoredDatabase {
    return {
      title: this.title,
      kind: kindName,
      ...this.#described,
      details: { schemas: this.names.map((one) => ({ ...one })) },
    }
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

  /** Whether tables can be moved from some places by this user now, while the releases still serve. */
  protected async free(places: readonly (keyof Names)[]): Promise<Finding[]> {
    return await inSession(this.access, (session) => checkMoves(session, this.title, this.names, places))
  }

  protected async world(): Promise<World> {
    return await inSession(this.access, (session) => readWorld(session, this.names))
  }

  protected async see(): Promise<void> {
    const world = await this.world()
    if (!isInService(world, this.#operation))
      this.#described = { state: world.restored.tables.length === 0 ? 'planned' : 'loaded' }
    else
      this.#described = {
        state: 'in-service',
        ...(world.before.schemas.length === 0 ? {} : { previous: `schemas ${world.before.schemas.join(', ')}` }),
      }
  }

  #switched(): Switched {
    return { access: this.access, names: this.names, operation: this.#operation, schemas: this.details.schemas }
  }

  /** After this restore another has put its own tables in service: there is no way back past it. */
  #overtaken(world: World): boolean {
    if (world.before.tables.length === 0) return false
    throw new Failure({
      what: `${this.title} cannot be put back`,
      why: `its tables in service are others than ${this.#operation} restored`,
      next: 'undo the later restore first',
    })
  }
}

/** Whether what a restore loaded is what the release uses. */
export function isInService(world: World, operation: string): boolean {
  return world.live.mark?.operation === operation
}
