import { ExitCode } from '../../../operation/exit-code.ts'
import type { LocalAction } from '../../command-line/command.ts'
import { readMirror } from '../../flags/job-options.ts'
import { allImages } from '../../kubernetes/jobs/compose/image.ts'
import { formatDocument } from '../../terminal/print.ts'
import type { ImagesFlags } from './command.ts'

export const runImages: LocalAction<ImagesFlags> = async (flags, terminal) => {
  const images = allImages(readMirror(flags.registryMirror))
  if (flags.output === 'json' || flags.output === 'yaml') terminal.document(formatDocument({ images }, flags.output))
  else terminal.data(...images)
  return ExitCode.done
}
