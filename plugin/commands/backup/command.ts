import { knownKinds, titlesOf } from '../../../operation/databases/registry.ts'
import { declareCommand } from '../../command-line/command.ts'
import type { FlagsOf } from '../../flags/flags-of.ts'
import { execFlags, execPhaseFlag } from '../../flags/exec-flags.ts'
import { encryptDescription } from '../../flags/encryption.ts'
import { ofKinds, ownFlags } from '../../flags/kind-flags.ts'
import { transferFlags } from '../../flags/transfer.ts'
import { dryRunFlag, type GlobalArgv } from '../../flags/flags.ts'
import { databaseFlags, jobFlags, pauseLimitFlags, targetFlags, waitFlags } from '../../flags/job-flags.ts'

export function backupFlags(yargs: GlobalArgv) {
  const own = yargs
    .positional('release', {
      type: 'string',
      array: true,
      demandOption: true,
      describe: 'Helm releases that hold one state together, such as a Ledger and its Auditor; they are paused at once',
    })
    .option('to', {
      type: 'string',
      requiresArg: true,
      describe:
        `where the dumps go: pvc://CLAIM/path, s3://BUCKET/path?… or azblob://ACCOUNT/CONTAINER/path?…; not needed ` +
        `where every database is ${titlesOf(knownKinds.filter((kind) => kind.keepsItsOwnBackups))}, which keeps its ` +
        'backups itself',
    })
    .option('encrypt', {
      type: 'string',
      array: true,
      requiresArg: true,
      describe: encryptDescription,
    })
    .option('compression-level', {
      type: 'number',
      requiresArg: true,
      describe:
        'of zstd, from 1 to 19, for dumps; 1 unless given: more takes several times as long, for a few per cent',
    })
    .option('pause', {
      choices: ['auto', 'always', 'never'] as const,
      default: 'auto' as 'auto' | 'always' | 'never',
      requiresArg: true,
      describe:
        'auto leaves the pause out only where one transactional database holds everything; never is refused elsewhere',
    })
    .option('hold', {
      type: 'string',
      requiresArg: true,
      describe: 'keep all paused for at least this long, like 10s, where a clock with another time decides the point',
    })
    .option('schema', {
      type: 'string',
      array: true,
      requiresArg: true,
      describe: "schema to back up beyond what ScalarDB's metadata names, repeatable",
    })
    .option('table', {
      type: 'string',
      array: true,
      requiresArg: true,
      ...ofKinds(({ backup }) => backup?.table),
    })
    .option('materialize', {
      type: 'boolean',
      default: false,
      ...ofKinds(({ backup }) => backup?.materialize),
    })
    .option('retries', {
      type: 'number',
      requiresArg: true,
      describe:
        'further pauses to try when one fails, or proves nothing since a pod joined, restarted or went inside it; ' +
        '1 unless given, 0 where each would run your own tool again',
    })
  const withTool = transferFlags(execFlags(execPhaseFlag(own)))
  return dryRunFlag(waitFlags(jobFlags(targetFlags(ownFlags(databaseFlags(pauseLimitFlags(withTool, '60s')))))))
}
export type BackupFlags = FlagsOf<typeof backupFlags>

export const backup = declareCommand({
  usage: 'backup <release..>',
  description: 'Back up the databases of releases at one consistent point',
  examples: [
    ['backup my-ledger --to pvc://backups/ledger', 'everything, from what the release itself says'],
    ["backup my-ledger --to 's3://my-bucket/ledger?region=eu-west-1'", "to S3, with the worker's own identity"],
    ['backup my-ledger my-auditor --to pvc://backups/both', 'Ledger and Auditor in one pause'],
    ['backup my-ledger --to pvc://backups/ledger --encrypt @backup-key', 'encrypted; only the key can restore it'],
    [
      'backup my-ledger --to pvc://backups/ledger --name before-upgrade',
      'named; the same command again follows it instead of making a second',
    ],
    ...knownKinds.flatMap(({ examples }) => examples?.backup ?? []),
    [
      'backup my-ledger --exec-image registry.example.com/tools:1 -- /tools/backup.sh',
      'by your own tool, run in the pause, for a database that this program cannot back up',
    ],
    ['backup my-ledger --to pvc://backups/ledger --dry-run=client -o yaml', 'the objects that would be made'],
  ],
  flags: backupFlags,
  action: async () => (await import('./action.ts')).runBackup,
})
