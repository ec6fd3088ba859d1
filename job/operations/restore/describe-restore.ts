import { notedReplicas } from './stop-and-start.ts'
import { restoreCommand } from '../../../operation/outcome/restore-command.ts'
import type { OperationRecord, RestorePart } from '../../../operation/record.ts'
import type { RestoredData } from '../../databases/database.ts'
import type { OperationContext } from '../../context/operation-context.ts'

/** Records the databases of a restore as they are now, and which data serves where that has changed. */
export async function describeRestore(
  { journal, record, request }: Pick<OperationContext<'restore'>, 'journal' | 'record' | 'request'>,
  databases: readonly RestoredData[],
  serving?: RestorePart['serving'],
): Promise<void> {
  const { dropPrevious } = request
  await record.update(({ restore }: OperationRecord) => {
    if (restore === undefined) return
    restore.databases = databases.map((database) => database.describe())
    if (serving !== undefined) restore.serving = serving
    const replicas = notedReplicas({ journal })
    if (Object.keys(replicas).length > 0) restore.replicas = replicas
    if (serving !== 'restored') return
    const final = databases.flatMap(({ noWayBack }) => noWayBack ?? [])
    const back = `to put the former data back in service: ${restoreCommand(request, '--undo')}`
    const kept = databases.length > final.length && !dropPrevious
    restore.wayBack = [
      ...final.map((why) => `there is no way back: ${why}`),
      ...(kept && final.length === 0 ? [back] : []),
      ...(kept ? [`to remove it once you are content: ${restoreCommand(request, '--drop-previous')}`] : []),
    ]
  })
}
