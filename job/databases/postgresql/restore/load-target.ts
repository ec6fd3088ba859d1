// Room: one PostgreSQL database being restored beside the one in service.
// Read load-target, load, copy-rows, copy-in, pg-restore, statistics, target, switch, preflight.

import { formatBytes } from '../../../storage/bytes.ts'
import { Failure } from '../../../../operation/failure.ts'
import type { Finding } from '../../../../operation/finding.ts'
import type { DatabaseBackup } from '../../../../operation/record.ts'
import type { RestoreContext, RestorePlan } from '../../database.ts'
import type { StorageSettings } from '../../../scalardb/storage-settings.ts'
import type { ManifestSeal } from '../../dump/manifest.ts'
import { isInService, type LoadTarget } from '../../dump/restore-target.ts'
import { maintain, sizeOf, type PostgresqlWorld } from './catalog.ts'
import { loadDatabase } from './load.ts'
import { readPowers } from '../powers.ts'
import { refuseBeyond } from './loader.ts'
import { decideOwnership, type Ownership } from './ownership.ts'
import { findingOf } from '../../errors.ts'
import { checkTool } from '../backup/preflight.ts'
import { checkConnections } from '../connections.ts'
import { checkCollations, planExtensions } from './fitness.ts'
import { checkRights, checkSessions } from './obstacles.ts'
import { checkLive, checkNames, checkServer, surplusOf } from './preflight.ts'
import { PostgresqlTarget } from './target.ts'

/** A PostgreSQL database being restored: loaded beside the one in service, which it replaces by renaming. */
export class PostgresqlLoadTarget extends PostgresqlTarget implements LoadTarget<PostgresqlWorld> {
  readonly folder: string
  readonly seal: Pick<ManifestSeal, 'sha256'>
  readonly #entry: DatabaseBackup
  readonly #context: RestoreContext

  constructor(settings: StorageSettings[], entry: DatabaseBackup, context: RestoreContext) {
    super(settings, entry, context)
    this.folder = entry.folder ?? ''
    this.seal = { sha256: this.recorded.manifestSha256 }
    this.#entry = entry
    this.#context = context
  }

  async plan(): Promise<RestorePlan> {
    const { live, restored, before } = this.names
    const isFirst = !(await this.look()).live.filled
    const rows = this.#entry.tables.reduce((sum, table) => sum + (table.rows ?? 0), 0)
    const outside = isFirst ? [] : (await surplusOf(this.access, this.recorded)).outside
    const inService = isFirst ? 0 : await maintain(this.access, (client) => sizeOf(client, live))
    const beside =
      inService === 0 ? '' : `, beside ${formatBytes(inService)} in service, which stay until --drop-previous`
    const { totalBytes, tableBytes } = this.recorded
    return {
      title: this.title,
      steps: [
        'verify every file of the backup against its SHA-256',
        `create database ${restored}, load ${this.#entry.tables.length} tables with ${rows} rows into it, ` +
          'and count them',
        `on the server's disk: about ${formatBytes(totalBytes ?? tableBytes)} more${beside}, ` +
          'and up to as much again for its log while it loads',
        ...(isFirst ? [] : [`rename ${live} to ${before}`]),
        `rename ${restored} to ${live}`,
      ],
      loses: [
        ...(isFirst
          ? []
          : [
              `everything written since ${this.#entry.snapshotAt ?? 'the backup'}, ` +
                `in the schemas ${this.recorded.schemas.map((schema) => schema.name).join(', ')}`,
            ]),
        ...outside.map((thing) => `${thing}, unless made again`),
      ],
    }
  }

  async preflight(): Promise<Finding[]> {
    const title = this.title
    const { signal } = this.#context
    const findings = [await checkTool('pg_restore', title, this.recorded.toolMajor, 'the backup needs', signal)]
    try {
      const world = await this.look()
      const inService = isInService(world, this.operation)
      findings.push({
        check: 'database connection',
        subject: title,
        outcome: 'ok',
        message: `connected as ${this.access.username}`,
      })
      await maintain(this.access, async (client) => {
        findings.push(
          await checkServer(client, title, this.recorded),
          await checkCollations(client, title, this.recorded),
          ...(await planExtensions(client, title, this.recorded)).findings,
          ...(await checkRights(client, title, Object.values(world), 'rename')),
          // pg_restore's first session, its parallel ones, and one that asks how far they are
          await checkConnections(client, title, this.#context.parallel + 2, 'a restore'),
        )
        refuseBeyond(this.access, title, await readPowers(client))
        if (!inService)
          findings.push(...(await checkSessions(client, title, [this.names.live], this.releaseUser, 'warning')))
      })
      findings.push(
        ...(await this.#ownership()).findings,
        ...checkNames(title, this.names.before, world.before.filled && !inService),
      )
      if (!inService) findings.push(...(await checkLive(this.access, title, this.recorded, world)))
    } catch (error) {
      findings.push(findingOf('database connection', title, error))
    }
    return findings
  }

  async load(): Promise<void> {
    const ownership = await this.#ownership()
    const error = ownership.findings.find((finding) => finding.outcome === 'error')
    if (error !== undefined)
      throw new Failure({ what: `${this.title} cannot be loaded`, why: error.message, next: error.cure ?? '' })
    await loadDatabase({
      access: this.access,
      title: this.title,
      entry: this.#entry,
      details: this.recorded,
      names: this.names,
      context: this.#context,
      ownership,
    })
  }

  async #ownership(): Promise<Ownership> {
    return await maintain(this.access, (client) => decideOwnership(client, this.title, this.recorded, this.releaseUser))
  }
}
