import { DeleteDBInstanceCommand, ModifyDBInstanceCommand } from '@aws-sdk/client-rds'
import { Failure } from '../../../../operation/failure.ts'
import { until } from '../../../aws/polling.ts'
import { nameOf } from '../../../aws/sdk-retries.ts'
import { lookAtInstance } from '../instances/look.ts'
import { isOwn } from './restore-instance.ts'
import type { RestoreWork } from './restore-work.ts'

/**
 * Deletes the instance of this restore and waits until it is gone; nobody else's, as its tags tell. Its protection from
 * deletion is this program's own work.
 * @throws Failure where it is still being made and the operation was told to stop
 */
export async function deleteOwn({ lasting, target, context }: RestoreWork): Promise<void> {
  await until(async () => {
    const one = await lookAtInstance(lasting, target)
    if (one === undefined || !isOwn(one, context.operation)) return true
    const { DBInstanceStatus: status = '', DeletionProtection } = one
    // Whoever was told to stop has no hours to wait for it.
    if (status === 'creating' && context.signal.aborted) throw stillMade(target)
    if (/^(creating|backing-up|modifying|deleting)$/.test(status)) return undefined
    const id = { DBInstanceIdentifier: target }
    const act =
      DeletionProtection === true
        ? () => lasting.send(new ModifyDBInstanceCommand({ ...id, DeletionProtection: false, ApplyImmediately: true }))
        : () =>
            lasting.send(new DeleteDBInstanceCommand({ ...id, SkipFinalSnapshot: true, DeleteAutomatedBackups: true }))
    await act().catch((error: unknown) => {
      // Its state may have changed since it was looked at.
      if (!/^(InvalidDBInstanceState|DBInstanceNotFound)Fault$/.test(nameOf(error))) throw error
    })
    return undefined
  }, new AbortController().signal)
}

function stillMade(target: string): Failure {
  return new Failure({
    what: `instance ${target} is not removed yet`,
    why: 'RDS is still making it',
    next: 'undo the restore once it is there: kubectl scalardl restore RESTORE --undo',
  })
}
