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
import { maintain, readWorld, type PostgresqlWorld } from './catalog.ts'
import { dropDatabase } from './create-database.ts'
import { dropLoader } from './loader.ts'
import { awaitSessions, checkRights, checkUses } from './obstacles.ts'
import { putInService, takeOutOfService } from './switch.ts'

/** PostgreSQL cuts identifiers after this many bytes. */
const longestName = 63

/** A server with a restored database: beside the one in service there are two. */
export class PostgresqlTarget implements RestoreTarget<PostgresqlWorld> {
  readonly title: string
  readonly kind = kindName
  protected readonly access: Access
  protected readonly releaseUser: string
  protected readonly recorded: Details
  protected readonly names: Names
  protected readonly operation: string
  readonly #signal: AbortSignal

  constructor(
    settings: StorageSettings[],
    entry: DatabaseBackup,
    { operation, signal }: Pick<DatabaseContext, 'operation' | 'signal'>,
  ) {
    this.operation = operation
    this.#signal = signal
    this.access = accessOf(settings)
    this.releaseUser = settings[0]?.releaseUsername ?? this.access.username
    this.recorded = readDetails(entry)
    this.names = namesOf(this.access.database, operation, (name) => Buffer.byteLength(name) <= longestName)
    this.title = titleOf(this.access)
  }

  get details(): RestoredDatabase['details'] {
    return { ...this.names }
  }

  async look(): Promise<PostgresqlWorld> {
    return await maintain(this.access, (client) => readWorld(client, this.names))
  }

  async putInService(): Promise<void> {
    await putInService(this.access, this.names, this.operation)
  }

  async takeOutOfService(): Promise<void> {
    await takeOutOfService(this.access, this.names, this.operation)
  }

  async checkSwitch(world: PostgresqlWorld): Promise<Finding[]> {
    return await this.#checkRenames(world, [this.names.live, this.names.restored])
  }

  async checkWayBack(world: PostgresqlWorld): Promise<Finding[]> {
    return await this.#checkRenames(world, [this.names.live, this.names.before])
  }

  async checkDrop({ before }: PostgresqlWorld): Promise<Finding[]> {
    const name = this.names.before
    return await maintain(this.access, async (client) => [
      ...(await checkRights(client, this.title, [before], 'drop')),
      ...(await awaitSessions(client, this.title, [name], this.releaseUser, this.#signal)),
      ...(await checkUses(client, this.title, name)),
    ])
  }

  async drop(place: 'restored' | 'before'): Promise<void> {
    await maintain(this.access, async (client) => {
      await dropDatabase(client, this.names[place])
      if (place === 'restored') await dropLoader(client, this.names)
    })
  }

  async explained(what: string, act: () => Promise<void>): Promise<void> {
    await explained(what, act)
  }

  async #checkRenames(world: PostgresqlWorld, databases: readonly string[]): Promise<Finding[]> {
    return await maintain(this.access, async (client) => [
      ...(await checkRights(client, this.title, Object.values(world), 'rename')),
      ...(await awaitSessions(client, this.title, databases, this.releaseUser, this.#signal)),
    ])
  }
}
