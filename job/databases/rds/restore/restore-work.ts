import type { RDSClient } from '@aws-sdk/client-rds'
import type { DatabaseBackup } from '../../../../operation/record.ts'
import type { RestoreChoice } from '../../../../operation/restore-options.ts'
import type { StorageSettings } from '../../../scalardb/storage-settings.ts'
import { restoredName } from '../../point-in-time/restored-name.ts'
import type { WorkContext } from '../../point-in-time/work-context.ts'
import { openClient } from '../client.ts'
import { readDetails, type Details } from '../details.ts'

/** How long AWS may be out of reach before an operation gives up, ms. */
const patienceMs = 1_800_000

/** The name of an instance has 63 characters at most: small letters, digits and single hyphens. */
const mostCharacters = 63

/** Everything about one instance that is being restored. */
export interface RestoreWork {
  title: string
  settings: readonly StorageSettings[]
  entry: DatabaseBackup
  details: Details
  choice: RestoreChoice
  context: WorkContext
  /** the moment that is brought back, a whole second */
  point: Date
  /** name of the instance that is made */
  target: string
  /** calls that end when the operation is told to stop */
  client: RDSClient
  /** calls that go on: putting back is what a stopped operation does */
  lasting: RDSClient
}

/** @throws Failure where the record's entry cannot be read */
export function openWork(
  settings: readonly StorageSettings[],
  entry: DatabaseBackup,
  context: WorkContext,
): RestoreWork {
  const details = readDetails(entry)
  const choice = context.choice ?? {}
  const point = new Date(choice.at ?? entry.snapshotAt ?? Number.NaN)
  return {
    title: entry.title,
    settings,
    entry,
    details,
    choice,
    context,
    point,
    target: restoredName(details.instance, context.operation, point, mostCharacters),
    client: openClient(details.region, { patienceMs, signal: context.signal }),
    lasting: openClient(details.region, { patienceMs }),
  }
}
