import { declareCommand } from '../../command-line/command.ts'
import type { FlagsOf } from '../../flags/flags-of.ts'
import { encryptDescription } from '../../flags/encryption.ts'
import { ofKinds, ownFlags } from '../../flags/kind-flags.ts'
import { dryRunFlag, type GlobalArgv } from '../../flags/flags.ts'
import { databaseFlags, jobFlags, targetFlags, waitFlags } from '../../flags/job-flags.ts'

export function doctorFlags(yargs: GlobalArgv) {
  const own = yargs
    .positional('release', {
      type: 'string',
      array: true,
      describe: 'Helm releases to look at; all of the namespace unless named',
    })
    .option('to', {
      type: 'string',
      requiresArg: true,
      describe: 'storage to check as well: pvc://CLAIM/path, s3://BUCKET/path?… or azblob://ACCOUNT/CONTAINER/path?…',
    })
    .option('encrypt', { type: 'string', array: true, requiresArg: true, describe: encryptDescription })
    .option('decrypt-secret', {
      type: 'string',
      requiresArg: true,
      describe: 'Secret whose key identity is tried: whether it still opens what is encrypted by --encrypt',
    })
    .option('schema', {
      type: 'string',
      array: true,
      requiresArg: true,
      describe: "schema to look for beyond what ScalarDB's metadata names, repeatable",
    })
    .option('table', {
      type: 'string',
      array: true,
      requiresArg: true,
      ...ofKinds(({ doctor }) => doctor?.table),
    })
  return dryRunFlag(waitFlags(jobFlags(targetFlags(ownFlags(databaseFlags(own))))))
}
export type DoctorFlags = FlagsOf<typeof doctorFlags>

export const doctor = declareCommand({
  usage: 'doctor [release..]',
  description: 'Check everything that a backup needs, and pause nothing',
  examples: [
    ['doctor', 'all releases of the namespace'],
    ['doctor my-ledger --to pvc://backups/ledger', 'with the storage'],
  ],
  flags: doctorFlags,
  action: async () => (await import('./action.ts')).runDoctor,
})
