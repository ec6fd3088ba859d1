import { Failure } from '../../../../operation/failure.ts'
import type { RecoveryWindow } from '../../point-in-time/recovery-window.ts'
import type { FlexibleServer } from './server.ts'

/** For a stand-in, whose log is in the backup sooner: after how many ms. */
export const logDelayVariable = 'AZURE_SERVER_LOG_DELAY_MS'

/**
 * After how long the log of a server is in its backup at the latest, ms (Microsoft Learn, "Backup and restore": the
 * delay can be up to 15 minutes). Azure tells where the window of a server begins, and not where it ends.
 * @throws Failure where the environment says something that is no number
 */
function logDelayMs(env: NodeJS.ProcessEnv): number {
  const text = env[logDelayVariable] ?? '900000'
  if (/^\d+$/.test(text)) return Number(text)
  throw new Failure({
    what: `${logDelayVariable} is not understood`,
    why: `"${text}" is no number of milliseconds`,
    next: 'leave it out: it is for a stand-in of Azure alone',
  })
}

/**
 * What can be brought back of a server for certain.
 * @param aheadMs by which its clock is ahead of this one, at least
 * @throws Failure where the environment says something of the log that is no number
 */
export function windowOf({ properties: { backup } }: FlexibleServer, aheadMs = 0): RecoveryWindow {
  const latestMs = Date.now() + aheadMs - logDelayMs(process.env)
  const earliestMs = Date.parse(backup?.earliestRestoreDate ?? '')
  const isKept = !Number.isNaN(earliestMs)
  return {
    earliestMs: isKept ? earliestMs : undefined,
    latestMs: isKept ? latestMs : undefined,
    periodDays: backup?.backupRetentionDays,
  }
}
