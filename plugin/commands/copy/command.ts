import { declareCommand } from '../../command-line/command.ts'
import type { FlagsOf } from '../../flags/flags-of.ts'
import { dryRunFlag, type GlobalArgv } from '../../flags/flags.ts'
import { jobFlags, waitFlags } from '../../flags/job-flags.ts'
import { transferFlags } from '../../flags/transfer.ts'
import { trustFlags } from '../../flags/trust.ts'

export function copyFlags(yargs: GlobalArgv) {
  const own = transferFlags(yargs)
    .positional('what', { choices: ['backup'] as const, demandOption: true, describe: 'backup' })
    .positional('backup', { type: 'string', demandOption: true, describe: 'its name' })
    .option('to', {
      type: 'string',
      demandOption: true,
      requiresArg: true,
      describe: 'storage of the copy: pvc://CLAIM/path, s3://BUCKET/path?… or azblob://ACCOUNT/CONTAINER/path?…',
    })
  return dryRunFlag(waitFlags(jobFlags(trustFlags(own))))
}
export type CopyFlags = FlagsOf<typeof copyFlags>

export const copy = declareCommand({
  usage: 'copy <what> <backup>',
  description: 'Make a second, verified copy of a backup in another storage',
  examples: [
    ["copy backup nightly --to 's3://my-bucket/ledger?region=eu-west-1'", 'its record tells of the copy'],
    ["restore 's3://my-bucket/ledger/nightly?region=eu-west-1'", 'from the copy, also in another cluster'],
  ],
  flags: copyFlags,
  action: async () => (await import('./action.ts')).runCopy,
})
