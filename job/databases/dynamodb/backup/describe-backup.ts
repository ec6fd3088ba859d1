import { formatTime } from '../../../../operation/time.ts'
import type { ClockRecord } from '../../../clocks/clock-record.ts'
import { Failure } from '../../../../operation/failure.ts'
import type { Access } from '../access.ts'
import type { Clients } from '../clients.ts'
import type { BackedUpTable, Details } from '../details.ts'
import { lookAtTable } from '../tables/look-at-table.ts'
import { readTableSettings, tryReadAutoscaling, type KnownAutoscaling } from '../settings/read-settings.ts'
import type { RecoveryWindow } from '../../point-in-time/recovery-window.ts'
import type { InstalledTable } from '../scalardb/metadata.ts'

interface Described {
  access: Pick<Access, 'region' | 'endpoint' | 'naming' | 'coordinatorNamespaces'>
  clients: Clients
  tables: readonly InstalledTable[]
  /** of each table, in the same order */
  windows: readonly RecoveryWindow[]
  /** the restore point, on AWS's clock */
  atMs: number
  clock?: ClockRecord | undefined
}

const dayMs = 86_400_000
/** Unless set otherwise (DynamoDB: PointInTimeRecoverySpecification). */
const longestDays = 35

/** All that a later restore has to know of the tables, as they are just after the point. */
export async function describeBackup({ access, clients, tables, windows, atMs, clock }: Described): Promise<Details> {
  const autoscaling = await tryReadAutoscaling(clients)
  const described = await Promise.all(tables.map((table) => describeTable(clients, table, autoscaling)))
  const { region, endpoint, naming, coordinatorNamespaces } = access
  const earliest = windows.flatMap(({ earliestMs }) => earliestMs ?? [])
  const days = Math.min(longestDays, ...windows.flatMap(({ periodDays }) => periodDays ?? []))
  return {
    version: 1,
    region,
    account: accountOf(described[0]?.arn ?? ''),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...naming,
    ...(coordinatorNamespaces.length > 1 ? { coordinatorNamespaces } : {}),
    ...(clock === undefined ? {} : { clock }),
    ...(earliest.length === 0 ? {} : { restorableFrom: formatTime(Math.max(...earliest)) }),
    restorableUntil: formatTime(atMs + days * dayMs),
    tables: described,
  }
}

async function describeTable(
  clients: Clients,
  { name, namespace, table }: InstalledTable,
  autoscaling: KnownAutoscaling,
): Promise<BackedUpTable> {
  const found = await lookAtTable(clients.dynamo, name)
  if (found === undefined)
    throw new Failure({
      what: `table ${name} was deleted after the restore point`,
      why: 'there is no table of that name any more',
      next: 'back up again when nothing deletes tables',
    })
  return {
    name,
    namespace,
    table,
    arn: found.TableArn ?? '',
    id: found.TableId ?? '',
    items: found.ItemCount ?? 0,
    bytes: found.TableSizeBytes ?? 0,
    settings: await readTableSettings(clients, found, autoscaling),
  }
}

/** arn:aws:dynamodb:REGION:ACCOUNT:table/NAME */
export function accountOf(arn: string): string {
  return arn.split(':')[4] ?? ''
}
