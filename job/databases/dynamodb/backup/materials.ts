import type { DatabaseBackup } from '../../../../operation/record.ts'
import type { StorageSettings } from '../../../scalardb/storage-settings.ts'
import type { DatabaseContext, Materials } from '../../database.ts'
import { accessOf, inRegion, titleOf } from '../access.ts'
import { awsFailure } from '../aws-error.ts'
import { openClients } from '../clients.ts'
import { refusalTold } from '../refusal-told.ts'
import { readDetails } from '../details.ts'
import { checkSourcesOf } from '../restore/check-point.ts'
import { oneOfEachKey } from '../tables/one-of-each-key.ts'
import { checkRights } from './check-rights.ts'
import { discardMaterials, materialize } from './materialize.ts'
import { checkRoom } from './preflight.ts'

/** How long AWS may be out of reach, ms: while it restores, and while what was begun is removed. */
const patienceMs = 1_800_000
const tidyMs = 60_000

/** On-demand backups of a point that was recorded before, made in the region that the backup is of. */
export function materialsOf(
  settings: readonly StorageSettings[],
  entry: DatabaseBackup,
  { events, signal, operation }: DatabaseContext,
): Materials {
  const details = readDetails(entry)
  const { region, tables } = details
  const access = inRegion(accessOf(settings), region, details)
  const title = titleOf(access)
  const point = new Date(entry.snapshotAt ?? Number.NaN)
  const missing = tables.filter(({ materialized }) => materialized === undefined)
  return {
    async preflight() {
      const { dynamo, close } = openClients(access, { patienceMs: tidyMs, signal })
      const sources = missing.map((table) => ({ table, from: { tableArn: table.arn, at: point }, point }))
      try {
        if (missing.length === 0) return []
        return [
          await checkSourcesOf(dynamo, title, sources, signal),
          await checkRoom(dynamo, { title, more: missing.length }),
          ...(await checkRights(dynamo, {
            title,
            tables: oneOfEachKey(missing, ({ settings }) => settings.kmsKey).map(({ name }) => name),
            operation,
            materialize: true,
          })),
        ]
      } catch (error) {
        signal.throwIfAborted()
        throw awsFailure(`the preflight of ${title} failed`, access, error)
      } finally {
        close()
      }
    },
    async make(journal) {
      const clients = openClients(access, { patienceMs, signal, told: refusalTold(events) })
      try {
        return await materialize(entry, { clients, operation, signal, events, journal })
      } catch (error) {
        signal.throwIfAborted()
        throw awsFailure(`the point in ${title} could not be materialized`, access, error)
      } finally {
        clients.close()
      }
    },
    // Not stopped by the signal: tidying up is what a stopped operation does.
    async discard() {
      const clients = openClients(access, { patienceMs: tidyMs })
      try {
        await discardMaterials(entry, { clients, operation, signal: AbortSignal.timeout(tidyMs) })
      } finally {
        clients.close()
      }
    },
  }
}
