import { DescribeDBClusterParameterGroupsCommand, RestoreDBClusterToPointInTimeCommand } from '@aws-sdk/client-rds'
import type { EndpointKind } from '../aws-relational/access.ts'
import type { RelationalKind } from '../aws-relational/relational-kind.ts'
import { group, parameterGroup, quota, subnetGroup } from '../aws-relational/restore/check-place.ts'
import { given } from '../aws-relational/restore/ensure-restored.ts'
import { withoutRestoreTag } from '../aws-relational/restore/ownership.ts'
import { madeName } from '../aws-relational/restore/restore-work.ts'
import { checkCluster } from './check-cluster.ts'
import { lookAtCluster, pastOfCluster, seekCluster, type Cluster } from './cluster.ts'
import { compareSettings } from './compare.ts'
import { completeCluster, untilWhole } from './complete-cluster.ts'
import { readDetails } from './details.ts'
import { removeCluster, removeFormer } from './remove-cluster.ts'
import { settingsOf, type ClusterSettings } from './settings.ts'

/** What endpoints are that a release must not name. */
const otherEndpoints: Record<Exclude<EndpointKind, 'cluster'>, string> = {
  instance: 'of one instance, which may take no writes after a failover',
  reader: 'the reader endpoint of a cluster, which takes no writes',
  custom: 'a custom endpoint, which leads to any of some instances',
  proxy: 'of a proxy, which this version cannot restore',
}

/** What is of clusters of Aurora alone. */
export const clusters: RelationalKind<Cluster, ClusterSettings> = {
  name: 'aurora',
  noun: 'cluster',
  aOne: 'a cluster',
  service: 'a cluster of Aurora',
  serviceTitle: 'Amazon Aurora',
  guide: 'docs/databases/aurora.md',
  endpoint: 'cluster',
  otherEndpoint: (of) => ({
    why: of === 'cluster' ? 'of a cluster' : otherEndpoints[of],
    next:
      of === 'proxy'
        ? 'omit --managed for a dump'
        : "have scalar.db.contact_points name the cluster's own endpoint, NAME.cluster-…; an instance that is of no " +
          'cluster is backed up with --managed rds',
  }),
  look: lookAtCluster,
  seek: seekCluster,
  pastOf: pastOfCluster,
  checkServing: checkCluster,
  settingsOf,
  leftOut: ({ leftOut }) => leftOut,
  planSteps: ({ members }) => [
    'make its instances again, the writer first: ' +
      members.map(({ name, created }) => `${name} (${created.DBInstanceClass})`).join(', '),
    'give them again what a restore forgets: groups, networks, tiers, backups, logs, monitoring, tags, roles',
  ],
  place(work, former) {
    const { restored, members } = work.details.settings
    const groups = new Set(members.map(({ created }) => created.DBParameterGroupName))
    return [
      group('cluster parameter group', restored.DBClusterParameterGroupName, work.kind, (name) =>
        work.client.send(new DescribeDBClusterParameterGroupsCommand({ DBClusterParameterGroupName: name })),
      ),
      ...[...groups].map((name) => parameterGroup(name, work)),
      subnetGroup(restored.DBSubnetGroupName, former, work),
    ]
  },
  room: (work) => [
    quota({ noun: 'cluster', name: 'DBClusters', needed: 1 }, work),
    quota({ noun: 'instance', name: 'DBInstances', needed: work.details.settings.members.length }, work),
  ],
  restore: async (client, { source, target, point, settings, tags = [] }) =>
    await client.send(
      new RestoreDBClusterToPointInTimeCommand({
        ...('name' in source
          ? { SourceDBClusterIdentifier: source.name }
          : { SourceDbClusterResourceId: source.resourceId }),
        DBClusterIdentifier: target,
        RestoreType: 'full-copy',
        ...(point === undefined ? { UseLatestRestorableTime: true } : { RestoreToTime: point }),
        ...given({ ...settings?.restored, Tags: [...withoutRestoreTag(settings?.tags ?? []), ...tags] }),
      }),
    ),
  complete: completeCluster,
  untilWhole,
  differences: (work, found) => compareSettings(work.details.settings, found, (name) => madeName(name, work)),
  remove: removeCluster,
  deletion: (region, name) =>
    `delete its instances (aws rds delete-db-instance --region ${region} --db-instance-identifier INSTANCE), then ` +
    `aws rds delete-db-cluster --region ${region} --db-cluster-identifier ${name} ` +
    `--final-db-snapshot-identifier ${name}-final --no-delete-automated-backups`,
  heldBy({ told, members }) {
    const { ReadReplicaIdentifiers: replicas = [], GlobalClusterIdentifier: global } = told
    if (replicas.length > 0)
      return { why: `${replicas.join(', ')} replicates it`, next: 'delete or promote its replicas first' }
    if (global !== undefined && global !== '')
      return { why: `it is of the global database ${global}`, next: 'take it out of that first' }
    // Those that an earlier worker of this removal told to go are on their way.
    const idle = members.find(({ status }) => !['available', 'deleting'].includes(status))
    return idle === undefined ? undefined : { why: `instance ${idle.name} is ${idle.status}`, next: 'see to it first' }
  },
  servers: ({ members }) => members.flatMap(({ server, status }) => (status === 'available' ? (server ?? []) : [])),
  removeFormer,
  readDetails,
}
