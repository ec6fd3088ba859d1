/** The documented exit codes of `kubectl scalardl`, the same for every command. */
export const ExitCode = {
  done: 0,
  failed: 1,
  usage: 2,
  backupUnusable: 3,
  declined: 4,
  stillPaused: 5,
  timedOutOrDetached: 6,
  waitsForAdministrator: 7,
} as const

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode]
