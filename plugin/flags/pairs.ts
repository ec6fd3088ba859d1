import { Failure } from '../../operation/failure.ts'
import { ExitCode } from '../../operation/exit-code.ts'

/**
 * Reads KEY=VALUE pairs; a later one of the same key wins. Values may hold "=".
 * @throws Failure (usage) for a pair without "=" or without a key
 */
export function readPairs(flag: string, pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=')
      if (at > 0) return [pair.slice(0, at), pair.slice(at + 1)]
      throw new Failure(
        {
          what: `${flag} cannot be read`,
          why: `"${pair}" is not KEY=VALUE`,
          next: `write ${flag} KEY=VALUE, once for each`,
        },
        { exitCode: ExitCode.usage },
      )
    }),
  )
}
