import type { Finding } from '../../../../operation/finding.ts'
import { foreignNamespaces } from '../../../../operation/foreign-namespaces.ts'
import { formatTime } from '../../../../operation/time.ts'
import type { StorageSettings } from '../../../scalardb/storage-settings.ts'
import type { Bystander } from '../../database.ts'
import { daysOf, partsOf, regionsOf, sameRegion, tierOf, type Account } from '../account/account.ts'
import type { ContainerName } from '../account/read-databases.ts'
import type { Past } from '../account/restorable-account.ts'

/** The database of ScalarDB's own containers, unless the properties say otherwise. */
const metadataDatabase = 'scalardb'
const coordinatorDatabase = 'coordinator'

/** The account is one of the API for NoSQL, and at rest enough to be backed up. */
export function checkAccount(title: string, account: Account): Finding[] {
  const { subscription, resourceGroup, name } = partsOf(account.id)
  const check = { check: 'account', subject: title }
  const others = (account.properties.capabilities ?? []).filter((one) =>
    /^Enable(Cassandra|Gremlin|Table|Mongo)$/.test(one.name),
  )
  if (others.length > 0 || (account.kind !== undefined && account.kind !== 'GlobalDocumentDB'))
    return [
      {
        ...check,
        outcome: 'error',
        message:
          `account ${name} is not one of the API for NoSQL: ` +
          [account.kind, ...others.map((one) => one.name)].join(', '),
        cure: 'check scalar.db.contact_points: ScalarDB needs an account of the API for NoSQL',
      },
    ]
  const state = account.properties.provisioningState ?? 'Succeeded'
  if (/^(deleting|failed)$/i.test(state))
    return [
      {
        ...check,
        outcome: 'error',
        message: `account ${name} is ${state}`,
        cure: 'look in the Azure portal what is done to it',
      },
    ]
  return [
    {
      ...check,
      outcome: 'ok',
      message: `${name} in resource group ${resourceGroup} of subscription ${subscription}`,
    },
    ...checkConsistency(title, account),
  ]
}

/** ScalarDB's guide: the default consistency has to be Strong; BOUNDED_STALENESS is a release's own choice. */
function checkConsistency(title: string, { name, properties: { consistencyPolicy } }: Account): Finding[] {
  const level = consistencyPolicy?.defaultConsistencyLevel
  if (level === undefined || /^(strong|boundedstaleness)$/i.test(level)) return []
  return [
    {
      check: 'consistency',
      subject: title,
      outcome: 'warning',
      message: `the default consistency of ${name} is ${level}; ScalarDB needs Strong`,
      cure: `az cosmosdb update --name ${name} --resource-group GROUP --default-consistency-level Strong`,
    },
  ]
}

/** Continuous backup is on, and the service tells of the account's past. */
export function checkPast(title: string, account: Account, past: Past | undefined): Finding {
  const check = { check: 'continuous backup', subject: title }
  const { name, resourceGroup } = partsOf(account.id)
  const tier = tierOf(account)
  if (tier === undefined)
    return {
      ...check,
      outcome: 'error',
      message: `${name} is backed up periodically, which nobody but Microsoft's support can restore`,
      cure:
        `az cosmosdb update --name ${name} --resource-group ${resourceGroup} --backup-policy-type Continuous ` +
        '--continuous-tier Continuous30Days (there is no way back from it), then wait until it is done',
    }
  if (past === undefined)
    return {
      ...check,
      outcome: 'error',
      message: `nothing is known of the past of ${name} yet`,
      cure: 'wait until continuous backup is in force, some minutes after it was turned on',
    }
  const { earliestMs } = past.window
  const days = daysOf(tier)
  return {
    ...check,
    outcome: 'ok',
    message:
      `${tier}${days === undefined ? '' : `, kept for ${days} days`}` +
      `${earliestMs === undefined ? '' : `; can be brought back as far as ${formatTime(earliestMs)}`}`,
  }
}

/** Where the account is, and whether a backup is kept where it is written to. */
export function checkRegions(title: string, account: Account, past: Past | undefined): Finding {
  const check = { check: 'regions', subject: title }
  const regions = regionsOf(account).map(({ name }) => name)
  const [written = account.location] = regions
  const kept = past?.regions ?? []
  if (kept.length > 0 && !kept.some((region) => sameRegion(region, written)))
    return {
      ...check,
      outcome: 'warning',
      message: `it is written to in ${written}, and backups are kept in ${kept.join(', ')} alone`,
      cure: `restore with --region ${kept[0]}`,
    }
  return { ...check, outcome: 'ok', message: regions.join(', ') }
}

/** Databases in the account that are of none of the releases: a restore brings the whole account back. */
export async function checkOthers(
  title: string,
  containers: readonly ContainerName[],
  settings: readonly StorageSettings[],
  bystanders: (() => Promise<Bystander[]>) | undefined,
): Promise<Finding[]> {
  const apps = settings.map(({ storage }) => storage.split('/')[0] ?? storage)
  const system = settings.flatMap((one) => [
    one.property('cosmos.table_metadata.database') ?? metadataDatabase,
    one.property('system_namespace_name') ?? metadataDatabase,
    one.property('consensus_commit.coordinator.namespace') ?? coordinatorDatabase,
  ])
  const foreign = foreignNamespaces([...new Set(containers.map(({ database }) => database))], { apps, system })
  if (foreign.length === 0) return []
  const running = ((await bystanders?.()) ?? []).filter(({ app }) => foreign.some((one) => one.app === app))
  const names = running.map(({ name }) => name).join(', ')
  const what = `the databases ${foreign.map(({ namespace }) => namespace).join(', ')} are backed up as well`
  return [
    {
      check: 'databases of other releases',
      subject: title,
      outcome: running.length > 0 ? 'error' : 'warning',
      message:
        running.length > 0 ? `${what}, and ${names} may be writing to them` : `${what}; what uses them is not known`,
      cure:
        running.length > 0
          ? `name ${names} as well, or stop what is not named`
          : 'see that every release that uses them is named as well, or stopped',
    },
  ]
}
