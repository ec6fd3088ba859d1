// Room: one PostgreSQL database being restored beside the one in service.
// Read destination, load, restored, switch, preflight.

import { formatBytes } from '../../../storage/bytes.ts'
import { Failure } from '../../../../operation/failure.ts'
import type { Finding } from '../../../../operation/finding.ts'
import type { DatabaseBackup } from '../../../../operation/record.ts'
import type { Journal } from '../../../journal/journal.ts'
import type { RestoreContext, RestoreDestination, RestorePlan } from '../../database.ts'
import type { StorageSettings } from '../../../scalardb/storage-settings.ts'
import { readManifest } from '../../dump/manifest.ts'
import { verifyDump } from '../../dump/verify.ts'
import { maintain, sizeOf, type World } from './catalog.ts'
import { loadDatabase } from './load.ts'
import { readPowers } from '../powers.ts'
import { refuseBeyond } from './loader.ts'
import { decideOwnership, type Ownership } from './ownership.ts'
import { checkTool, findingOf } from '../backup/preflight.ts'
import { checkConnections } from '../connections.ts'
import { checkCollations, planExtensions } from './fitness.ts'
import { checkRights, checkSessions } from './obstacles.ts'
import { checkLive, checkNames, checkServer, surplusOf } from './preflight.ts'
import { isInService, RestoredPostgresql } from './restored.ts'

/** A PostgreSQL database being restored: loaded beside the one in service, which it replaces by renaming. */
export class PostgresqlDestination extends RestoredPostgresql implements RestoreDestination {
  readonly #context: RestoreContext

  constructor(settings: StorageSettings[], entry: DatabaseBackup, context: RestoreContext) {
    super(settings, entry, context)
    this.#context = context
  }

  async plan(): Promise<RestorePlan> {
    const { live, restored, before } = this.names
    const world = await this.world()
    const rows = this.entry.tables.reduce((sum, table) => sum + (table.rows ?? 0), 0)
    const outside = world.live === undefined ? [] : (await surplusOf(this.access, this.details)).outside
    const inService = world.live === undefined ? 0 : await maintain(this.access, (client) => sizeOf(client, live))
    const beside =
      inService === 0 ? '' : `, beside ${formatBytes(inService)} in service, which stay until --drop-previous`
    const { totalBytes, tableBytes } = this.details
    return {
      title: this.title,
      steps: [
        'verify every file of the backup against its SHA-256',
        `create database ${restored}, load ${this.entry.tables.length} tables with ${rows} rows into it, ` +
          'and count them',
        `on the server's disk: about ${formatBytes(totalBytes ?? tableBytes)} more${beside}, ` +
          'and up to as much again for its log while it loads',
        ...(world.live === undefined ? [] : [`rename ${live} to ${before}`]),
        `rename ${restored} to ${live}`,
      ],
      loses: [
        ...(world.live === undefined
          ? []
          : [
              `everything written since ${this.entry.snapshotAt ?? 'the backup'}, ` +
                `in the schemas ${this.details.schemas.map((schema) => schema.name).join(', ')}`,
            ]),
        ...outside.map((thing) => `${thing}, unless made again`),
      ],
    }
  }

  async preflight(): Promise<Finding[]> {
    const title = this.title
    const { signal, storage } = this.#context
    const findings = [await checkTool('pg_restore', title, this.details.toolMajor, 'the backup needs', signal)]
    const seal = { sha256: this.details.manifestSha256 }
    await readManifest(storage, this.entry.folder ?? '', title, seal).catch((error: unknown) =>
      findings.push(findingOf('backup', title, error)),
    )
    try {
      const world = await this.world()
      const inService = world.live?.mark?.operation === this.#context.operation
      findings.push({
        check: 'database connection',
        subject: title,
        outcome: 'ok',
        message: `connected as ${this.access.username}`,
      })
      await maintain(this.access, async (client) => {
        findings.push(
          await checkServer(client, title, this.details),
          await checkCollations(client, title, this.details),
          ...(await planExtensions(client, title, this.details)).findings,
          ...(await checkRights(client, title, world, 'rename')),
          // pg_restore's first session, its parallel ones, and one that asks how far they are
          await checkConnections(client, title, this.#context.parallel + 2, 'a restore'),
        )
        refuseBeyond(this.access, title, await readPowers(client))
        if (!inService)
          findings.push(...(await checkSessions(client, title, [this.names.live], this.releaseUser, 'warning')))
      })
      findings.push(
        ...(await this.#ownership()).findings,
        ...checkNames(title, this.names.before, world.before !== undefined && !inService),
      )
      if (!inService) findings.push(...(await checkLive(this.access, title, this.details, world)))
    } catch (error) {
      findings.push(findingOf('database connection', title, error))
    }
    return findings
  }

  async verify(): Promise<void> {
    const { operation, signal, storage } = this.#context
    if (isLoaded(await this.world(), operation)) return
    const seal = { sha256: this.details.manifestSha256 }
    await verifyDump(storage, this.entry.folder ?? '', this.title, seal, signal)
  }

  async load(journal: Journal): Promise<void> {
    this.#context.signal.throwIfAborted()
    await this.ensure(journal, 'load', isLoaded, async () => {
      const ownership = await this.#ownership()
      const error = ownership.findings.find((finding) => finding.outcome === 'error')
      if (error !== undefined)
        throw new Failure({ what: `${this.title} cannot be loaded`, why: error.message, next: error.cure ?? '' })
      await loadDatabase({
        access: this.access,
        title: this.title,
        entry: this.entry,
        details: this.details,
        names: this.names,
        context: this.#context,
        ownership,
      })
    })
    await this.see()
  }

  async checkSwitch(): Promise<Finding[]> {
    const { live, restored } = this.names
    const world = await this.world()
    if (isInService(world, this.#context.operation)) return []
    return await this.free(world, [live, restored])
  }

  /** Stopped by the signal, unlike that of an undo, which has to let serve again what served before it. */
  override async activate(journal: Journal): Promise<void> {
    this.#context.signal.throwIfAborted()
    await super.activate(journal)
  }

  async #ownership(): Promise<Ownership> {
    return await maintain(this.access, (client) => decideOwnership(client, this.title, this.details, this.releaseUser))
  }
}

function isLoaded(world: World, operation: string): boolean {
  return isInService(world, operation) || world.restored?.mark?.operation === operation
}
