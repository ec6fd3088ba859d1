import type { GlobalArgv } from '../../flags/flags.ts'
import { declareCommand } from '../../command-line/command.ts'
import type { FlagsOf } from '../../flags/flags-of.ts'

export function exportFlags(yargs: GlobalArgv) {
  return yargs
    .positional('what', { choices: ['backup'] as const, demandOption: true, describe: 'backup' })
    .positional('name', { type: 'string', demandOption: true, describe: 'its name' })
    .option('filename', {
      alias: 'f',
      type: 'string',
      requiresArg: true,
      describe: 'file to write; stdout unless given',
    })
}
export type ExportFlags = FlagsOf<typeof exportFlags>

export const exportCommand = declareCommand({
  usage: 'export <what> <name>',
  description: 'Write the record of a backup as JSON, so that a lost cluster does not lose the knowledge of it',
  examples: [['export backup nightly -f nightly.json', '`import -f nightly.json` brings it into another cluster']],
  flags: exportFlags,
  action: async () => (await import('./action.ts')).runExport,
})
