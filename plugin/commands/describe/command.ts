import type { GlobalArgv } from '../../flags/flags.ts'
import { declareCommand } from '../../command-line/command.ts'
import type { FlagsOf } from '../../flags/flags-of.ts'

export function describeFlags(yargs: GlobalArgv) {
  return yargs
    .positional('what', {
      choices: ['backup', 'restore', 'operation'] as const,
      demandOption: true,
      describe: 'backup, restore or operation',
    })
    .positional('name', { type: 'string', demandOption: true, describe: 'its name' })
}
export type DescribeFlags = FlagsOf<typeof describeFlags>

export const describe = declareCommand({
  usage: 'describe <what> <name>',
  description:
    'Tell everything about one operation: its time line, what was paused and for how long, what it holds, ' +
    'why it failed',
  examples: [
    ['describe backup nightly', 'with the proof of its pause and the rows of every table'],
    ['describe operation pause-ledger-20261121-093000', 'the same for any operation'],
  ],
  flags: describeFlags,
  action: async () => (await import('./action.ts')).runDescribe,
})
