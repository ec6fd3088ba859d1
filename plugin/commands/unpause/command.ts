import { declareCommand } from '../../command-line/command.ts'
import type { FlagsOf } from '../../flags/flags-of.ts'
import { dryRunFlag, type GlobalArgv } from '../../flags/flags.ts'
import { jobFlags, targetFlags, waitFlags } from '../../flags/job-flags.ts'

export function unpauseFlags(yargs: GlobalArgv) {
  const own = yargs
    .positional('release', {
      type: 'string',
      array: true,
      describe: 'Helm releases to unpause; none with --service-url or --addresses',
    })
    .option('force', {
      type: 'boolean',
      default: false,
      describe: 'also end a pause that another operation is relying on, or that somebody else made',
    })
    .option('direct', {
      type: 'boolean',
      default: false,
      describe: 'from here, through port-forwards of the API server, when no pod can be scheduled',
    })
  return dryRunFlag(waitFlags(jobFlags(targetFlags(own))))
}
export type UnpauseFlags = FlagsOf<typeof unpauseFlags>

export const unpause = declareCommand({
  usage: 'unpause [release..]',
  description: 'End a pause',
  examples: [
    ['unpause my-ledger', 'ends the pause that `pause my-ledger` holds'],
    ['unpause my-ledger --direct', 'when no pod can be scheduled'],
  ],
  flags: unpauseFlags,
  action: async () => (await import('./action.ts')).runUnpause,
})
