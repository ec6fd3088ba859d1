import { dryRunFlag, yesFlag, type GlobalArgv } from '../../flags/flags.ts'
import { jobFlags, waitFlags } from '../../flags/job-flags.ts'
import { trustFlags } from '../../flags/trust.ts'
import { declareCommand } from '../../command-line/command.ts'
import type { FlagsOf } from '../../flags/flags-of.ts'

export function deleteFlags(yargs: GlobalArgv) {
  const own = yargs
    .positional('what', { choices: ['backup'] as const, demandOption: true, describe: 'backup' })
    .positional('names', {
      type: 'string',
      array: true,
      demandOption: true,
      describe: 'their names, or their locations',
    })
    .option('keep-data', {
      type: 'boolean',
      default: false,
      describe: 'forget the record and leave the data where it is',
    })
    .option('database-secret', {
      type: 'string',
      requiresArg: true,
      describe:
        'Secret with username and password for what a database service keeps of the backup, ' +
        'before those of the properties',
    })
  return dryRunFlag(yesFlag(waitFlags(jobFlags(trustFlags(own)))))
}
export type DeleteFlags = FlagsOf<typeof deleteFlags>

export const deleteCommand = declareCommand({
  usage: 'delete <what> <names..>',
  description: 'Delete backups for good: their data, then their records',
  examples: [
    ['delete backup nightly', 'shows what will be lost and asks for its name'],
    ['delete backup monday tuesday --yes', 'without asking'],
    ["delete backup 's3://my-bucket/ledger/nightly'", 'of another cluster, by its location'],
    ['delete backup nightly --keep-data', 'only the record; `import pvc://…` brings it back'],
  ],
  flags: deleteFlags,
  action: async () => (await import('./action.ts')).runDelete,
})
