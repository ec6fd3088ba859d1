import type { RDSClient } from '@aws-sdk/client-rds'
import type { DatabaseBackup } from '../../../../operation/record.ts'
import type { RestoreChoice } from '../../../../operation/restore-options.ts'
import type { StorageSettings } from '../../../scalardb/storage-settings.ts'
import { restoredName } from '../../point-in-time/restored-name.ts'
import type { WorkContext } from '../../point-in-time/work-context.ts'
import { openClient } from '../client.ts'
import type { Details } from '../details.ts'
import type { Kept, RelationalKind } from '../relational-kind.ts'

/** How long AWS may be out of reach before an operation gives up, ms. */
const patienceMs = 1_800_000

/** Names of instances and clusters have 63 characters at most: small letters, digits and single hyphens. */
const mostCharacters = 63

/** Everything about one instance or cluster that is being restored. */
export interface RestoreWork<One extends Kept, Settings> {
  kind: RelationalKind<One, Settings>
  title: string
  settings: readonly StorageSettings[]
  entry: DatabaseBackup
  details: Details<Settings>
  choice: RestoreChoice
  context: WorkContext
  /** the moment that is brought back, a whole second */
  point: Date
  /** name of what is made */
  target: string
  /** calls that end when the operation is told to stop */
  client: RDSClient
  /** calls that go on: putting back is what a stopped operation does */
  lasting: RDSClient
}

/** @throws Failure where the record's entry cannot be read */
export function openWork<One extends Kept, Settings>(
  kind: RelationalKind<One, Settings>,
  settings: readonly StorageSettings[],
  entry: DatabaseBackup,
  context: WorkContext,
): RestoreWork<One, Settings> {
  const details = kind.readDetails(entry)
  const choice = context.choice ?? {}
  const point = new Date(choice.at ?? entry.snapshotAt ?? Number.NaN)
  return {
    kind,
    title: entry.title,
    settings,
    entry,
    details,
    choice,
    context,
    point,
    target: madeName(details.source, { context, point }),
    client: openClient(details.region, { patienceMs, signal: context.signal }),
    lasting: openClient(details.region, { patienceMs }),
  }
}

/** The name of what a restore makes of one of that name. */
export function madeName(
  source: string,
  { context, point }: Pick<RestoreWork<Kept, unknown>, 'context' | 'point'>,
): string {
  return restoredName(source, context.operation, point, mostCharacters)
}
