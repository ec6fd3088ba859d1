import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { ExitCode } from '../../operation/exit-code.ts'
import { Failure, messageOf } from '../../operation/failure.ts'

/**
 * The text of a file that a flag names, or of stdin for `-`.
 * @param next what to give instead
 * @throws Failure (usage) where it cannot be read
 */
export async function readGiven(file: string, next: string): Promise<string> {
  if (file === '-') return text(process.stdin)
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new Failure(
      { what: `${file} cannot be read`, why: messageOf(error), next },
      { exitCode: ExitCode.usage, cause: error },
    )
  }
}
