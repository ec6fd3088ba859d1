import { Failure, messageOf } from '../../../operation/failure.ts'
import type { Finding } from '../../../operation/finding.ts'
import type { StorageSettings } from '../../scalardb/storage-settings.ts'
import type { Access } from './access.ts'
import { locationOf } from './locate.ts'

/**
 * Whether the account that the worker reaches is the one that the releases themselves use: a role of the pod, or a
 * database secret, may be of another, where tables of the same names may be.
 */
export async function checkAccounts(
  title: string,
  settings: readonly StorageSettings[],
  access: Access,
  signal: AbortSignal,
): Promise<Finding[]> {
  const check = { check: 'account', subject: title }
  const findings: Finding[] = []
  for (const [key, users] of Map.groupBy(settings, (one) => releaseKey(one)?.accessKeyId)) {
    const [first] = users
    const credentials = first === undefined ? undefined : releaseKey(first)
    if (credentials === undefined || key === access.credentials?.accessKeyId) continue
    const storages = users.map(({ storage }) => storage).join(', ')
    const [worker, release] = await Promise.all([
      accountReached(access, storages, signal),
      accountReached({ ...access, credentials, credentialsFrom: `the own key of ${storages}` }, storages, signal),
    ])
    if ('why' in worker || 'why' in release)
      findings.push({
        ...check,
        outcome: 'warning',
        message:
          `whether ${access.credentialsFrom} is of the account that ${storages} uses is not known: ` +
          `${'why' in worker ? worker.why : 'why' in release ? release.why : ''}`,
        cure:
          "see that both are of one account, or allow the release's own user dynamodb:DescribeTable of ScalarDB's " +
          'metadata table',
      })
    else if (worker.account !== release.account)
      findings.push({
        ...check,
        outcome: 'error',
        message:
          `${access.credentialsFrom} is of account ${worker.account}, ` +
          `the own key of ${storages} of ${release.account}`,
        cure:
          'give credentials of the account that the release uses: ' +
          'another role for the ServiceAccount, or --database-secret',
      })
  }
  return findings
}

async function accountReached(
  access: Access,
  storage: string,
  signal: AbortSignal,
): Promise<{ account: string } | { why: string }> {
  try {
    const { account } = await locationOf(access, storage, signal)
    return account === undefined ? { why: `neither DynamoDB nor STS tells its account` } : { account }
  } catch (error) {
    signal.throwIfAborted()
    return { why: messageOf(error) }
  }
}

/** What the release itself logs in with; undefined where its properties do not tell. */
export function releaseKey({ property }: StorageSettings): Access['credentials'] {
  try {
    const [accessKeyId, secretAccessKey] = [property('username'), property('password')]
    return accessKeyId === undefined || secretAccessKey === undefined ? undefined : { accessKeyId, secretAccessKey }
  } catch (error) {
    if (error instanceof Failure) return undefined
    throw error
  }
}
