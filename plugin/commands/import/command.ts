import { dryRunFlag, type GlobalArgv } from '../../flags/flags.ts'
import { jobFlags, waitFlags } from '../../flags/job-flags.ts'
import { declareCommand } from '../../command-line/command.ts'
import type { FlagsOf } from '../../flags/flags-of.ts'

export function importFlags(yargs: GlobalArgv) {
  const own = yargs
    .positional('location', {
      type: 'string',
      describe: "a backup's folder, pvc://CLAIM/path/NAME, whose own record is taken over",
    })
    .option('filename', {
      alias: 'f',
      type: 'string',
      requiresArg: true,
      describe: 'file that `export` wrote; - for stdin',
    })
  return dryRunFlag(waitFlags(jobFlags(own)))
}
export type ImportFlags = FlagsOf<typeof importFlags>

export const importCommand = declareCommand({
  usage: 'import [location]',
  description: 'Make a backup known here: from an exported record, or from the record that lies beside its data',
  examples: [
    ['import -f nightly.json', 'a record that `export backup` wrote'],
    ['import pvc://backups/ledger/nightly', 'in a fresh cluster, from the dump alone'],
  ],
  flags: importFlags,
  action: async () => (await import('./action.ts')).runImport,
})
