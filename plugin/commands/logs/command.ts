import type { GlobalArgv } from '../../flags/flags.ts'
import { declareCommand } from '../../command-line/command.ts'
import type { FlagsOf } from '../../flags/flags-of.ts'

export function logsFlags(yargs: GlobalArgv) {
  return yargs
    .positional('operation', {
      type: 'string',
      demandOption: true,
      describe: 'operation, like backup-NAME; a bare NAME where only one has it',
    })
    .option('follow', {
      alias: 'f',
      type: 'boolean',
      default: true,
      describe: 'stay until the operation has ended; --no-follow shows what there is',
    })
    .option('raw', {
      type: 'boolean',
      default: false,
      describe: "the worker's lines as they are: JSON events, and the output of its tools",
    })
}
export type LogsFlags = FlagsOf<typeof logsFlags>

export const logs = declareCommand({
  usage: 'logs <operation>',
  description: 'Show what an operation says, and follow it to its end',
  examples: [
    ['logs backup-nightly', 'follow; Ctrl-C detaches, the operation goes on'],
    ['logs backup-nightly --no-follow --raw', 'what there is, for programs'],
  ],
  flags: logsFlags,
  action: async () => (await import('./action.ts')).runLogs,
})
