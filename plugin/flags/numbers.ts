import { ExitCode } from '../../operation/exit-code.ts'
import { Failure } from '../../operation/failure.ts'

/** A whole number from a flag. @throws Failure (usage) for anything else, or one below `least` */
export function wholeNumber(flag: string, value: number, least: number): number {
  if (Number.isInteger(value) && value >= least) return value
  throw new Failure(
    {
      what: `${flag} cannot be read`,
      why: `it has to be a whole number, at least ${least}`,
      next: `write it like ${flag} ${Math.max(least, 2)}`,
    },
    { exitCode: ExitCode.usage },
  )
}
