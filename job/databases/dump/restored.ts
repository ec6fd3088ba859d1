import { Failure } from '../../../operation/failure.ts'
import type { Finding } from '../../../operation/finding.ts'
import type { RestoredDatabase } from '../../../operation/record.ts'
import type { Journal } from '../../journal/journal.ts'
import type { RestoredData } from '../database.ts'
import { isInService, type RestoreTarget, type World } from './restore-target.ts'
import { refuseNoWayBack } from './way-back.ts'

/** A restored dump and its three places: in service, restored and former. The data changes places by renaming. */
export class RestoredDump<Seen extends World> implements RestoredData {
  readonly #target: RestoreTarget<Seen>
  protected readonly operation: string
  #described: Pick<RestoredDatabase, 'state' | 'previous'> = { state: 'planned' }

  constructor(target: RestoreTarget<Seen>, operation: string) {
    this.#target = target
    this.operation = operation
  }

  async activate(journal: Journal): Promise<void> {
    await this.ensure(
      journal,
      'activate',
      (world) => isInService(world, this.operation) && !world.restored.vacated,
      () => this.#target.putInService(),
    )
  }

  async checkWayBack(): Promise<Finding[]> {
    const world = await this.#target.look()
    if (isInService(world, this.operation)) refuseNoWayBack(this.#target.title, world)
    else this.#refuseOvertaken(world)
    return await this.#target.checkWayBack(world)
  }

  /** Not stopped by the signal: putting back is what a stopped operation does. */
  async deactivate(journal: Journal): Promise<void> {
    await this.ensure(
      journal,
      'deactivate',
      (world) => {
        if (isInService(world, this.operation)) return false
        this.#refuseOvertaken(world)
        return !world.before.vacated
      },
      () => this.#target.takeOutOfService(),
    )
  }

  async discard(journal: Journal): Promise<void> {
    await this.ensure(
      journal,
      'discard',
      ({ restored }) => isEmpty(restored),
      () => this.#target.drop('restored'),
    )
    if (this.#described.state !== 'in-service') this.#described = { state: 'discarded' }
  }

  async checkDrop(): Promise<Finding[]> {
    const world = await this.#target.look()
    return isEmpty(world.before) ? [] : await this.#target.checkDrop(world)
  }

  async dropPrevious(journal: Journal): Promise<void> {
    await this.ensure(
      journal,
      'drop previous',
      ({ before }) => isEmpty(before),
      async () => {
        const { live, before } = await this.#target.look()
        if (!live.filled) {
          throw new Failure({
            what: `the former data of ${this.#target.title} is not removed`,
            why: `there is none in ${live.name}, so what is in ${before.name} is all there is`,
            next: 'find out what became of the data in service first',
          })
        }
        await this.#target.drop('before')
      },
    )
  }

  describe(): RestoredDatabase {
    const { title, kind, details } = this.#target
    return { title, kind, ...this.#described, details: { ...details } }
  }

  async close(): Promise<void> {
    // Every act has a session of its own.
  }

  /** One step: whether it is done the server alone knows; the journal keeps that it was begun. */
  protected async ensure(
    journal: Journal,
    step: string,
    done: (world: World) => boolean,
    act: () => Promise<void>,
  ): Promise<void> {
    const { title } = this.#target
    await journal.ensure(`${step} ${title}`, async () => {
      if (done(await this.#target.look())) return
      await this.#target.explained(`${step} of ${title} failed`, act)
    })
    this.#described = this.#describe(await this.#target.look())
  }

  #describe(world: World): Pick<RestoredDatabase, 'state' | 'previous'> {
    const { restored, before } = world
    if (!isInService(world, this.operation)) return { state: restored.filled ? 'loaded' : 'planned' }
    return { state: 'in-service', ...(isEmpty(before) ? {} : { previous: before.name }) }
  }

  /** After this restore another has put its own data in service: there is no way back past it. */
  #refuseOvertaken({ before }: World): void {
    if (!before.filled) return
    throw new Failure({
      what: `${this.#target.title} cannot be put back`,
      why: `the data in service is not what ${this.operation} restored`,
      next: 'undo the later restore first',
    })
  }
}

function isEmpty({ filled, vacated }: World['before']): boolean {
  return !filled && !vacated
}
