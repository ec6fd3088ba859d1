import {
  CreateBackupCommand,
  DeleteBackupCommand,
  DescribeBackupCommand,
  ListBackupsCommand,
  type BackupDescription,
  type BackupSummary,
  type DynamoDBClient,
  type ListBackupsInput,
} from '@aws-sdk/client-dynamodb'
import { Failure } from '../../../../operation/failure.ts'
import type { BackupWatch } from './backup-watch.ts'
import { nameOf } from '../../../aws/sdk-retries.ts'
import { limits, perSecond } from '../../../aws/rate-limits.ts'
import { untilShown } from '../../../aws/eventual-consistency.ts'
import { onceAllowed, until } from '../../../aws/polling.ts'

/** Calls a second that AWS allows (DynamoDB: API reference). */
const described = perSecond(10)
const deleted = perSecond(10)
/** AWS allows 5; others in the account ask as well */
const listed = perSecond(3)

/** Every backup that fits, of tables that are deleted too. */
export async function listBackups(
  client: DynamoDBClient,
  input: Omit<ListBackupsInput, 'ExclusiveStartBackupArn'>,
): Promise<BackupSummary[]> {
  const found: BackupSummary[] = []
  let start: string | undefined
  do {
    const from = start === undefined ? {} : { ExclusiveStartBackupArn: start }
    const page = await listed.run(() => client.send(new ListBackupsCommand({ ...input, ...from })))
    found.push(...(page.BackupSummaries ?? []))
    start = page.LastEvaluatedBackupArn
  } while (start !== undefined)
  return found.filter(({ BackupStatus: status }) => status !== 'DELETED')
}

/** A backup as it stands, undefined where there is none. */
export async function describeBackup(client: DynamoDBClient, arn: string): Promise<BackupDescription | undefined> {
  try {
    return (await described.run(() => client.send(new DescribeBackupCommand({ BackupArn: arn })))).BackupDescription
  } catch (error) {
    if (nameOf(error) === 'BackupNotFoundException') return undefined
    throw error
  }
}

/** Begins an on-demand backup, unless that was done already: names are not unique to AWS, but ours are. */
export async function ensureBackup(
  client: DynamoDBClient,
  watch: BackupWatch,
  table: string,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  await onceAllowed(async () => {
    if ((await watch(name)).length > 0) return
    await limits.createBackup.run(
      () => client.send(new CreateBackupCommand({ TableName: table, BackupName: name })),
      signal,
    )
  }, signal)
}

/** Waits until a backup can be restored. @returns its ARN */
export async function untilAvailable(watch: BackupWatch, name: string, signal: AbortSignal): Promise<string> {
  return until(async () => {
    const found = await untilShown(async () => (await watch(name))[0], signal)
    if (found?.BackupArn === undefined)
      throw new Failure({
        what: `backup ${name} was not made`,
        why: 'AWS no longer knows of it',
        next: 'run the restore again',
      })
    return found.BackupStatus === 'AVAILABLE' ? found.BackupArn : undefined
  }, signal)
}

/** Whether a backup can be restored at this moment. */
export async function isAvailable(client: DynamoDBClient, arn: string): Promise<boolean> {
  return (await describeBackup(client, arn))?.BackupDetails?.BackupStatus === 'AVAILABLE'
}

/** Removes a backup; one that is gone is left so. */
export async function ensureBackupDeleted(client: DynamoDBClient, arn: string, signal: AbortSignal): Promise<void> {
  const remove = () => deleted.run(() => client.send(new DeleteBackupCommand({ BackupArn: arn })), signal)
  await onceAllowed(remove, signal).catch((error: unknown) => {
    if (nameOf(error) !== 'BackupNotFoundException') throw error
  })
}
