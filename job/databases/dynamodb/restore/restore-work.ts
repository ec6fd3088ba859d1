import type { DatabaseBackup } from '../../../../operation/record.ts'
import type { RestoreChoice } from '../../../../operation/restore-options.ts'
import type { WorkContext } from '../../point-in-time/work-context.ts'
import type { StorageSettings } from '../../../scalardb/storage-settings.ts'
import { accessOf, inRegion, titleOf, type Access } from '../access.ts'
import { openClients, type Clients } from '../clients.ts'
import { refusalTold } from '../refusal-told.ts'
import { readDetails, type BackedUpTable, type Details } from '../details.ts'
import type { RestoreFrom } from '../tables/look-at-table.ts'
import { tryReadAutoscaling, type KnownAutoscaling } from '../settings/read-settings.ts'
import { sharedLook } from '../../../aws/shared-look.ts'
import { partProgress, type PartProgress } from '../../point-in-time/progress.ts'
import { metadataTableName, namespacesTableName } from '../tables/table-names.ts'

/** How long AWS may be out of reach, or refuse to be asked so often, before an operation gives up, ms. */
const patienceMs = 1_800_000

/** Clients of the region of the backup, and of the one that is restored to: the same, unless another was asked for. */
export interface Regions {
  source: Clients
  target: Clients
  autoscaling: () => Promise<KnownAutoscaling>
}

/** Everything about one DynamoDB that is being restored which does not depend on how. */
export interface RestoreWork {
  title: string
  settings: readonly StorageSettings[]
  access: Access
  entry: DatabaseBackup
  details: Details
  choice: RestoreChoice
  context: WorkContext
  /** the moment that is brought back, a whole second of AWS's clock */
  point: Date
  /** region that is restored to */
  region: string
  /** calls that end when the operation is told to stop */
  regions: Regions
  /** calls that go on: putting back is what a stopped operation does */
  lasting: Regions
  progress: PartProgress
  close(): void
}

/** @throws Failure where the record's entry cannot be read, or no credentials are known */
export function openWork(
  settings: readonly StorageSettings[],
  entry: DatabaseBackup,
  context: WorkContext,
): RestoreWork {
  const details = readDetails(entry)
  const choice = context.choice ?? {}
  const access = accessOf(settings)
  const region = choice.region ?? details.region
  const opened: Clients[] = []
  const open = (of: string, signal: AbortSignal | undefined) => {
    const patience = { patienceMs, signal, told: refusalTold(context.events) }
    const clients = openClients(inRegion(access, of, details), patience)
    opened.push(clients)
    return clients
  }
  const both = (signal: AbortSignal | undefined): Regions => {
    const target = open(region, signal)
    return {
      target,
      source: region === details.region ? target : open(details.region, signal),
      autoscaling: sharedLook(() => tryReadAutoscaling(target)),
    }
  }
  const progress = partProgress(context.events, new Map(details.tables.map(({ name, bytes }) => [name, bytes])))
  return {
    title: titleOf({ region, naming: access.naming }),
    settings,
    access,
    entry,
    details,
    choice,
    context,
    point: new Date(choice.at ?? entry.snapshotAt ?? Number.NaN),
    region,
    regions: both(context.signal),
    lasting: both(undefined),
    progress,
    close() {
      progress.end()
      for (const clients of opened) clients.close()
    },
  }
}

/** Whether the moment that is brought back is that of the backup, and not another of its tables' past. */
export function isRecordedPoint({ entry, choice }: Pick<RestoreWork, 'entry' | 'choice'>): boolean {
  return choice.at === undefined || Date.parse(choice.at) === Date.parse(entry.snapshotAt ?? '')
}

/**
 * Where a table's data of that point comes from: the backup that was made of it, if it is of this very point, else its
 * own past. What this very restore made on its way it goes on calling its own, although the record tells of it by now.
 */
export function sourceOf(
  work: Pick<RestoreWork, 'entry' | 'choice' | 'point'> & { context: Pick<WorkContext, 'operation'> },
  { arn, materialized }: BackedUpTable,
): RestoreFrom {
  if (materialized !== undefined && materialized.madeBy !== work.context.operation && isRecordedPoint(work))
    return { backupArn: materialized.backupArn }
  return { tableArn: arn, at: work.point }
}

/** ScalarDB's own two tables among those of a backup: what they say of the others is rewritten, or stays. */
export function isOwnTable(details: Details, name: string): boolean {
  return name === metadataTableName(details) || name === namespacesTableName(details)
}

/**
 * Does one thing for all tables at once, the largest begun first; AWS's limits keep the rest waiting. Where one fails
 * the others are told to stop, and all have stopped when this throws.
 */
export async function forEachTable(
  tables: readonly BackedUpTable[],
  signal: AbortSignal,
  run: (table: BackedUpTable, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const failed = new AbortController()
  const either = AbortSignal.any([signal, failed.signal])
  const settled = await Promise.allSettled(
    tables
      .toSorted((a, b) => b.bytes - a.bytes)
      .map((table) =>
        run(table, either).catch((error: unknown) => {
          if (!failed.signal.aborted) failed.abort(error)
          throw error
        }),
      ),
  )
  if (settled.some((one) => one.status === 'rejected')) throw signal.aborted ? signal.reason : failed.signal.reason
}
