import {
  DeleteDBClusterCommand,
  DeleteDBInstanceCommand,
  ModifyDBClusterCommand,
  type RDSClient,
} from '@aws-sdk/client-rds'
import { Failure } from '../../../operation/failure.ts'
import { isOwn } from '../aws-relational/restore/ownership.ts'
import type { RestoreWork } from '../aws-relational/restore/restore-work.ts'
import type { Cluster, Member } from './cluster.ts'
import type { ClusterSettings } from './settings.ts'

type Work = RestoreWork<Cluster, ClusterSettings>

/**
 * Takes one step of the removal of what a restore made: its protection, its instances, then the cluster itself.
 * @throws Failure where somebody added an instance to it
 */
export async function removeCluster({ lasting, target, context }: Work, one: Cluster): Promise<void> {
  const { isProtected, members } = one
  const others = members.filter((member) => !isOwn(member, context.operation))
  if (others.length > 0)
    throw new Failure({
      what: `cluster ${target} is not removed`,
      why: `somebody added ${others.map(({ name }) => name).join(', ')} to it`,
      next: 'delete that instance once nobody needs it, then run it again',
    })
  const id = { DBClusterIdentifier: target }
  if (isProtected)
    await lasting.send(new ModifyDBClusterCommand({ ...id, DeletionProtection: false, ApplyImmediately: true }))
  else if (members.length > 0) await removeMembers(lasting, members)
  else await lasting.send(new DeleteDBClusterCommand({ ...id, SkipFinalSnapshot: true, DeleteAutomatedBackups: true }))
}

/** Takes one step of the removal of the cluster that was in service before: its instances, then the cluster itself. */
export async function removeFormer({ client, details }: Work, { members }: Cluster, snapshot: string): Promise<void> {
  if (members.length > 0) return await removeMembers(client, members)
  await client.send(
    new DeleteDBClusterCommand({
      DBClusterIdentifier: details.source,
      SkipFinalSnapshot: false,
      FinalDBSnapshotIdentifier: snapshot,
      DeleteAutomatedBackups: false,
    }),
  )
}

/** Readers first, so that none of them becomes the writer (Aurora user guide: deleting Aurora DB clusters). */
async function removeMembers(client: RDSClient, members: readonly Member[]): Promise<void> {
  const ready = members.filter(({ status }) => status !== 'deleting')
  const readers = ready.filter(({ isWriter }) => !isWriter)
  const next = readers.length > 0 ? readers : members.length === ready.length ? ready : []
  for (const { name } of next) await client.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: name }))
}
