import type { GlobalArgv } from '../../flags/flags.ts'
import { declareLocalCommand } from '../../command-line/command.ts'
import type { FlagsOf } from '../../flags/flags-of.ts'

export function completionFlags(yargs: GlobalArgv) {
  return yargs
    .positional('shell', {
      choices: ['install', 'bash', 'zsh', 'fish', 'powershell'] as const,
      demandOption: true,
      describe: 'install, or a shell whose script to print',
    })
    .option('dir', {
      type: 'string',
      requiresArg: true,
      describe: 'folder on PATH for `install`; the one that holds kubectl-scalardl unless given',
    })
}
export type CompletionFlags = FlagsOf<typeof completionFlags>

export const completion = declareLocalCommand({
  usage: 'completion <shell>',
  description: 'Complete commands, flags and live names in the shell',
  examples: [
    ['completion install', "let kubectl's own completion, where the shell has it, complete `kubectl scalardl` as well"],
    [
      'completion bash > /etc/bash_completion.d/kubectl-scalardl',
      'for the program under its own name, kubectl-scalardl',
    ],
  ],
  flags: completionFlags,
  action: async () => (await import('./action.ts')).runCompletion,
})
