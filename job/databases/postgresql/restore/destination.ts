// Room: one PostgreSQL database being restored beside the one in service.
// Read destination, load, switch, preflight.

import { formatBytes } from '../../../storage/bytes.ts'
import { Failure } from '../../../../operation/failure.ts'
import type { Finding } from '../../../../operation/finding.ts'
import type { DatabaseBackup, RestoredDatabase } from '../../../../operation/record.ts'
import type { Journal } from '../../../journal/journal.ts'
import type { DatabaseContext, RestoreDestination, RestorePlan } from '../../database.ts'
import type { StorageSettings } from '../../../scalardb/storage-settings.ts'
import { verifyManifest } from '../../manifest.ts'
import { accessOf, titleOf, type Access } from '../access.ts'
import { maintain, readWorld, sizeOf, type World } from './catalog.ts'
import { dropDatabase } from './create-database.ts'
import { readDetails, type Details } from '../details.ts'
import { loadDatabase } from './load.ts'
import { namesOf, type Names } from './names.ts'
import { decideOwnership, type Ownership } from './ownership.ts'
import { checkTool, findingOf } from '../backup/preflight.ts'
import { checkConnections } from '../connections.ts'
import { checkCollations, planExtensions } from './fitness.ts'
import { awaitSessions, checkRights, checkSessions, checkUses } from './obstacles.ts'
import { checkLive, checkNames, checkServer, surplusOf } from './preflight.ts'
import { explained } from '../query-error.ts'
import { kindName } from '../backup/source.ts'
import { putInService, refuseNoWayBack, takeOutOfService } from './switch.ts'

/** A PostgreSQL database being restored: loaded beside the one in service, which it replaces by renaming. */
export class PostgresqlDestination implements RestoreDestination {
  readonly #entry: DatabaseBackup
  readonly #context: DatabaseContext
  readonly #access: Access
  readonly #releaseUser: string
  readonly #details: Details
  readonly #names: Names
  readonly #title: string
  #described: Pick<RestoredDatabase, 'state' | 'previous'> = { state: 'planned' }

  constructor(settings: StorageSettings[], entry: DatabaseBackup, context: DatabaseContext) {
    this.#entry = entry
    this.#context = context
    this.#access = accessOf(settings)
    this.#releaseUser = settings[0]?.releaseUsername ?? this.#access.username
    this.#details = readDetails(entry)
    this.#names = namesOf(this.#access.database, context.operation)
    this.#title = titleOf(this.#access)
  }

