import { Failure } from '../../../../operation/failure.ts'
import type { Finding } from '../../../../operation/finding.ts'
import type { OperatorCommand } from '../../../exec/operator-command.ts'
import { setProperty } from '../../../scalardb/set-property.ts'
import { lookAtAccount, partsOf } from '../account/account.ts'
import { primaryKey } from '../account/keys.ts'
import { checkKeys, endpointProperty, keyProperty } from './account-repointing.ts'
import type { RestoreWork } from './restore-work.ts'

/** What of the release's own properties tells a schema loader where ScalarDB keeps its tables. */
const taken = [
  'system_namespace_name',
  'consensus_commit.coordinator.namespace',
  'cosmos.table_metadata.database',
  'cosmos.consistency_level',
]

/** Whether the schema loader that was asked for can run; nothing where none was. */
export async function checkSchemaLoader(work: RestoreWork): Promise<Finding[]> {
  const command = schemaLoaderOf(work)
  if (command === undefined) return []
  return [...(await command.preflight()), ...(await checkKeys(work, 'omit --schema-loader-image'))]
}

/**
 * Has ScalarDB's schema loader repair the restored account, where that was asked for: it makes the procedures of
 * containers that the backup knows nothing of. It is given the account's key in properties of its own.
 * @throws Failure where it fails or takes too long
 */
export async function repairSchema(work: RestoreWork): Promise<void> {
  const command = schemaLoaderOf(work)
  if (command === undefined) return
  const { arm, context, settings, target, title } = work
  const endpoint = (await lookAtAccount(arm, target))?.properties.documentEndpoint
  if (endpoint === undefined)
    throw new Failure({
      what: `account ${partsOf(target).name} cannot be repaired`,
      why: 'Azure tells no endpoint of it',
      next: 'run the restore again',
    })
  const key = await primaryKey(arm, target)
  const own = taken.flatMap((name) => {
    const value = settings[0]?.property(name)
    return value === undefined ? [] : [[name, value] as const]
  })
  const properties = [['storage', 'cosmos'], [endpointProperty, endpoint], [keyProperty, key], ...own] as const
  const text = properties.reduce(
    (written, [name, value]) => setProperty(written, `scalar.db.${name}`, value.replaceAll('\\', '\\\\')),
    '',
  )
  await command.run({ databases: [title], properties: { text, secret: key }, signal: context.signal })
}

/** The schema loader that was asked for; undefined where none was. */
export function schemaLoaderOf({ context: { command } }: RestoreWork): OperatorCommand | undefined {
  return command?.phase === 'repair' ? command : undefined
}
