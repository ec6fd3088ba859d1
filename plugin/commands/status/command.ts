import type { GlobalArgv } from '../../flags/flags.ts'
import { declareCommand } from '../../command-line/command.ts'
import type { FlagsOf } from '../../flags/flags-of.ts'

export function statusFlags(yargs: GlobalArgv) {
  return yargs
    .positional('releases', { type: 'string', array: true, describe: 'Helm releases; all unless given' })
    .option('all-namespaces', { alias: 'A', type: 'boolean', default: false, describe: 'of every namespace' })
}
export type StatusFlags = FlagsOf<typeof statusFlags>

export const status = declareCommand({
  usage: 'status [releases..]',
  description: 'Show the releases there are: product, pods, storage, whether paused, last backup',
  examples: [
    ['status', 'every release of the namespace'],
    ['status ledger -o wide', 'with the SRV name of its admin port'],
  ],
  flags: statusFlags,
  action: async () => (await import('./action.ts')).runStatus,
})