  async plan(): Promise<RestorePlan> {
    const { live, restored, before } = this.#names
    const world = await this.#world()
    const rows = this.#entry.tables.reduce((sum, table) => sum + (table.rows ?? 0), 0)
    const outside = world.live === undefined ? [] : (await surplusOf(this.#access, this.#details)).outside
    const inService = world.live === undefined ? 0 : await maintain(this.#access, (client) => sizeOf(client, live))
    const { totalBytes, tableBytes } = this.#details
    return {
      title: this.#title,
      steps: [
        'verify every file of the backup against its SHA-256',
        `create database ${restored}, load ${this.#entry.tables.length} tables with ${rows} rows into it, and count them`,
        `on the server's disk: about ${formatBytes(totalBytes ?? tableBytes)} more${inService === 0 ? '' : `, beside ${formatBytes(inService)} in service, which stay until --drop-previous`}, and up to as much again for its log while it loads`,
        ...(world.live === undefined ? [] : [`rename ${live} to ${before}`]),
        `rename ${restored} to ${live}`,
      ],
      loses: [
        ...(world.live === undefined
          ? []
          : [
              `everything written since ${this.#entry.snapshotAt ?? 'the backup'}, in the schemas ${this.#details.schemas.map((schema) => schema.name).join(', ')}`,
            ]),
        ...outside.map((thing) => `${thing}, unless made again`),
      ],
    }
  }

  async preflight(): Promise<Finding[]> {
    const title = this.#title
    const { signal, storage } = this.#context
    const findings = [await checkTool('pg_restore', title, this.#details.toolMajor, 'the backup needs', signal)]
    await storage.open(this.#entry.folder ?? '').then(
      (opened) => opened.release(),
      (error: unknown) => findings.push(findingOf('backup', title, error)),
    )
    try {
      const world = await this.#world()
      const inService = world.live?.mark?.operation === this.#context.operation
      findings.push({
        check: 'database connection',
        subject: title,
        outcome: 'ok',
        message: `connected as ${this.#access.username}`,
      })
      await maintain(this.#access, async (client) => {
        findings.push(
          await checkServer(client, title, this.#details),
          await checkCollations(client, title, this.#details),
          ...(await planExtensions(client, title, this.#details)).findings,
          ...(await checkRights(client, title, world, 'rename')),
          // pg_restore's first session, its parallel ones, and one that asks how far they are
          await checkConnections(client, title, this.#context.parallel + 2, 'a restore'),
        )
        if (!inService)
          findings.push(...(await checkSessions(client, title, [this.#names.live], this.#releaseUser, 'warning')))
      })
      findings.push(
        ...(await this.#ownership()).findings,
        ...checkNames(title, this.#names.before, world.before !== undefined && !inService),
      )
      if (!inService) findings.push(...(await checkLive(this.#access, title, this.#details, world)))
    } catch (error) {
      findings.push(findingOf('database connection', title, error))
    }
    return findings
  }

  async verify(): Promise<void> {
    const { operation, signal, storage } = this.#context
    if (isLoaded(await this.#world(), operation)) return
    const opened = await storage.open(this.#entry.folder ?? '')
    try {
      await verifyManifest(opened.path, this.#title, { sha256: this.#details.manifestSha256 }, signal)
    } finally {
      await opened.release()
    }
  }

  async load(journal: Journal): Promise<void> {
    this.#context.signal.throwIfAborted()
    await this.#ensure(journal, 'load', isLoaded, async () => {
      const ownership = await this.#ownership()
      const error = ownership.findings.find((finding) => finding.outcome === 'error')
      if (error !== undefined)
        throw new Failure({ what: `${this.#title} cannot be loaded`, why: error.message, next: error.cure ?? '' })
      await loadDatabase({
        access: this.#access,
        title: this.#title,
        entry: this.#entry,
        details: this.#details,
        names: this.#names,
        context: this.#context,
        ownership,
      })
    })
    await this.#see()
  }

  async checkSwitch(): Promise<Finding[]> {
    const { live, restored } = this.#names
    const world = await this.#world()
    if (isInService(world, this.#context.operation)) return []
    return await this.#free(world, [live, restored])
  }

  /** Not stopped by the signal where a restore is undone: one that is stopped has to let serve again what served before it. */
  async activate(journal: Journal): Promise<void> {
    if (this.#context.former === undefined) this.#context.signal.throwIfAborted()
    await this.#ensure(journal, 'activate', isInService, () =>
      putInService(this.#access, this.#names, this.#context.operation),
    )
    await this.#see()
  }

  async checkWayBack(): Promise<Finding[]> {
    const world = await this.#world()
    if (isInService(world, this.#context.operation)) refuseNoWayBack(this.#access, this.#names, world)
    else this.#overtaken(world)
    return await this.#free(world, [this.#names.live, this.#names.before])
  }

  /** Not stopped by the signal: putting back is what a stopped operation does. */
  async deactivate(journal: Journal): Promise<void> {
    await this.#ensure(
      journal,
      'deactivate',
      (world, operation) => !isInService(world, operation) && !this.#overtaken(world),
      () => takeOutOfService(this.#access, this.#names, this.#context.operation),
    )
    await this.#see()
  }

  async discard(journal: Journal): Promise<void> {
    await this.#ensure(
      journal,
      'discard',
      (world) => world.restored === undefined,
      () => maintain(this.#access, (client) => dropDatabase(client, this.#names.restored)),
    )
    await this.#see()
    if (this.#described.state !== 'in-service') this.#described = { state: 'discarded' }
  }

  async checkDrop(): Promise<Finding[]> {
    const title = this.#title
    const world = await this.#world()
    if (world.before === undefined) return []
    const { before } = this.#names
    return await maintain(this.#access, async (client) => [
      ...(await checkRights(client, title, { ...world, live: undefined, restored: undefined }, 'drop')),
      ...(await awaitSessions(client, title, [before], this.#releaseUser, this.#context.signal)),
      ...(await checkUses(client, title, before)),
    ])
  }

  async dropPrevious(journal: Journal): Promise<void> {
    await this.#ensure(
      journal,
      'drop previous',
      (world) => world.before === undefined,
      async () => {
        const world = await this.#world()
        if (world.live === undefined) {
          throw new Failure({
            what: `${this.#names.before} is not removed`,
            why: `no database ${this.#names.live} is in service, so it holds the only data`,
            next: 'find out what became of the database in service first',
          })
        }
        await maintain(this.#access, (client) => dropDatabase(client, this.#names.before))
      },
    )
    await this.#see()
  }

  describe(): RestoredDatabase {
    return { title: this.#title, kind: kindName, ...this.#described, details: { ...this.#names } }
  }

  async close(): Promise<void> {
    // Every act has a session of its own: between loading and switching hours may pass.
  }

  /** One step: whether it is done the server alone knows; the journal keeps that it was begun. */
  async #ensure(
    journal: Journal,
    step: string,
    done: (world: World, operation: string) => boolean,
    act: () => Promise<void>,
  ): Promise<void> {
    await journal.ensure(`${step} ${this.#title}`, async () => {
      if (done(await this.#world(), this.#context.operation)) return
      await explained(`${step} of ${this.#title} failed`, act)
    })
  }

  /** After this restore another has put its own database in service: there is no way back past it. */
  #overtaken(world: World): boolean {
    if (world.before === undefined) return false
    throw new Failure({
      what: `${this.#title} cannot be put back`,
      why: `its database in service is another than ${this.#context.operation} restored`,
      next: 'undo the later restore first',
    })
  }

  /** Whether some databases can be renamed by this user now, while the releases still serve. */
  async #free(world: World, databases: readonly string[]): Promise<Finding[]> {
    return await maintain(this.#access, async (client) => [
      ...(await checkRights(client, this.#title, world, 'rename')),
      ...(await awaitSessions(client, this.#title, databases, this.#releaseUser, this.#context.signal)),
    ])
  }

  async #ownership(): Promise<Ownership> {
    return await maintain(this.#access, (client) =>
      decideOwnership(client, this.#title, this.#details, this.#releaseUser),
    )
  }

  async #world(): Promise<World> {
    return await maintain(this.#access, (client) => readWorld(client, this.#names))
  }

  async #see(): Promise<void> {
    const world = await this.#world()
    if (!isInService(world, this.#context.operation))
      this.#described = { state: world.restored === undefined ? 'planned' : 'loaded' }
    else
      this.#described = {
        state: 'in-service',
        ...(world.before === undefined ? {} : { previous: `database ${this.#names.before}` }),
      }
  }
}

function isInService(world: World, operation: string): boolean {
  return world.live?.mark?.operation === operation
}

function isLoaded(world: World, operation: string): boolean {
  return isInService(world, operation) || world.restored?.mark?.operation === operation
}
