// Room: one MySQL or MariaDB server whose tables are restored beside those in service.
// Read destination, load, restored, switch, preflight.

import type { Finding } from '../../../../operation/finding.ts'
import type { DatabaseBackup } from '../../../../operation/record.ts'
import type { Journal } from '../../../journal/journal.ts'
import type { StorageSettings } from '../../../scalardb/storage-settings.ts'
import { formatBytes } from '../../../storage/bytes.ts'
import type { RestoreContext, RestoreDestination, RestorePlan } from '../../database.ts'
import { readManifest } from '../../dump/manifest.ts'
import { verifyDump } from '../../dump/verify.ts'
import { checkConnections, findingOf } from '../backup/preflight.ts'
import { inSession, type World } from './catalog.ts'
import { loadTables } from './load.ts'
import { checkMoves, checkServer } from './preflight.ts'
import { isInService, RestoredMysql } from './restored.ts'

/** A server being restored: tables are loaded into schemas beside those in service, and replace them by renaming. */
export class MysqlDestination extends RestoredMysql implements RestoreDestination {
  readonly #context: RestoreContext

  constructor(settings: StorageSettings[], entry: DatabaseBackup, context: RestoreContext) {
    super(settings, entry, context)
    this.#context = context
  }

  async plan(): Promise<RestorePlan> {
    const { live } = await this.world()
    const rows = this.entry.tables.reduce((sum, table) => sum + (table.rows ?? 0), 0)
    const schemas = this.names.map((one) => one.live).join(', ')
    const restored = this.names.map((one) => one.restored).join(', ')
    const before = this.names.map((one) => one.before).join(', ')
    const isFirst = live.tables.length === 0
    return {
      title: this.title,
      steps: [
        'verify every file of the backup against its SHA-256',
        `create schemas ${restored}, load ${this.entry.tables.length} tables with ${rows} rows into them, and count`,
        `on the server's disk: about ${formatBytes(this.details.tableBytes)} more` +
          (isFirst ? '' : ', until --drop-previous'),
        ...(isFirst ? [] : [`move the tables of ${schemas} to ${before}, all in one statement with the next step`]),
        `move the restored tables to ${schemas}`,
      ],
      loses: isFirst
        ? []
        : [
            `everything written since ${this.entry.snapshotAt ?? 'the backup'}, ` +
              `in the tables of the schemas ${schemas}`,
          ],
    }
  }

  async preflight(): Promise<Finding[]> {
    const title = this.title
    const { folder = '' } = this.entry
    const seal = { sha256: this.details.manifestSha256 }
    const findings: Finding[] = []
    try {
      await readManifest(this.#context.storage, folder, title, seal)
    } catch (error) {
      findings.push(findingOf('backup', title, error))
    }
    try {
      const world = await this.world()
      const message = `connected as ${this.access.username}`
      findings.push({ check: 'database connection', subject: title, outcome: 'ok', message })
      await inSession(this.access, async (session) => {
        findings.push(
          ...(await checkServer(session, title, this.details)),
          ...(await checkMoves(session, title, this.names, ['live'])),
          await checkConnections(session, title, this.#context.parallel, 'a restore'),
        )
      })
      if (!isInService(world, this.#context.operation) && world.before.tables.length > 0) {
        findings.push({
          check: 'names',
          subject: title,
          outcome: 'error',
          message: `there are tables in ${world.before.schemas.join(', ')}, where the data in service would be kept`,
          cure: 'look what they hold, and rename or drop them',
        })
      }
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
    await this.ensure(journal, 'load', isLoaded, () =>
      loadTables({
        access: this.access,
        title: this.title,
        entry: this.entry,
        details: this.details,
        names: this.names,
        context: this.#context,
      }),
    )
    await this.see()
  }

  async checkSwitch(): Promise<Finding[]> {
    if (isInService(await this.world(), this.#context.operation)) return []
    return await this.free(['live'])
  }

  /** Stopped by the signal, unlike that of an undo, which has to let serve again what served before it. */
  override async activate(journal: Journal): Promise<void> {
    this.#context.signal.throwIfAborted()
    await super.activate(journal)
  }
}

function isLoaded(world: World, operation: string): boolean {
  return isInService(world, operation) || world.restored.mark?.operation === operation
}
