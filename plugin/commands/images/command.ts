import { declareLocalCommand } from '../../command-line/command.ts'
import type { FlagsOf } from '../../flags/flags-of.ts'
import type { GlobalArgv } from '../../flags/flags.ts'
import { registryMirrorFlag } from '../../flags/job-flags.ts'

export function imagesFlags(yargs: GlobalArgv) {
  return registryMirrorFlag(yargs)
}
export type ImagesFlags = FlagsOf<typeof imagesFlags>

export const images = declareLocalCommand({
  usage: 'images',
  description: 'List the images that operations of this version run, to be copied into a registry of your own',
  examples: [
    ['images', 'one a line'],
    ['images --registry-mirror registry.example.com/ghcr', 'as they are called there'],
  ],
  flags: imagesFlags,
  action: async () => (await import('./action.ts')).runImages,
})
