import type { GlobalArgv } from '../../flags/flags.ts'
import { declareCommand } from '../../command-line/command.ts'
import type { FlagsOf } from '../../flags/flags-of.ts'

export function waitFlags(yargs: GlobalArgv) {
  return yargs
    .positional('operation', {
      type: 'string',
      demandOption: true,
      describe: 'operation, like backup-NAME; a bare NAME where only one has it',
    })
    .option('for', {
      choices: ['finished', 'recorded', 'restorable'] as const,
      default: 'finished' as const satisfies Milestone as Milestone,
      requiresArg: true,
      describe: 'the end, or of a backup: its restore point is fixed (recorded), its data is complete (restorable)',
    })
    .option('timeout', {
      type: 'string',
      requiresArg: true,
      describe: 'how long to wait, like 30m; without it, to the end',
    })
}
export type Milestone = 'finished' | 'recorded' | 'restorable'
export type WaitFlags = FlagsOf<typeof waitFlags>

export const wait = declareCommand({
  usage: 'wait <operation>',
  description: 'Wait for an operation and end with its exit code',
  examples: [
    ['wait backup-nightly --timeout 2h', 'exit code 6 where it has not ended by then'],
    ['wait backup-nightly --for=recorded', 'until the restore point is fixed and nothing is paused'],
  ],
  flags: waitFlags,
  action: async () => (await import('./action.ts')).runWait,
})
