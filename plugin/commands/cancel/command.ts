import type { GlobalArgv } from '../../flags/flags.ts'
import { declareCommand } from '../../command-line/command.ts'
import type { FlagsOf } from '../../flags/flags-of.ts'

export function cancelFlags(yargs: GlobalArgv) {
  return yargs
    .positional('operation', {
      type: 'string',
      demandOption: true,
      describe: 'operation, like backup-NAME; a bare NAME where only one has it',
    })
    .option('timeout', { type: 'string', default: '5m', requiresArg: true, describe: 'how long to wait for its end' })
}
export type CancelFlags = FlagsOf<typeof cancelFlags>

export const cancel = declareCommand({
  usage: 'cancel <operation>',
  description: 'End an operation: whatever it paused is unpaused, what it began is put back',
  examples: [['cancel backup-nightly', 'exit code 5 where something is STILL PAUSED afterwards']],
  flags: cancelFlags,
  action: async () => (await import('./action.ts')).runCancel,
})
