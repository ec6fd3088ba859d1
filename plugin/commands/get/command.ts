import type { GlobalArgv } from '../../flags/flags.ts'
import { jobFlags } from '../../flags/job-flags.ts'
import { declareCommand } from '../../command-line/command.ts'
import type { FlagsOf } from '../../flags/flags-of.ts'

export const listed = ['backups', 'backup', 'restores', 'restore', 'operations', 'operation'] as const

export function getFlags(yargs: GlobalArgv) {
  const own = yargs
    .positional('what', { choices: listed, demandOption: true, describe: 'backups, restores or operations' })
    .positional('names', { type: 'string', array: true, describe: 'only these' })
    .option('all-namespaces', { alias: 'A', type: 'boolean', default: false, describe: 'of every namespace' })
    .option('from', {
      type: 'string',
      requiresArg: true,
      describe:
        'backups that a storage holds, whoever made them, like pvc://CLAIM/path or s3://BUCKET/path?…; a Job looks',
    })
  return jobFlags(own)
}
export type GetFlags = FlagsOf<typeof getFlags>

export const get = declareCommand({
  usage: 'get <what> [names..]',
  description: 'List backups, restores or all operations of a namespace',
  examples: [
    ['get backups -o wide', 'with location and reasons'],
    ['get operations', 'everything that was done, and what is under way'],
    ['get backups -A', 'of every namespace'],
    [
      "get backups --from 's3://my-bucket/ledger?region=eu-west-1'",
      'what lies there, also in a cluster that never saw it',
    ],
    ['get backup nightly -o json', 'its record'],
  ],
  flags: getFlags,
  action: async () => (await import('./action.ts')).runGet,
})
