import type { RecoveryWindow } from '../../point-in-time/recovery-window.ts'
import type { FlexibleServer } from './server.ts'

/**
 * After how long the log of a server is in its backup at the latest, ms (Microsoft Learn, "Backup and restore": the
 * delay can be up to 15 minutes). Azure tells where the window of a server begins, and not where it ends.
 */
let logDelayMs = Number(process.env['AZURE_SERVER_LOG_DELAY_MS'] ?? 900_000)

/** For a stand-in, whose log is there sooner; one in a cluster says so by that variable of the worker. */
export function setLogDelay(ms: number): void {
  logDelayMs = ms
}

/**
 * What can be brought back of a server for certain.
 * @param aheadMs by which its clock is ahead of this one, at least
 */
export function windowOf({ properties: { backup } }: FlexibleServer, aheadMs = 0): RecoveryWindow {
  const earliestMs = Date.parse(backup?.earliestRestoreDate ?? '')
  if (Number.isNaN(earliestMs))
    return { earliestMs: undefined, latestMs: undefined, periodDays: backup?.backupRetentionDays }
  return { earliestMs, latestMs: Date.now() + aheadMs - logDelayMs, periodDays: backup?.backupRetentionDays }
}
