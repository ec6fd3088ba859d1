import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import type { LocalAction } from '../../command-line/command.ts'
import type { CompletionFlags } from './command.ts'
import { ExitCode } from '../../../operation/exit-code.ts'
import { Failure, messageOf } from '../../../operation/failure.ts'
import { kubectlCompleteBatch, kubectlCompleteScript, shellScripts } from './scripts.ts'

function pathFolders(environment: NodeJS.ProcessEnv): string[] {
  return (environment['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
}

/** The folder on PATH that holds this program. Krew and package managers link only the program there. */
function ownFolder(windows: boolean): string {
  const names = windows ? ['kubectl-scalardl.exe', 'kubectl-scalardl.cmd'] : ['kubectl-scalardl']
  const folder = pathFolders(process.env).find((folder) => names.some((name) => existsSync(join(folder, name))))
  if (folder !== undefined) return folder
  throw new Failure(
    {
      what: 'completion cannot be installed',
      why: 'no folder on PATH holds kubectl-scalardl',
      next: 'put the program on PATH, or name a folder that is on PATH with --dir',
    },
    { exitCode: ExitCode.usage },
  )
}

/**
 * Writes the executable that kubectl looks for.
 * @throws Failure where it cannot be written, or another program has that name
 */
function installInto(folder: string, windows: boolean): string {
  const [file, script] = windows
    ? [join(folder, 'kubectl_complete-scalardl.cmd'), kubectlCompleteBatch]
    : [join(folder, 'kubectl_complete-scalardl'), kubectlCompleteScript]
  if (existsSync(file) && !readFileSync(file, 'utf8').includes('kubectl-scalardl __complete')) {
    throw new Failure({
      what: `${file} was not written`,
      why: 'another program has that name',
      next: 'remove it, or name another folder with --dir',
    })
  }
  try {
    writeFileSync(file, script, { mode: 0o755 })
  } catch (error) {
    throw new Failure(
      {
        what: `${file} cannot be written`,
        why: messageOf(error),
        next: 'name another folder that is on PATH with --dir',
      },
      { cause: error },
    )
  }
  return file
}

export const runCompletion: LocalAction<CompletionFlags> = async (flags, terminal) => {
  if (flags.shell !== 'install') {
    terminal.document(shellScripts[flags.shell].trimEnd())
    return ExitCode.done
  }
  const windows = process.platform === 'win32'
  const folder = flags.dir === undefined ? ownFolder(windows) : resolve(flags.dir)
  terminal.document(installInto(folder, windows))
  if (!pathFolders(process.env).includes(folder))
    terminal.warning(`${folder} is not on PATH, so kubectl will not find it there`)
  terminal.note("kubectl's own completion must be set up in the shell as well: `kubectl completion --help`")
  return ExitCode.done
}
