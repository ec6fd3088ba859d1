import {
  AddRoleToDBClusterCommand,
  AddRoleToDBInstanceCommand,
  CreateDBInstanceCommand,
  ModifyDBClusterCommand,
} from '@aws-sdk/client-rds'
import { isDeepStrictEqual } from 'node:util'
import { nameOf } from '../../aws/sdk-retries.ts'
import type { Journal } from '../../journal/journal.ts'
import { lookAtInstance, type Instance } from '../aws-relational/kept-instance.ts'
import { given, sentWhenReady, untilAvailable, untilServing } from '../aws-relational/restore/ensure-restored.ts'
import { addRoles, ensureChanged } from '../aws-relational/restore/put-on-again.ts'
import { isOwn, notOwn, ownTag, withoutRestoreTag } from '../aws-relational/restore/ownership.ts'
import { madeName, type RestoreWork } from '../aws-relational/restore/restore-work.ts'
import type { Cluster } from './cluster.ts'
import { settingsOf, type ClusterSettings, type MemberSettings } from './settings.ts'

type Work = RestoreWork<Cluster, ClusterSettings>

/** Makes the instances, of which a restored cluster has none, and puts on again what the restore does not take. */
export async function completeCluster(work: Work, journal: Journal): Promise<void> {
  const { details, target } = work
  const [writer, ...readers] = details.settings.members
  // The first instance of a cluster takes writes (Aurora user guide: restoring a DB cluster to a specified time).
  if (writer !== undefined) await journal.ensure(`writer of cluster ${target}`, () => ensureMember(work, writer))
  await journal.ensure(`readers of cluster ${target}`, () => atOnce(readers, (one) => ensureMember(work, one)))
  await journal.ensure(`roles of the instances of cluster ${target}`, () =>
    atOnce(details.settings.members, (one) => ensureMemberRoles(work, one)),
  )
  await journal.ensure(`settings of cluster ${target}`, () => ensureSettings(work))
  await journal.ensure(`roles of cluster ${target}`, () => ensureRoles(work))
}

/** Each of them, at once; where one fails nothing goes on by itself. @throws what the first that failed has thrown */
async function atOnce(
  members: readonly MemberSettings[],
  act: (member: MemberSettings) => Promise<void>,
): Promise<void> {
  const ended = await Promise.allSettled(members.map(act))
  const failed = ended.find((one) => one.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}

/** The cluster of this restore, once it and all that it has to have serve. */
export async function untilWhole(work: Work): Promise<Cluster> {
  const { context, details } = work
  await untilServing(work)
  for (const { name } of details.settings.members) await untilMember(work, madeName(name, work))
  context.signal.throwIfAborted()
  return await untilServing(work)
}

/** @throws Failure where the name is somebody else's */
async function ensureMember(work: Work, { name: source, created, tags }: MemberSettings): Promise<void> {
  const { client, context, target } = work
  const name = madeName(source, work)
  if ((await ownMember(work, name)) === undefined) {
    const asked = new CreateDBInstanceCommand({
      ...given(created),
      DBInstanceClass: created.DBInstanceClass,
      Engine: created.Engine,
      DBInstanceIdentifier: name,
      DBClusterIdentifier: target,
      Tags: [...withoutRestoreTag(tags), ownTag(context.operation)],
    })
    // Where the answer to a first call was lost the name is our own, as its tags tell.
    const send = () =>
      client.send(asked).catch((error: unknown) => {
        if (nameOf(error) !== 'DBInstanceAlreadyExistsFault') throw error
      })
    await sentWhenReady(send, () => untilServing(work), context.signal)
  }
  await untilMember(work, name)
}

async function untilMember(work: Work, name: string): Promise<Instance> {
  const { signal } = work.context
  return await untilAvailable(() => ownMember(work, name), { title: `instance ${name}`, signal })
}

/** @throws Failure where an instance of that name is not this restore's, or of another cluster */
async function ownMember({ client, context, target }: Work, name: string): Promise<Instance | undefined> {
  const one = await lookAtInstance(client, name)
  if (one === undefined || (isOwn(one, context.operation) && one.told.DBClusterIdentifier === target)) return one
  throw notOwn({ aOne: 'an instance', noun: 'instance' }, name)
}

async function ensureMemberRoles(work: Work, { name: source, roles }: MemberSettings): Promise<void> {
  const { client, context } = work
  const name = madeName(source, work)
  await addRoles(
    { wanted: roles, present: [] },
    (role) => client.send(new AddRoleToDBInstanceCommand({ DBInstanceIdentifier: name, ...role })),
    () => untilMember(work, name),
    context.signal,
  )
}

async function ensureSettings(work: Work): Promise<void> {
  const { client, details, target } = work
  const wanted = details.settings.modified
  const change = () =>
    client.send(new ModifyDBClusterCommand({ DBClusterIdentifier: target, ...wanted, ApplyImmediately: true }))
  const isSame = (one: Cluster) => isDeepStrictEqual(settingsOf(one).modified, wanted)
  await ensureChanged(work, isSame, change)
}

async function ensureRoles(work: Work): Promise<void> {
  const { client, context, details, target } = work
  const roles = { wanted: details.settings.roles, present: settingsOf(await untilServing(work)).roles }
  await addRoles(
    roles,
    (role) => client.send(new AddRoleToDBClusterCommand({ DBClusterIdentifier: target, ...role })),
    () => untilServing(work),
    context.signal,
  )
}
