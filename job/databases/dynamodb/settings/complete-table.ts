import { setTimeout as sleep } from 'node:timers/promises'
import { Failure } from '../../../../operation/failure.ts'
import type { Journal } from '../../../journal/journal.ts'
import type { Clients } from '../clients.ts'
import { compareSettings, differenceLine, type Difference } from './compare-settings.ts'
import { lookAtTable } from '../tables/look-at-table.ts'
import { readTableSettings, type KnownAutoscaling } from './read-settings.ts'
import { reapplySettings } from './reapply-settings.ts'
import { repairIndexes, untilSteady } from './repair-indexes.ts'
import type { TableSettings } from './table-settings.ts'

/** How often settings that take a while are looked at again, and how long in between, ms. */
const looks = 20
const lookMs = 500

export interface Settling {
  clients: Clients
  /** one look at the account's autoscaling for all tables */
  autoscaling: () => Promise<KnownAutoscaling>
  journal: Journal
  signal: AbortSignal
}

/**
 * Makes a restored table what the original was: its indexes, then all that a restore forgets, then compared field by
 * field.
 * @returns the settings that are not as they should be, each on one line; none that data or queries depend on
 * @throws Failure where keys or indexes differ
 */
export async function completeTable(
  { clients, autoscaling, journal, signal }: Settling,
  table: string,
  expected: TableSettings,
): Promise<string[]> {
  await repairIndexes(clients.dynamo, table, expected, journal, signal)
  const refused = new Map<string, string>()
  const read = async () => {
    const found = await lookAtTable(clients.dynamo, table)
    if (found === undefined) throw new Error(`table ${table} has vanished`)
    return { arn: found.TableArn ?? '', found: await readTableSettings(clients, found, await autoscaling()) }
  }
  await journal.ensure(`settings of ${table}`, async () => {
    const { arn, found } = await read()
    const said = await reapplySettings({ clients, table, arn, expected, found, signal })
    for (const [setting, why] of said) refused.set(setting, why)
    await untilSteady(clients.dynamo, table, signal)
  })
  const left = await lastDifferences(async () => compareSettings(expected, (await read()).found), refused, signal)
  const vital = left.filter(({ setting }) => /^(keySchema|globalIndexes|localIndexes)/.test(setting))
  if (vital.length > 0) throw different(table, vital)
  return left.map(
    (one) => `${table}: ${differenceLine(one)}${refused.has(one.setting) ? ` (${refused.get(one.setting)})` : ''}`,
  )
}

/** What still differs once nothing changes by itself any more: some settings take a moment to show. */
async function lastDifferences(
  compare: () => Promise<Difference[]>,
  refused: ReadonlyMap<string, string>,
  signal: AbortSignal,
): Promise<Difference[]> {
  for (let look = 1; ; look += 1) {
    const left = await compare()
    if (look === looks || left.every(({ setting }) => refused.has(setting))) return left
    await sleep(lookMs, undefined, { signal })
  }
}

function different(table: string, differences: readonly Difference[]): Failure {
  return new Failure({
    what: `${table} was not restored as it was`,
    why: differences.map(differenceLine).join('; '),
    next: 'see in the AWS console what became of the table; the restore can be run again',
  })
}
