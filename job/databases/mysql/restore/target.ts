import type { Finding } from '../../../../operation/finding.ts'
import type { DatabaseBackup, RestoredDatabase } from '../../../../operation/record.ts'
import type { StorageSettings } from '../../../scalardb/storage-settings.ts'
import type { DatabaseContext } from '../../database.ts'
import { namesOf, type Names } from '../../dump/names.ts'
import type { RestoreTarget } from '../../dump/restore-target.ts'
import { accessOf, titleOf, type Access } from '../access.ts'
import { kindName } from '../backup/source.ts'
import { readDetails, type Details } from '../details.ts'
import { explained } from '../query-error.ts'
import { inSession, readWorld, type MysqlWorld } from './catalog.ts'
import { checkMoves, checkRights } from './preflight.ts'
import { dropSchemas, putInService, takeOutOfService } from './switch.ts'

/** The longest name of a schema, characters (MySQL manual, Identifier Length Limits). */
const longestName = 64

/** A server whose tables were restored: for each schema in service there are two beside it. */
export class MysqlTarget implements RestoreTarget<MysqlWorld> {
  readonly title: string
  readonly kind = kindName
  protected readonly access: Access
  protected readonly recorded: Details
  protected readonly names: readonly Names[]
  protected readonly operation: string

  constructor(settings: StorageSettings[], entry: DatabaseBackup, { operation }: Pick<DatabaseContext, 'operation'>) {
    this.operation = operation
    this.access = accessOf(settings)
    this.recorded = readDetails(entry)
    const fits = (name: string) => [...name].length <= longestName
    this.names = this.recorded.schemas.map(({ name }) => namesOf(name, operation, fits))
    this.title = titleOf(this.access)
  }

  get details(): RestoredDatabase['details'] {
    return { schemas: this.names.map((one) => ({ ...one })) }
  }

  async look(): Promise<MysqlWorld> {
    return await inSession(this.access, (session) => readWorld(session, this.names))
  }

  async putInService(): Promise<void> {
    await putInService(this.#switched)
  }

  async takeOutOfService(): Promise<void> {
    await takeOutOfService(this.#switched)
  }

  async checkSwitch(): Promise<Finding[]> {
    return await this.#checkMoves(['live'])
  }

  async checkWayBack(): Promise<Finding[]> {
    return await this.#checkMoves(['live', 'before'])
  }

  async checkDrop(): Promise<Finding[]> {
    return [
      await inSession(this.access, (session) => checkRights(session, this.title, this.names, ['before'], ['DROP'])),
    ]
  }

  async drop(place: 'restored' | 'before'): Promise<void> {
    await inSession(this.access, (session) => dropSchemas(session, this.names, place))
  }

  async explained(what: string, act: () => Promise<void>): Promise<void> {
    await explained(what, act)
  }

  get #switched() {
    const { access, names, operation, recorded } = this
    return { access, names, operation, schemas: recorded.schemas }
  }

  async #checkMoves(places: readonly (keyof Names)[]): Promise<Finding[]> {
    return await inSession(this.access, (session) => checkMoves(session, this.title, this.names, places))
  }
}
