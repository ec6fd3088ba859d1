import type { GlobalArgv } from '../../flags/flags.ts'
import { declareLocalCommand } from '../../command-line/command.ts'
import type { FlagsOf } from '../../flags/flags-of.ts'

export function versionFlags(yargs: GlobalArgv) {
  return yargs
}
export type VersionFlags = FlagsOf<typeof versionFlags>

export const version = declareLocalCommand({
  usage: 'version',
  description: 'Show the version of this program and of the format of its records',
  examples: [['version -o json', 'for programs']],
  flags: versionFlags,
  action: async () => (await import('./action.ts')).runVersion,
})
