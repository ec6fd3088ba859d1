import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import type { Place } from '../database.ts'
import type { StorageSettings } from '../../scalardb/storage-settings.ts'
import { accessOf, type Access } from './access.ts'
import { awsFailure, isDenied } from './aws-error.ts'
import { openClients } from './clients.ts'
import { accountOf } from './backup/describe-backup.ts'
import { lookAtTable } from './tables/look-at-table.ts'
import { metadataTableName } from './tables/table-names.ts'

/** How long AWS may be out of reach, ms; somebody waits to be told, and nothing is paused yet. */
const patienceMs = 8_000
/** How long STS may take to be reached and to answer, ms: not every network has a way to it. */
const stsMs = 3_000

/** Where a storage's tables are, as its own credentials see it. */
interface Location {
  /** undefined where AWS did not tell */
  account: string | undefined
  /** the same for storages of one installation, and for no others */
  identity: string
}

/**
 * Which storages share one installation's tables: those that find the very same metadata table, each with its own
 * credentials. Its ARN is account, region, prefix and metadata namespace.
 * @throws Failure where AWS cannot be asked; the signal's reason
 */
export async function locate(settings: readonly StorageSettings[], signal: AbortSignal): Promise<Place[]> {
  const located = await Promise.all(
    settings.map(async (one) => ({ one, ...(await locationOf(accessOf([one]), one.storage, signal)) })),
  )
  return [...Map.groupBy(located, ({ identity }) => identity).values()].map((same) => ({
    settings: same.map(({ one }) => one),
  }))
}

/**
 * A table's ARN tells its account; where the table is not there, or not to be seen, STS knows whose credentials they
 * are.
 */
export async function locationOf(access: Access, storage: string, signal: AbortSignal): Promise<Location> {
  const { region, endpoint, credentials, naming } = access
  const name = metadataTableName(naming)
  const clients = openClients(access, { patienceMs, signal })
  try {
    const table = await lookAtTable(clients.dynamo, name).catch((error: unknown) => {
      if (isDenied(error)) return undefined
      throw error
    })
    if (table?.TableArn !== undefined)
      // The id tells apart what stands in for DynamoDB, where all accounts may have one number.
      return { account: accountOf(table.TableArn), identity: `${table.TableArn} ${table.TableId ?? ''}` }
    const account = await callerAccount(access, signal)
    return { account, identity: [account ?? `${endpoint} ${credentials?.accessKeyId}`, region, name].join(' ') }
  } catch (error) {
    signal.throwIfAborted()
    throw awsFailure(`where the tables of storage "${storage}" are is not known`, access, error)
  } finally {
    clients.close()
  }
}

/**
 * Whose credentials they are; nobody needs a right for this (STS: GetCallerIdentity).
 * @returns undefined where STS does not answer, or not them
 */
async function callerAccount(
  { region, credentials }: Pick<Access, 'region' | 'credentials'>,
  signal: AbortSignal,
): Promise<string | undefined> {
  const client = new STSClient({
    region,
    maxAttempts: 2,
    requestHandler: { connectionTimeout: stsMs, requestTimeout: stsMs, throwOnRequestTimeout: true },
    ...(credentials === undefined ? {} : { credentials }),
  })
  try {
    return (await client.send(new GetCallerIdentityCommand({}), { abortSignal: signal })).Account
  } catch {
    signal.throwIfAborted()
    return undefined
  } finally {
    client.destroy()
  }
}
