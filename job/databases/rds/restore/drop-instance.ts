import { DeleteDBInstanceCommand } from '@aws-sdk/client-rds'
import { Failure } from '../../../../operation/failure.ts'
import { until } from '../../../aws/polling.ts'
import { nameOf } from '../../../aws/sdk-retries.ts'
import { loggedInAt } from '../../managed-server/logins.ts'
import { namesOf } from '../../managed-server/server.ts'
import { isEndpoint, serverOf } from '../access.ts'
import { lookAtInstance } from '../instances/look.ts'
import type { ServerRepointing } from '../../managed-server/server-repointing.ts'
import type { RestoreWork } from './restore-work.ts'

/** The snapshot that a former instance leaves; its name has 255 characters at most. */
export function finalSnapshot({ target }: Pick<RestoreWork, 'target'>): string {
  return `final-${target}`
}

/**
 * Looks, changing nothing, whether the instance that was in service before may be deleted.
 * @throws Failure where anything may still need it
 */
export async function refuseDrop(work: RestoreWork, repointing: ServerRepointing): Promise<void> {
  const { context, details, lasting, settings } = work
  const { instance: name, region } = details
  const refused = (why: string, next?: string) =>
    new Failure({
      what: `instance ${name} is not deleted`,
      why,
      next:
        next ??
        `once nobody needs it: aws rds delete-db-instance --region ${region} --db-instance-identifier ${name} ` +
          `--final-db-snapshot-identifier ${name}-final --no-delete-automated-backups`,
    })
  if ((await repointing.inUse()) !== 'by all')
    throw refused('the releases do not all use the restored instance', 'point them to the restored instance first')
  await repointing.recall()
  const former = repointing.formerSettings()
  const hosts = await Promise.all(former.map((one) => namesOf(serverOf(one).host, isEndpoint, context.signal)))
  if (former.length < settings.length || !hosts.every((names) => names.includes(details.host.toLowerCase())))
    throw refused('it is not what the releases are known to have used before the restore')
  const others = (await context.bystanders?.()) ?? []
  if (others.length > 0)
    throw refused(`${others.map((one) => one.name).join(', ')} runs in this namespace and may use it`)
  const one = await lookAtInstance(lasting, name)
  // An earlier worker of this removal has deleted it, or somebody has.
  if (one === undefined || one.DBInstanceStatus === 'deleting') return
  if (one.DbiResourceId !== details.resourceId)
    throw refused('it is another instance of that name than the one that was backed up')
  if (one.DeletionProtection === true)
    throw refused(
      'it is protected from deletion',
      `aws rds modify-db-instance --region ${region} --db-instance-identifier ${name} --no-deletion-protection ` +
        '--apply-immediately, then run it again',
    )
  if (one.DBInstanceStatus !== 'available')
    throw refused(
      `it is ${one.DBInstanceStatus}, and a final snapshot is made of one that is available`,
      'see to it first',
    )
  const replicas = one.ReadReplicaDBInstanceIdentifiers ?? []
  if (replicas.length > 0) throw refused(`${replicas.join(', ')} replicates it`, 'delete or promote its replicas first')
  const present = (await Promise.all(former.map(loggedInAt))).flat()
  if (present.length > 0)
    throw refused(
      `somebody uses it: ${[...new Set(present)].join(', ')}`,
      'have them use another database, or wait until they are gone, then run it again',
    )
}

/**
 * Deletes the instance that was backed up, and no other of its name. Its last state is kept in a snapshot, and its past
 * for as long as its backups are: restore points in it stay. Idempotent.
 * @throws Failure where it was protected from deletion meanwhile
 */
export async function ensureFormerDeleted(work: RestoreWork): Promise<void> {
  const { client, context, details } = work
  await until(async () => {
    const one = await lookAtInstance(client, details.instance)
    if (one === undefined || one.DbiResourceId !== details.resourceId) return true
    if (one.DBInstanceStatus !== 'available') return undefined
    const asked = new DeleteDBInstanceCommand({
      DBInstanceIdentifier: details.instance,
      SkipFinalSnapshot: false,
      FinalDBSnapshotIdentifier: finalSnapshot(work),
      DeleteAutomatedBackups: false,
    })
    await client.send(asked).catch((error: unknown) => {
      // Its state may have changed since it was looked at.
      if (!/^(InvalidDBInstanceState|DBInstanceNotFound)Fault$/.test(nameOf(error))) throw error
    })
    return undefined
  }, context.signal)
}
