import { Failure } from '../../../../operation/failure.ts'
import { NoWayBack } from '../../errors.ts'
import type { SystemBackups } from '../backup/backup-watch.ts'
import type { BackedUpTable } from '../details.ts'
import { fewNames } from '../tables/few-names.ts'
import { lookAtTable } from '../tables/look-at-table.ts'
import type { FormerTables } from './former-tables.ts'
import { isKeptWhenDeleted } from '../tables/recovery-window.ts'
import type { ReplacementBackups } from './in-place/replacement-backups.ts'
import type { RestoreWork } from './restore-work.ts'
import { untilShown } from '../../../aws/eventual-consistency.ts'

/** What the tables that give way to the originals were restored from, and what AWS keeps of those. */
interface Ways {
  backups: ReplacementBackups
  systemBackups: SystemBackups
}

/**
 * Whether every original can be put back in place of the table that was restored under its name.
 * @throws Failure where AWS no longer has the last state of one, or would keep none of what was written since the
 * restore
 */
export async function checkWayBack(
  work: RestoreWork,
  tables: readonly BackedUpTable[],
  formerTables: FormerTables,
  { backups, systemBackups }: Ways,
): Promise<void> {
  const {
    title,
    regions: {
      target: { dynamo },
    },
    context: { signal },
  } = work
  const which = async (is: (table: BackedUpTable) => Promise<boolean>): Promise<string[]> => {
    const found = await Promise.all(tables.map(is))
    return tables.filter((_, index) => found[index]).map(({ name }) => name)
  }
  const lost = await which(async ({ name }) => {
    const id = formerTables[name]?.id
    if (id === undefined) return true
    const isThere = async () =>
      (await lookAtTable(dynamo, name))?.TableId === id || (await systemBackups(id))?.BackupStatus === 'AVAILABLE'
    return (await untilShown(async () => ((await isThere()) ? true : undefined), signal)) === undefined
  })
  if (lost.length > 0) {
    throw new NoWayBack(title, `AWS no longer has the last state of ${fewNames(lost)}; it keeps it for 35 days`)
  }
  if (!wasInService(work)) return
  const unkept = await which(async (table) => {
    const found = await lookAtTable(dynamo, table.name)
    if (found === undefined || found.TableId === formerTables[table.name]?.id || !backups.isRestored(table, found))
      return false
    return (await isKeptWhenDeleted(dynamo, table.name, signal)) === false
  })
  if (unkept.length > 0) {
    throw new Failure({
      what: `the former data of ${title} is not put back`,
      why:
        'what was written since the restore would be lost: ' +
        'AWS keeps the last state of a deleted table only where point-in-time recovery is on, ' +
        `and it is off for ${fewNames(unkept)}`,
      next: 'turn it on (aws dynamodb update-continuous-backups), and undo the restore again',
    })
  }
}

/** Whether the restored tables came to serve, so that they may hold what nothing else does. */
export function wasInService({ context: { former } }: RestoreWork): boolean {
  return former?.state === 'in-service'
}
