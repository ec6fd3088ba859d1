// Room: what DB instances of RDS and clusters of Aurora share: the service keeps their past, the pause proves a second
// of it, and a restore makes a new one beside the former.
// Read relational-kind, access, lead, past, details, client, then backup/, restore/.

import type { RDSClient } from '@aws-sdk/client-rds'
import type { DatabaseBackup } from '../../../operation/record.ts'
import type { Finding } from '../../../operation/finding.ts'
import type { Journal } from '../../journal/journal.ts'
import type { Server } from '../managed-server/server.ts'
import type { EndpointKind } from './access.ts'
import type { Details } from './details.ts'
import type { Past } from './past.ts'
import type { Part } from './restore/check-place.ts'
import type { Difference } from './restore/compare.ts'
import type { RestoreWork } from './restore/restore-work.ts'

export interface Tag {
  Key: string
  Value: string
}

/** What every instance and every cluster has. */
export interface Kept {
  name: string
  /** of this very one: another of the same name has another */
  resourceId: string
  arn: string
  status: string
  /** undefined while it is being made */
  server: Server | undefined
  /** the VPC that it is in, where that is told */
  network: string | undefined
  /** how long automated backups are kept, days; 0 where they are off */
  retentionDays: number
  isProtected: boolean
  tags: readonly Tag[]
}

/** What a restore is asked for. */
export interface Asked<Settings> {
  /** by its resource id where it is gone, and its automated backups are kept */
  source: { name: string } | { resourceId: string }
  target: string
  /** absent: as late as can be */
  point?: Date
  settings?: Settings
  tags?: readonly Tag[]
}

/** Instances of RDS, or clusters of Aurora. */
export interface RelationalKind<One extends Kept, Settings> {
  name: 'rds' | 'aurora'
  /** in one word, as in the names of AWS's commands: db-instance */
  noun: 'instance' | 'cluster'
  /** with its article: an instance */
  aOne: string
  /** what people call one: an instance of RDS */
  service: string
  /** what people call the service: Amazon RDS */
  serviceTitle: string
  /** the page of the documentation that shows the rights */
  guide: string
  /** the kind of endpoint that a release has to name */
  endpoint: EndpointKind
  /** what to do about an endpoint of another kind, for people */
  otherEndpoint(of: EndpointKind): { why: string; next: string }
  /** the one of that name; undefined where there is none */
  look(client: RDSClient, name: string): Promise<One | undefined>
  /**
   * The one that has this endpoint; undefined where none has.
   * @throws Failure where a name is that of a part of one
   */
  seek(client: RDSClient, names: readonly string[], port: number): Promise<One | undefined>
  /** the past of the very one that has this resource id; undefined where nothing is kept of it */
  pastOf(client: RDSClient, resourceId: string): Promise<Past | undefined>
  /** what and where it is, and that it serves */
  checkServing(title: string, region: string, one: One): Finding
  settingsOf(one: One): Settings
  /** what of it no restore brings back, for people */
  leftOut(settings: Settings): string[]
  /** what a restore does once the new one is there, for people */
  planSteps(settings: Settings): string[]
  /** the groups that it stands in and the room for another, to be looked at; former is the network that it was in */
  place(work: RestoreWork<One, Settings>, former: string | undefined): Part[]
  /** quotas that another may not exceed */
  room(work: RestoreWork<One, Settings>): Part[]
  /** makes a new one; every setting that the call takes is given with it, so that it is never open to others */
  restore(client: RDSClient, asked: Asked<Settings>): Promise<unknown>
  /** puts on again what the restore's own call does not take, and makes what it leaves out */
  complete(work: RestoreWork<One, Settings>, journal: Journal): Promise<void>
  /** the one of this restore, looked at once it serves, with all that belongs to it */
  untilWhole(work: RestoreWork<One, Settings>): Promise<One>
  differences(work: RestoreWork<One, Settings>, found: Settings): Difference[]
  /** asks once for the removal of what a restore made, or for what has to come before it */
  remove(work: RestoreWork<One, Settings>, one: One): Promise<void>
  /** the command that deletes one by hand, its last state kept in a snapshot and its past where that can be */
  deletion(region: string, name: string): string
  /** why one that was in service before may not be deleted; undefined where it may */
  heldBy(one: One): { why: string; next: string } | undefined
  /** its servers, each of which somebody may use; none where none is left */
  servers(one: One): Server[]
  /** asks once for the removal of the former one, or for what has to come before it; its past and a snapshot stay */
  removeFormer(work: RestoreWork<One, Settings>, one: One, snapshot: string): Promise<void>
  /** @throws Failure where the record's entry is of a newer version, or damaged */
  readDetails(entry: DatabaseBackup): Details<Settings>
}
