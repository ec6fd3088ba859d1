import { partsOf } from '../account/account.ts'
import type { DatabaseSettings } from '../details.ts'
import type { BroughtBack } from './brought-back.ts'
import { schemaLoaderOf } from './repair-schema.ts'
import type { RestoreWork } from './restore-work.ts'

/** What a restore does, what it brings back, what it costs and what stays, line by line for people. */
export function planSteps(work: RestoreWork, back: BroughtBack): string[] {
  const loader = schemaLoaderOf(work)
  const { choice, details, point, region, isMoved, target } = work
  const { databases, unrecorded } = back
  const at = point.toISOString()
  const containers = databases.reduce((sum, database) => sum + database.containers.length, 0)
  const { privateEndpoints, regions } = details.settings
  const throughput = throughputIn(databases)
  const copies = isMoved ? 1 : regions.length
  return [
    `restore ${databases.length} databases with ${containers} containers as of ${at} ` +
      `to the new account ${partsOf(target).name} in ${region}`,
    ...databases.map(
      ({ name, containers: inside }) => `brings back ${name}: ${inside.map((one) => one.name).join(', ')}`,
    ),
    ...(unrecorded.length === 0 ? [] : [`brings back as well, without procedures: ${unrecorded.join(', ')}`]),
    'put on again what a restore forgets: consistency, regions, roles, throughput, procedures, triggers, functions',
    ...(loader === undefined ? [] : [`have it repaired by ${loader.title}, with --repair-all`]),
    'compare every setting; only then let documents expire again',
    ...(privateEndpoints.length === 0
      ? []
      : [`leave out ${privateEndpoints.length} private endpoints, which are in networks of yours`]),
    "costs once Azure's price for each GB that is restored (the account's metric DataUsage tells how many)",
    'costs from then on, until one of the accounts is deleted, a second account with its own storage and backups' +
      (throughput === undefined ? '' : `, and ${throughput}${copies === 1 ? '' : ` in each of ${copies} regions`}`),
    `stays: the account ${partsOf(details.id).name} with all that was written since ${at}`,
    choice.repoint === 'print'
      ? 'show what the releases have to be told; they serve on as they are'
      : 'set its endpoint and its key where the releases have those of the former account',
  ]
}

/** The throughput of databases and containers together, for people; undefined where they have none of their own. */
function throughputIn(databases: readonly DatabaseSettings[]): string | undefined {
  const all = databases.flatMap(({ throughput, containers }) => [
    throughput,
    ...containers.map((container) => container.throughput),
  ])
  const manual = all.reduce((sum, one) => sum + (one !== undefined && 'manual' in one ? one.manual : 0), 0)
  const most = all.reduce((sum, one) => sum + (one !== undefined && 'autoscaleMax' in one ? one.autoscaleMax : 0), 0)
  const told = [...(manual === 0 ? [] : [`${manual} RU/s`]), ...(most === 0 ? [] : [`up to ${most} RU/s by autoscale`])]
  return told.length === 0 ? undefined : told.join(' and ')
}
