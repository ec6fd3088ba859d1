import {
  DeleteDBInstanceCommand,
  DescribeDBInstanceAutomatedBackupsCommand,
  DescribeOptionGroupsCommand,
  ModifyDBInstanceCommand,
  RestoreDBInstanceToPointInTimeCommand,
} from '@aws-sdk/client-rds'
import { nameOf } from '../../aws/sdk-retries.ts'
import { lookAtInstance, seekInstance, type Instance } from '../aws-relational/kept-instance.ts'
import { pastIn } from '../aws-relational/past.ts'
import type { RelationalKind } from '../aws-relational/relational-kind.ts'
import { group, parameterGroup, quota, subnetGroup } from '../aws-relational/restore/check-place.ts'
import { given, untilServing } from '../aws-relational/restore/ensure-restored.ts'
import { withoutRestoreTag } from '../aws-relational/restore/ownership.ts'
import { checkInstance } from './check-instance.ts'
import { compareSettings } from './compare.ts'
import { completeInstance } from './complete-instance.ts'
import { readDetails } from './details.ts'
import { settingsOf, type InstanceSettings } from './settings.ts'

/** What is of DB instances alone. */
export const instances: RelationalKind<Instance, InstanceSettings> = {
  name: 'rds',
  noun: 'instance',
  aOne: 'an instance',
  service: 'an instance of RDS',
  serviceTitle: 'Amazon RDS',
  guide: 'docs/databases/rds.md',
  endpoint: 'instance',
  otherEndpoint: (of) =>
    of === 'proxy'
      ? { why: 'of a proxy, which this version cannot restore', next: 'omit --managed for a dump' }
      : { why: 'of a cluster of Aurora', next: 'use --managed aurora, or omit it for a dump' },
  look: lookAtInstance,
  seek: seekInstance,
  async pastOf(client, resourceId) {
    const command = new DescribeDBInstanceAutomatedBackupsCommand({ DbiResourceId: resourceId })
    const { DBInstanceAutomatedBackups: kept = [] } = await client.send(command).catch((error: unknown) => {
      if (nameOf(error) === 'DBInstanceAutomatedBackupNotFoundFault') return { DBInstanceAutomatedBackups: [] }
      throw error
    })
    return pastIn(kept[0])
  },
  checkServing: checkInstance,
  settingsOf,
  leftOut: ({ replicas, managedPassword }) => [
    ...(replicas.length === 0 ? [] : [`its replicas ${replicas.join(', ')} are not restored`]),
    ...(managedPassword ? ["its master user's password in Secrets Manager is not of a restored instance"] : []),
  ],
  planSteps: () => [
    'give it again what a restore forgets: groups, networks, zones, backups, logs, monitoring, tags, roles',
  ],
  place(work, former) {
    const { DBParameterGroupName, DBSubnetGroupName, OptionGroupName } = work.details.settings.restored
    return [
      parameterGroup(DBParameterGroupName, work),
      group('option group', OptionGroupName, work.kind, (name) =>
        work.client.send(new DescribeOptionGroupsCommand({ OptionGroupName: name })),
      ),
      subnetGroup(DBSubnetGroupName, former, work),
    ]
  },
  room: (work) => [quota({ noun: 'instance', name: 'DBInstances', needed: 1 }, work)],
  restore: async (client, { source, target, point, settings, tags = [] }) =>
    await client.send(
      new RestoreDBInstanceToPointInTimeCommand({
        ...('name' in source
          ? { SourceDBInstanceIdentifier: source.name }
          : { SourceDbiResourceId: source.resourceId }),
        TargetDBInstanceIdentifier: target,
        ...(point === undefined ? { UseLatestRestorableTime: true } : { RestoreTime: point }),
        ...given({ ...settings?.restored, Tags: [...withoutRestoreTag(settings?.tags ?? []), ...tags] }),
      }),
    ),
  complete: completeInstance,
  untilWhole: untilServing,
  differences: ({ details }, found) => compareSettings(details.settings, found),
  async remove({ lasting, target }, { isProtected }) {
    const id = { DBInstanceIdentifier: target }
    await (isProtected
      ? lasting.send(new ModifyDBInstanceCommand({ ...id, DeletionProtection: false, ApplyImmediately: true }))
      : lasting.send(new DeleteDBInstanceCommand({ ...id, SkipFinalSnapshot: true, DeleteAutomatedBackups: true })))
  },
  deletion: (region, name) =>
    `aws rds delete-db-instance --region ${region} --db-instance-identifier ${name} ` +
    `--final-db-snapshot-identifier ${name}-final --no-delete-automated-backups`,
  heldBy({ told: { ReadReplicaDBInstanceIdentifiers: replicas = [] } }) {
    if (replicas.length === 0) return undefined
    return { why: `${replicas.join(', ')} replicates it`, next: 'delete or promote its replicas first' }
  },
  servers: ({ server }) => (server === undefined ? [] : [server]),
  async removeFormer({ client, details }, _, snapshot) {
    await client.send(
      new DeleteDBInstanceCommand({
        DBInstanceIdentifier: details.source,
        SkipFinalSnapshot: false,
        FinalDBSnapshotIdentifier: snapshot,
        DeleteAutomatedBackups: false,
      }),
    )
  },
  readDetails,
}
