import {
  GetItemCommand,
  ScanCommand,
  UpdateItemCommand,
  type AttributeValue,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb'
import { Failure, messageOf } from '../../../../../operation/failure.ts'
import { foreignNamespaces } from '../../../../../operation/foreign-namespaces.ts'
import type { StorageSettings } from '../../../../scalardb/storage-settings.ts'
import { inRegion } from '../../access.ts'
import { isDenied } from '../../aws-error.ts'
import { releaseKey } from '../../check-accounts.ts'
import { openClients } from '../../clients.ts'
import type { BackedUpTable } from '../../details.ts'
import { withPrefix } from '../../scalardb/restored-names.ts'
import { namingOf } from '../../tables/table-names.ts'
import type { RestoreWork } from '../restore-work.ts'

/** How long AWS may be out of reach, ms. */
const patienceMs = 60_000

/**
 * Uses the restored tables as the releases will, with the keys in their own properties, before anything is switched: a
 * policy that names the former tables alone denies the restored. Where a release has no key there, only its pods can
 * tell.
 * @param prefix of the restored tables
 * @throws Failure naming the first call that is denied
 */
export async function tryReleaseUsers(
  { settings, access, region, details, context: { signal }, title }: RestoreWork,
  prefix: string,
): Promise<void> {
  for (const one of settings) {
    const credentials = releaseKey(one)
    if (credentials === undefined) continue
    const { dynamo, close } = openClients({ ...inRegion(access, region, details), credentials }, { patienceMs, signal })
    try {
      for (const table of tablesOf(one, details))
        await use(dynamo, withPrefix(table.name, details.prefix, prefix), table)
    } catch (error) {
      signal.throwIfAborted()
      if (!isDenied(error)) throw error
      throw new Failure({
        what: `what was restored of ${title} is not put in service`,
        why: `the release's own user of ${one.storage} may not use it: ${messageOf(error)}`,
        next:
          `allow that user on the restored tables what it may on the former (on table/${prefix}*), ` +
          'or restore with --strategy replace',
      })
    } finally {
      close()
    }
  }
}

/** The tables that a storage's user has to do with. */
function tablesOf(settings: StorageSettings, { tables, metadataNamespace }: RestoreWork['details']): BackedUpTable[] {
  const { storage, namespaces } = settings
  const foreign = foreignNamespaces(
    tables.map(({ namespace }) => namespace),
    { apps: [storage.split('/')[0] ?? storage], system: [metadataNamespace, namingOf(settings).coordinatorNamespace] },
  ).map(({ namespace }) => namespace)
  return tables.filter(
    ({ namespace }) =>
      !foreign.includes(namespace) &&
      (namespaces === undefined || namespaces.includes(namespace) || namespace === metadataNamespace),
  )
}

/** One read, one scan, and one write that its condition lets change nothing. */
async function use(client: DynamoDBClient, name: string, { settings }: BackedUpTable): Promise<void> {
  const key = Object.fromEntries(
    settings.keySchema.map(({ attribute }) => [
      attribute,
      valueOf(settings.attributes.find((one) => one.name === attribute)?.type),
    ]),
  )
  await client.send(new GetItemCommand({ TableName: name, Key: key }))
  await client.send(new ScanCommand({ TableName: name, Limit: 1 }))
  const write = new UpdateItemCommand({
    TableName: name,
    Key: key,
    ConditionExpression: 'attribute_exists(#none)',
    ExpressionAttributeNames: { '#none': 'kubectl-scalardl-none' },
  })
  await client.send(write).catch((error: unknown) => {
    if (!(error instanceof Error && error.name === 'ConditionalCheckFailedException')) throw error
  })
}

/** A key that no item has. */
function valueOf(type: string | undefined): AttributeValue {
  if (type === 'N') return { N: '-9007199254740991' }
  return type === 'B' ? { B: Buffer.from('kubectl-scalardl-none') } : { S: 'kubectl-scalardl-none' }
}
