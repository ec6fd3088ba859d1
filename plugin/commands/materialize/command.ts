import { knownKinds } from '../../../operation/databases/registry.ts'
import { declareCommand } from '../../command-line/command.ts'
import type { FlagsOf } from '../../flags/flags-of.ts'
import { dryRunFlag, type GlobalArgv } from '../../flags/flags.ts'
import { jobFlags, waitFlags } from '../../flags/job-flags.ts'
import { trustFlags } from '../../flags/trust.ts'

export function materializeFlags(yargs: GlobalArgv) {
  const own = yargs
    .positional('what', { choices: ['backup'] as const, demandOption: true, describe: 'backup' })
    .positional('names', { type: 'string', array: true, demandOption: true, describe: 'their names' })
    .option('database-secret', {
      type: 'string',
      requiresArg: true,
      describe: 'Secret with username and password that come before those of the properties',
    })
  return dryRunFlag(waitFlags(jobFlags(trustFlags(own))))
}
export type MaterializeFlags = FlagsOf<typeof materializeFlags>

export const materialize = declareCommand({
  usage: 'materialize <what> <names..>',
  description: knownKinds.flatMap(({ materializing }) => materializing ?? []).join('; '),
  examples: [
    ['materialize backup nightly', 'it lasts until `delete backup`, also where its tables are replaced or deleted'],
    ['materialize backup monday tuesday', 'one after another'],
  ],
  flags: materializeFlags,
  action: async () => (await import('./action.ts')).runMaterialize,
})
