import type { OperationRecord, RestorePart } from '../../../operation/record.ts'
import type { RestoreDestination } from '../../databases/database.ts'
import type { OperationContext } from '../../context/operation-context.ts'

/** Records the databases of a restore as they are now, and which data serves where that has changed. */
export async function describeRestore(
  { record, request }: Pick<OperationContext<'restore'>, 'record' | 'request'>,
  databases: readonly RestoreDestination[],
  serving?: RestorePart['serving'],
): Promise<void> {
  const { operation, namespace, dropPrevious } = request
  await record.update(({ restore }: OperationRecord) => {
    if (restore === undefined) return
    restore.databases = databases.map((database) => database.describe())
    if (serving !== undefined) restore.serving = serving
    if (serving === 'restored' && !dropPrevious) {
      restore.wayBack = [
        `to put the former data back in service: kubectl scalardl restore ${operation} --undo -n ${namespace}`,
        `to remove it once you are content: kubectl scalardl restore ${operation} --drop-previous -n ${namespace}`,
      ]
    }
  })
}
