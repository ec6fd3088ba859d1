import type { Argv } from 'yargs'
import { declareCommand } from '../../command-line/command.ts'
import type { FlagsOf } from '../../flags/flags-of.ts'
import { dryRunFlag, yesFlag, type GlobalArgv } from '../../flags/flags.ts'
import { adminFlags, databaseFlags, jobFlags, pauseLimitFlags, waitFlags } from '../../flags/job-flags.ts'

/** The pause of a stop lasts until the servers have ended. */
const maxPause = '5m'

export function restoreFlags(yargs: GlobalArgv) {
  const own = yargs
    .positional('backup', {
      type: 'string',
      demandOption: true,
      describe:
        'name of a backup, or pvc://CLAIM/path/BACKUP for one that this cluster does not know; a restore with --undo',
    })
    .option('to-release', {
      type: 'string',
      array: true,
      requiresArg: true,
      describe: 'release to restore into, repeatable; those of the backup unless given',
    })
    .option('drop-previous', {
      alias: 'accept',
      type: 'boolean',
      default: false,
      describe: 'remove the data that was in service before, once the restored data serves; of a restore: do so now',
    })
    .option('undo', {
      type: 'boolean',
      default: false,
      describe: 'of a restore: put the data that was in service before back; of one that failed: remove what it left',
    })
    .option('fence-for', {
      type: 'string',
      default: '3m',
      requiresArg: true,
      describe:
        'DynamoDB, --drop-previous: how long nobody can use the former tables, and the release has to stay ready, before they are deleted',
    })
    .option('lose-backup', {
      type: 'string',
      array: true,
      requiresArg: true,
      describe: 'name of a backup that may end with what is deleted, repeatable; asked for unless given',
    })
    .option('replicas', {
      type: 'number',
      requiresArg: true,
      describe: 'replicas to scale up to where the Deployment stands at 0',
    })
    .option('ready-timeout', {
      type: 'string',
      default: '10m',
      requiresArg: true,
      describe: 'how long the release may take to serve again',
    })
  return dryRunFlag(
    yesFlag(waitFlags(jobFlags(databaseFlags(dynamodbFlags(pauseLimitFlags(adminFlags(own), maxPause)))))),
  )
}

/** What a restore of DynamoDB leaves to choose. */
function dynamodbFlags<T>(yargs: Argv<T>) {
  return yargs
    .option('strategy', {
      choices: ['prefix', 'replace'] as const,
      requiresArg: true,
      describe:
        'DynamoDB: prefix (unless given) restores tables beside those in service, under other names; replace deletes those in service, once backups of the restored are AVAILABLE',
    })
    .option('prefix', {
      type: 'string',
      requiresArg: true,
      describe: 'DynamoDB: namespace prefix of the restored tables; made of the restore point unless given',
    })
    .option('at', {
      type: 'string',
      requiresArg: true,
      describe:
        "DynamoDB: another moment than the backup's, RFC 3339 with an offset or UNIX seconds; one in no recorded pause of the releases is unproven",
    })
    .option('repoint', {
      choices: ['patch', 'print'] as const,
      requiresArg: true,
      describe:
        "DynamoDB: patch (unless given) sets the prefix in the release's ConfigMap; print shows what to set, and leaves the release alone",
    })
    .option('unknown-version', {
      type: 'boolean',
      default: false,
      describe:
        "DynamoDB: the releases' ScalarDB is 3.7 or later, although image and labels do not tell; one before ignores prefixes",
    })
    .option('region', {
      type: 'string',
      requiresArg: true,
      describe: 'DynamoDB: region to restore to, where not that of the backup',
    })
    .option('kms-key', {
      type: 'string',
      requiresArg: true,
      describe: 'DynamoDB: ARN of the KMS key that encrypts the restored tables, where not that of the backup',
    })
}
export type RestoreFlags = FlagsOf<typeof restoreFlags>

export const restore = declareCommand({
  usage: 'restore <backup>',
  description: 'Put a backup in service: all its databases at its restore point, or none',
  examples: [
    ['restore my-ledger-20261121-093000 --dry-run=client', 'the plan, and nothing else'],
    ['restore my-ledger-20261121-093000', 'shows the plan and asks'],
    ['restore pvc://backups/ledger/my-ledger-20261121-093000', 'in a new cluster, from what lies beside the dumps'],
    [
      'restore my-ledger-20261121-093000 --repoint print',
      'DynamoDB: restored tables beside those in service, and what to set to use them',
    ],
    ['restore my-ledger-20261121-093000 --strategy replace', 'DynamoDB: under the names that are in service'],
    ['restore restore-my-ledger-20261121-101500 --undo', 'the former data serves again'],
    ['restore restore-my-ledger-20261121-101500 --drop-previous', 'removes the former data; no way back'],
  ],
  flags: restoreFlags,
  action: async () => (await import('./action.ts')).runRestore,
})
