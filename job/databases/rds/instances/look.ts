import {
  DescribeDBInstanceAutomatedBackupsCommand,
  DescribeDBInstancesCommand,
  type RDSClient,
} from '@aws-sdk/client-rds'
import { nameOf } from '../../../aws/sdk-retries.ts'
import type { RecoveryWindow } from '../../point-in-time/recovery-window.ts'
import { asInstance, type Instance } from './find-instance.ts'

/** The instance of that name; undefined where there is none. */
export async function lookAtInstance(client: RDSClient, id: string): Promise<Instance | undefined> {
  try {
    const { DBInstances = [] } = await client.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: id }))
    return asInstance(DBInstances[0])
  } catch (error) {
    if (nameOf(error) === 'DBInstanceNotFoundFault') return undefined
    throw error
  }
}

/** What RDS keeps of an instance, be that still there or not. */
export interface Past {
  window: RecoveryWindow
  /** the instance is gone, and its automated backups were retained */
  isRetained: boolean
}

/**
 * The past of the very instance that has this resource id: names are given anew once an instance is deleted.
 * @returns undefined where nothing is kept of it
 */
export async function pastOf(client: RDSClient, resourceId: string): Promise<Past | undefined> {
  const command = new DescribeDBInstanceAutomatedBackupsCommand({ DbiResourceId: resourceId })
  const { DBInstanceAutomatedBackups: [kept] = [] } = await client.send(command).catch((error: unknown) => {
    if (nameOf(error) === 'DBInstanceAutomatedBackupNotFoundFault') return { DBInstanceAutomatedBackups: [] }
    throw error
  })
  if (kept === undefined) return undefined
  const { EarliestTime, LatestTime } = kept.RestoreWindow ?? {}
  return {
    window: {
      earliestMs: EarliestTime?.getTime(),
      latestMs: LatestTime?.getTime(),
      periodDays: kept.BackupRetentionPeriod,
    },
    isRetained: kept.Status === 'retained',
  }
}

/** The account that an ARN names. */
export function accountOf(arn: string): string {
  return arn.split(':')[4] ?? ''
}
