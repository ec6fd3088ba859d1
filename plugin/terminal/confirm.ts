import { ExitCode } from '../../operation/exit-code.ts'
import { Failure } from '../../operation/failure.ts'
import type { Terminal } from './terminal.ts'

/**
 * Asks to type the name of what an act destroys. The caller has shown what will be lost.
 * @param of act: what would be done, as in "deleting backup nightly"
 * @throws Failure (exit code 4) for any other answer, and where nobody can answer and --yes is not given
 */
export async function confirmByName(
  terminal: Terminal,
  of: { name: string; act: string; yes: boolean },
): Promise<void> {
  if (of.yes) return
  const declined = (why: string, next: string) =>
    new Failure({ what: `${of.act} was not begun`, why, next }, { exitCode: ExitCode.declined })
  if (!terminal.interactive)
    throw declined('it has to be agreed to, and this is not a terminal', 'read what would be lost, then add --yes')
  const answer = await terminal.ask(`Type ${terminal.style('bold', of.name)} to go on: `)
  if (answer.trim() !== of.name)
    throw declined(
      answer.trim() === '' ? 'nothing was typed' : `"${answer.trim()}" is not "${of.name}"`,
      'nothing was changed; run the command again if it was a slip',
    )
}
