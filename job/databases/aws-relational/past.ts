import type { RecoveryWindow } from '../point-in-time/recovery-window.ts'

/** What RDS keeps of an instance or a cluster, be that still there or not. */
export interface Past {
  window: RecoveryWindow
  /** it is gone, and its automated backups were retained */
  isRetained: boolean
}

/** An automated backup, as RDS tells that of an instance and of a cluster alike. */
interface AutomatedBackup {
  RestoreWindow?: { EarliestTime?: Date | undefined; LatestTime?: Date | undefined } | undefined
  BackupRetentionPeriod?: number | undefined
  Status?: string | undefined
}

/** @returns undefined where nothing is kept */
export function pastIn(kept: AutomatedBackup | undefined): Past | undefined {
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
