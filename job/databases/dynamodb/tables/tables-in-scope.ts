import { ListTablesCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { Failure } from '../../../../operation/failure.ts'
import { metadataTable } from '../../../scalardb/metadata.ts'
import type { Access } from '../access.ts'
import { readInstallation, type Installation } from '../scalardb/metadata.ts'
import { metadataTableName, parsePhysicalName } from './table-names.ts'

/**
 * The tables of a backup: those that ScalarDB's metadata names, or those given by hand.
 * @throws Failure where the metadata table is not there: another region, another prefix, or no schema yet
 */
export async function tablesInScope(
  client: DynamoDBClient,
  access: Access,
  given: readonly string[],
  title: string,
): Promise<Installation> {
  const { naming, region } = access
  if (given.length > 0) {
    const tables = [...new Set(given)]
      .sort()
      .map((name) => ({ name, ...(parsePhysicalName(naming.prefix, name) ?? { namespace: '', table: name }) }))
    return { tables, listed: [], strangers: [] }
  }
  const installation = await readInstallation(client, access)
  if (installation !== undefined) return installation
  const wanted = metadataTableName(naming)
  const others = await tableNames(client)
  const elsewhere = others.filter((name) => name.endsWith(`.${metadataTable.name}`))
  throw new Failure({
    what: `the tables of ScalarDB in ${title} are not known`,
    why:
      `there is no table ${wanted} in region ${region}, where ScalarDB lists its tables; ` + instead(others, elsewhere),
    next:
      elsewhere.length > 0
        ? 'check scalar.db.dynamo.namespace.prefix and scalar.db.system_namespace_name in the properties of the release'
        : 'check the region in scalar.db.contact_points and the account of the credentials; ' +
          'if the schema was loaded without metadata, name the tables by --table',
  })
}

/** What there is in place of the metadata table. @param elsewhere those of other prefixes among the others */
function instead(others: readonly string[], elsewhere: readonly string[]): string {
  if (others.length === 0) return 'there are no tables at all'
  if (elsewhere.length > 0) return `there is ${elsewhere.join(', ')}`
  return `none of the ${others.length} tables there looks like it`
}

/** Every table of the account in this region. */
export async function tableNames(client: DynamoDBClient): Promise<string[]> {
  const names: string[] = []
  let from: string | undefined
  do {
    const page: { TableNames?: string[] | undefined; LastEvaluatedTableName?: string | undefined } = await client.send(
      new ListTablesCommand(from === undefined ? {} : { ExclusiveStartTableName: from }),
    )
    names.push(...(page.TableNames ?? []))
    from = page.LastEvaluatedTableName
  } while (from !== undefined)
  return names
}
