// Room: one MySQL or MariaDB server whose tables are restored beside those in service.
// Read load-target, load, target, switch, preflight.

import type { Finding } from '../../../../operation/finding.ts'
import type { DatabaseBackup } from '../../../../operation/record.ts'
import type { StorageSettings } from '../../../scalardb/storage-settings.ts'
import { formatBytes } from '../../../storage/bytes.ts'
import type { RestoreContext, RestorePlan } from '../../database.ts'
import type { ManifestSeal } from '../../dump/manifest.ts'
import { isInService, type LoadTarget } from '../../dump/restore-target.ts'
import { findingOf } from '../../errors.ts'
import { checkConnections } from '../backup/preflight.ts'
import { inSession, type MysqlWorld } from './catalog.ts'
import { loadTables } from './load.ts'
import { checkMoves, checkServer } from './preflight.ts'
import { MysqlTarget } from './target.ts'

/** A server being restored: tables are loaded into schemas beside those in service, and replace them by renaming. */
export class MysqlLoadTarget extends MysqlTarget implements LoadTarget<MysqlWorld> {
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
    const { live } = await this.look()
    const rows = this.#entry.tables.reduce((sum, table) => sum + (table.rows ?? 0), 0)
    const schemas = this.names.map((one) => one.live).join(', ')
    const restored = this.names.map((one) => one.restored).join(', ')
    const before = this.names.map((one) => one.before).join(', ')
    const isFirst = !live.filled
    return {
      title: this.title,
      steps: [
        'verify every file of the backup against its SHA-256',
        `create schemas ${restored}, load ${this.#entry.tables.length} tables with ${rows} rows into them, and count`,
        `on the server's disk: about ${formatBytes(this.recorded.tableBytes)} more` +
          (isFirst ? '' : ', until --drop-previous'),
        ...(isFirst ? [] : [`move the tables of ${schemas} to ${before}, all in one statement with the next step`]),
        `move the restored tables to ${schemas}`,
      ],
      loses: isFirst
        ? []
        : [
            `everything written since ${this.#entry.snapshotAt ?? 'the backup'}, ` +
              `in the tables of the schemas ${schemas}`,
          ],
    }
  }

  async preflight(): Promise<Finding[]> {
    const title = this.title
    const findings: Finding[] = []
    try {
      const world = await this.look()
      const message = `connected as ${this.access.username}`
      findings.push({ check: 'database connection', subject: title, outcome: 'ok', message })
      await inSession(this.access, async (session) => {
        findings.push(
          ...(await checkServer(session, title, this.recorded)),
          ...(await checkMoves(session, title, this.names, ['live'])),
          await checkConnections(session, title, this.#context.parallel, 'a restore'),
        )
      })
      if (!isInService(world, this.operation) && world.before.filled) {
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

  async load(): Promise<void> {
    await loadTables({
      access: this.access,
      title: this.title,
      entry: this.#entry,
      details: this.recorded,
      names: this.names,
      context: this.#context,
    })
  }
}
