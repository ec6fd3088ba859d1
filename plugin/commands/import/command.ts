import { dryRunFlag, type GlobalArgv } from '../../flags/flags.ts'
import { jobFlags, waitFlags } from '../../flags/job-flags.ts'
import { trustFlags } from '../../flags/trust.ts'
import { declareCommand } from '../../command-line/command.ts'
import type { FlagsOf } from '../../flags/flags-of.ts'

export function importFlags(yargs: GlobalArgv) {
  const own = yargs
    .positional('location', {
      type: 'string',
      describe: "a backup's folder, pvc://CLAIM/path/NAME or s3://BUCKET/path/NAME?…, whose own record is taken over",
    })
    .option('filename', {
      alias: 'f',
      type: 'string',
      requiresArg: true,
      describe: 'file that `export` wrote; - for stdin',
    })
    .option('window', {
      type: 'string',
      requiresArg: true,
      describe:
        'START/END of a pause that another tool made, RFC 3339 with an offset or UNIX seconds; ' +
        'recorded as attested by you',
    })
    .option('release', {
      type: 'string',
      array: true,
      requiresArg: true,
      describe: 'release whose servers were all paused in --window, repeatable',
    })
  return dryRunFlag(waitFlags(jobFlags(trustFlags(own))))
}
export type ImportFlags = FlagsOf<typeof importFlags>

export const importCommand = declareCommand({
  usage: 'import [location]',
  description:
    'Make a backup known here: from an exported record, or from the record beside its data; or a pause of another tool',
  examples: [
    ['import -f nightly.json', 'a record that `export backup` wrote'],
    ['import pvc://backups/ledger/nightly', 'in a fresh cluster, from the dump alone'],
    [
      'import --window 1795253400.123/1795253410.456 --release my-ledger',
      'a pause of scalar-admin-for-kubernetes, from its pause_start_timestamp_ms and pause_end_timestamp_ms',
    ],
  ],
  flags: importFlags,
  action: async () => (await import('./action.ts')).runImport,
})
