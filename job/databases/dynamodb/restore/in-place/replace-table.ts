import type { TableDescription } from '@aws-sdk/client-dynamodb'
import { Failure } from '../../../../../operation/failure.ts'
import type { Journal } from '../../../../journal/journal.ts'
import { ensureDeleted, ensureUnprotected, untilGone } from '../../tables/delete-table.ts'
import { isRestoredFrom, originOf } from '../../tables/look-at-table.ts'
import { limits } from '../../../../aws/rate-limits.ts'
import { isKeptWhenDeleted } from '../../tables/recovery-window.ts'
import { ensureRestoreBegun, untilRestored } from '../restore-table.ts'
import type { Regions, RestoreWork } from '../restore-work.ts'
import { completeTable } from '../../settings/complete-table.ts'
import type { TableSettings } from '../../settings/table-settings.ts'

/** A table that gives way to a backup restored under its name. */
export interface Replacement {
  name: string
  backupArn: string
  expected: TableSettings
  /** `original` and `restored` tables: the steps are named after which of them comes, and which goes */
  comes: 'original' | 'restored'
  /** id of the table that was in service before the restore */
  originalId: string
  /** whether the backup can be restored at this moment, asked of AWS */
  isAvailable: () => Promise<boolean>
  /** whether a table that goes may hold what nothing else does, so that AWS has to keep its last state */
  holdsMore: (found: TableDescription) => boolean
  /** whether a table of this name that is not the original was made by this restore or its undo */
  isKnown: (found: TableDescription) => boolean
}

/**
 * Deletes a table and restores a backup under its name; done as far as it is not yet. The table goes only once AWS says
 * that the backup is AVAILABLE and that it keeps what nothing else holds, asked right before each call that deletes.
 * @returns settings that are not as they should be
 * @throws Failure where the backup is not there, nothing would be left of the table, or the table is none that this
 * restore knows
 */
export async function replaceTable(
  work: RestoreWork,
  of: Replacement,
  regions: Regions,
  journal: Journal,
  signal: AbortSignal,
): Promise<string[]> {
  const { name, backupArn, comes } = of
  const goes = comes === 'restored' ? 'original' : 'restored'
  const { dynamo } = regions.target
  const from = { backupArn }
  // The table that was in service may itself have been restored from this very backup, and written to since.
  const hasCome = (found: TableDescription) => isRestoredFrom(found, from) && found.TableId !== of.originalId
  const may = async (found: TableDescription): Promise<boolean> => {
    if (hasCome(found)) return false
    if (!isKnown(found, of)) throw stranger(name, found)
    if (of.holdsMore(found)) {
      const isKept = await isKeptWhenDeleted(dynamo, name, signal)
      // A look may trail: there is nothing to delete any more.
      if (isKept === undefined) return false
      if (!isKept) throw notKept(name)
    }
    if (!(await of.isAvailable())) throw unavailable(of)
    return true
  }
  work.progress.enter(name, `deleting the ${goes} table`)
  const isOurs = (found: TableDescription) => found.TableId !== of.originalId && !hasCome(found) && isKnown(found, of)
  await journal.ensure(deletionStep(name, goes), async () => {
    await ensureUnprotected(dynamo, name, isOurs, signal)
    await ensureDeleted(dynamo, name, may, signal)
  })
  await untilGone(dynamo, name, signal, (found) => isKnown(found, of) && !hasCome(found))
  work.progress.enter(name, 'waiting for its turn')
  await limits.restores.run(async () => {
    work.progress.enter(name, `restoring the ${comes} table`)
    const surroundings = { dynamo, source: dynamo, signal }
    await journal.ensure(`restore ${comes} ${name}`, () =>
      ensureRestoreBegun(surroundings, { name, from, expected: of.expected }),
    )
    await untilRestored(surroundings, { name, from, expected: of.expected })
  }, signal)
  work.progress.enter(name, 'getting its settings')
  const differences = await completeTable(
    { clients: regions.target, autoscaling: regions.autoscaling, journal, signal },
    name,
    of.expected,
  )
  work.progress.done(name)
  return differences
}

/** Name of the step that deletes a table, the one in service before the restore unless another is said. */
export function deletionStep(name: string, goes: 'original' | 'restored' = 'original'): string {
  return `delete ${goes} ${name}`
}

function isKnown(found: TableDescription, of: Replacement): boolean {
  return found.TableId === of.originalId || of.isKnown(found)
}

function stranger(name: string, found: TableDescription): Failure {
  return new Failure({
    what: `${name} is not deleted`,
    why: `it is neither the table that was in service nor one of this restore: ${originOf(found)}`,
    next: 'find out who made it; the data of this restore is in its backups',
  })
}

function notKept(name: string): Failure {
  return new Failure({
    what: `${name} is not deleted`,
    why: 'point-in-time recovery is off by now, so that AWS would keep nothing of it',
    next: 'turn it on (aws dynamodb update-continuous-backups), and do the same again',
  })
}

function unavailable({ name, backupArn }: Replacement): Failure {
  return new Failure({
    what: `${name} is not deleted`,
    why: `what is to take its place is not AVAILABLE: ${backupArn}`,
    next: 'see in the AWS console what became of that backup, and run the restore again',
  })
}
