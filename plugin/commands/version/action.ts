import type { LocalAction } from '../../command-line/command.ts'
import type { VersionFlags } from './command.ts'
import { ExitCode } from '../../../operation/exit-code.ts'
import { formatVersion, programVersion } from '../../../operation/version.ts'
import { formatDocument } from '../../terminal/print.ts'

export const runVersion: LocalAction<VersionFlags> = async (flags, terminal) => {
  if (flags.output === 'json' || flags.output === 'yaml') {
    terminal.document(
      formatDocument(
        { version: programVersion, recordFormat: formatVersion, platform: `${process.platform}-${process.arch}` },
        flags.output,
      ),
    )
  } else {
    terminal.data(`kubectl-scalardl ${programVersion} (record format ${formatVersion})`)
  }
  return ExitCode.done
}
