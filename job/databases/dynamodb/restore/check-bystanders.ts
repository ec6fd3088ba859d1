import { Failure } from '../../../../operation/failure.ts'
import type { Finding } from '../../../../operation/finding.ts'
import { foreignNamespaces } from '../../../../operation/foreign-namespaces.ts'
import type { SwitchContext } from '../../database.ts'
import type { StorageSettings } from '../../../scalardb/storage-settings.ts'
import type { RestoreWork } from './restore-work.ts'
import { namingOf, type Naming, type TableName } from '../tables/table-names.ts'

interface Shared {
  title: string
  tables: readonly TableName[]
  naming: Pick<Naming, 'metadataNamespace' | 'coordinatorNamespace'>
  settings: readonly StorageSettings[]
  context: Pick<SwitchContext, 'bystanders'>
  /** what becomes of the tables, for people: "are backed up" */
  fate: string
  /** whether it harms a release that goes on using them */
  harms: boolean
}

/**
 * ScalarDB lists all tables under one prefix together, so an operation takes those of other releases as well. Whose a
 * namespace is its name tells alone, and a release may run where the cluster does not show it: only one that is seen to
 * run is an error.
 */
export async function checkBystanders({
  title,
  tables,
  naming,
  settings,
  context,
  fate,
  harms,
}: Shared): Promise<Finding[]> {
  const apps = settings.map(({ storage }) => storage.split('/')[0] ?? storage)
  const coordinators = settings.map((one) => namingOf(one).coordinatorNamespace)
  const system = [naming.metadataNamespace, naming.coordinatorNamespace, ...coordinators]
  const foreign = foreignNamespaces(
    tables.map(({ namespace }) => namespace),
    { apps, system },
  )
  if (foreign.length === 0) return []
  const check = { check: 'tables of other releases', subject: title }
  const running = ((await context.bystanders?.()) ?? []).filter(({ app }) => foreign.some((one) => one.app === app))
  const what = `the tables of ${foreign.map(({ namespace }) => namespace).join(', ')} ${fate} as well`
  if (running.length === 0)
    return [
      {
        ...check,
        outcome: 'warning',
        message: `${what}; what uses them is not known`,
        cure: 'see that every release that uses them is named as well, or stopped',
      },
    ]
  const names = running.map(({ name }) => name).join(', ')
  return [
    {
      ...check,
      outcome: harms ? 'error' : 'warning',
      message: `${what}, and ${names} may be using them, which ${running.length === 1 ? 'is' : 'are'} not named`,
      cure:
        `name ${names} as well, or stop ${running.length === 1 ? 'it' : 'them'}: ` +
        'every release that uses these tables',
    },
  ]
}

/** @throws Failure where a release that is not stopped is seen to run on tables that are to be removed */
export async function refuseBystanders(work: RestoreWork, what: string): Promise<void> {
  const [found] = await checkBystanders({
    ...work,
    tables: work.details.tables,
    naming: work.details,
    fate: 'are removed',
    harms: true,
  })
  if (found?.outcome === 'error') throw new Failure({ what, why: found.message, next: found.cure ?? '' })
}
