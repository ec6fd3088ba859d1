import type { RDSClient } from '@aws-sdk/client-rds'
import { createHash } from 'node:crypto'
import type { DatabaseBackup } from '../../../../operation/record.ts'
import type { RestoreChoice } from '../../../../operation/restore-options.ts'
import type { StorageSettings } from '../../../scalardb/storage-settings.ts'
import type { RestoreContext, SwitchContext, UndoContext } from '../../database.ts'
import { openClient } from '../client.ts'
import { readDetails, type Details } from '../details.ts'

/** How long AWS may be out of reach before an operation gives up, ms. */
const patienceMs = 1_800_000

/** What a restore is given of use here, and its undo. */
export type WorkContext = SwitchContext &
  Partial<Pick<RestoreContext, 'dropPrevious'>> &
  Partial<Pick<UndoContext, 'former'>>

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
    target: targetName(details.instance, context.operation, point),
    client: openClient(details.region, { patienceMs, signal: context.signal }),
    lasting: openClient(details.region, { patienceMs }),
  }
}

/** The name of an instance has 63 characters at most: small letters, digits and single hyphens. */
const mostCharacters = 63
/** What an earlier restore put behind the name. */
const earlierSuffix = /-\d{12}-[0-9a-f]{6}$/

/**
 * The name of the instance that a restore makes: that of its source, the restore point and a mark of the operation and
 * that whole name, so that a second worker finds the instance of the first, and neither two restores of one backup nor
 * two instances of one operation ever meet.
 */
export function targetName(source: string, operation: string, point: Date): string {
  const mark = createHash('sha256').update(`${operation} ${source}`).digest('hex').slice(0, 6)
  const time = Number.isNaN(point.getTime()) ? '000000000000' : point.toISOString().replace(/\D/g, '').slice(2, 14)
  const suffix = `-${time}-${mark}`
  const base = source.replace(earlierSuffix, '').slice(0, mostCharacters - suffix.length)
  return `${base.replace(/-+$/, '')}${suffix}`
}
