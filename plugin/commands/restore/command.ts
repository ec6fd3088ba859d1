import type { Argv } from 'yargs'
import type { KnownKind } from '../../../operation/databases/kind.ts'
import { knownKinds } from '../../../operation/databases/registry.ts'
import { declareCommand } from '../../command-line/command.ts'
import type { FlagsOf } from '../../flags/flags-of.ts'
import { execFlags } from '../../flags/exec-flags.ts'
import { schemaLoaderFlags } from '../../flags/schema-loader-flags.ts'
import { ofKinds } from '../../flags/kind-flags.ts'
import { transferFlags } from '../../flags/transfer.ts'
import { dryRunFlag, yesFlag, type GlobalArgv } from '../../flags/flags.ts'
import { adminFlags, databaseFlags, jobFlags, pauseLimitFlags, waitFlags } from '../../flags/job-flags.ts'
import { trustFlags } from '../../flags/trust.ts'

/** The pause of a stop lasts until the servers have ended. */
const maxPause = '5m'

export function restoreFlags(yargs: GlobalArgv, kinds: readonly KnownKind[] = knownKinds) {
  const own = transferFlags(yargs)
    .positional('backup', {
      type: 'string',
      demandOption: true,
      describe:
        'name of a backup, or its location (pvc://CLAIM/path/BACKUP, s3://BUCKET/path/BACKUP?…) for one that this ' +
        'cluster does not know; a restore with --undo or --continue',
    })
    .option('to-release', {
      type: 'string',
      array: true,
      requiresArg: true,
      describe: 'release to restore into, repeatable; those of the backup unless given',
    })
    .option('decrypt-secret', {
      type: 'string',
      requiresArg: true,
      describe: 'Secret whose key identity opens an encrypted backup, as age-keygen wrote it',
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
    .option('continue', {
      type: 'boolean',
      default: false,
      describe: 'of a restore that waits for you: look at what you have done, and start the releases',
    })
    .option('fence-for', {
      type: 'string',
      default: '3m',
      requiresArg: true,
      ...ofKinds(({ restore }) => restore?.['fence-for'], kinds),
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
    yesFlag(
      waitFlags(
        jobFlags(
          databaseFlags(
            schemaLoaderFlags(
              execFlags(choiceFlags(pauseLimitFlags(adminFlags(trustFlags(own)), maxPause), kinds)),
              kinds,
            ),
          ),
        ),
      ),
    ),
  )
}

/** The flags that only some kinds of database understand. */
function choiceFlags<T>(yargs: Argv<T>, kinds: readonly KnownKind[]) {
  return yargs
    .option('strategy', {
      choices: ['prefix', 'replace'] as const,
      requiresArg: true,
      ...ofKinds(({ restore }) => restore?.strategy, kinds),
    })
    .option('prefix', {
      type: 'string',
      requiresArg: true,
      ...ofKinds(({ restore }) => restore?.prefix, kinds),
    })
    .option('at', {
      type: 'string',
      requiresArg: true,
      ...ofKinds(({ restore }) => restore?.at, kinds),
    })
    .option('repoint', {
      choices: ['patch', 'print'] as const,
      requiresArg: true,
      ...ofKinds(({ restore }) => restore?.repoint, kinds),
    })
    .option('unknown-version', {
      type: 'boolean',
      default: false,
      ...ofKinds(({ restore }) => restore?.['unknown-version'], kinds),
    })
    .option('region', {
      type: 'string',
      requiresArg: true,
      ...ofKinds(({ restore }) => restore?.region, kinds),
    })
    .option('kms-key', {
      type: 'string',
      requiresArg: true,
      ...ofKinds(({ restore }) => restore?.['kms-key'], kinds),
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
    ...knownKinds.flatMap(({ examples }) => examples?.restore ?? []),
    [
      'restore my-ledger-20261121-093000 --exec-image registry.example.com/tools:1 -- /tools/restore.sh',
      'by your own tool, run while the release is stopped, where it made the backup',
    ],
    ['restore restore-my-ledger-20261121-101500 --continue', 'goes on, once you have done what it waits for'],
    ['restore restore-my-ledger-20261121-101500 --undo', 'the former data serves again'],
    ['restore restore-my-ledger-20261121-101500 --drop-previous', 'removes the former data; no way back'],
  ],
  flags: restoreFlags,
  action: async () => (await import('./action.ts')).runRestore,
})
