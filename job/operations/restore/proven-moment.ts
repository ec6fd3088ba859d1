import { Failure } from '../../../operation/failure.ts'
import { windowThatProves } from '../../../operation/outcome/pause-window.ts'
import type { OperationContext } from '../../context/operation-context.ts'
import { verifyRecord } from '../../context/signing.ts'

/**
 * Looks again whether the pause that the plugin found proves the moment that is to be restored: anybody who writes
 * ConfigMaps can make a record of one.
 * @param releases of the backup
 * @throws Failure where it does not, or where nobody trusted vouches for its record (exit code 4)
 */
export async function verifyMoment(context: OperationContext<'restore'>, releases: readonly string[]): Promise<void> {
  const { at, pause } = context.request.choice ?? {}
  if (at === undefined || pause === undefined) return
  const record = await context.cluster.readRecord(pause)
  verifyRecord(context, record, context.request.trust)
  if (windowThatProves(record, at, releases) !== undefined) return
  throw new Failure({
    what: `${context.request.operation} was not begun, nothing was touched`,
    why: `no valid pause of ${releases.join(', ')} in the record of ${pause} holds ${at}`,
    next: 'look who changed that record; without it, the same command says that the moment is unproven',
  })
}
