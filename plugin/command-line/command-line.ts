import yargs from 'yargs'
import { Failure } from '../../operation/failure.ts'
import { ExitCode } from '../../operation/exit-code.ts'
import type { Command, Runner } from './command.ts'
import { globalFlags, type GlobalArgv } from '../flags/flags.ts'
import { suggestion } from './suggestion.ts'

function kebabCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

/** yargs' complaint as a Failure that names the nearest word that would have been understood. */
function usageFailure(message: string, known: { flags: readonly string[]; commands: readonly string[] }): Failure {
  const [, words = ''] = /^Unknown (?:argument|command)s?: (.+)$/.exec(message) ?? []
  const unknown = [...new Set(words.split(', ').map(kebabCase))].filter((word) => word !== '')
  const [first = ''] = unknown
  // a command's own flags are known only once the command is, so one that is near is what was meant
  const flag = suggestion(first, known.flags)
  const command = flag === undefined ? suggestion(first, known.commands) : undefined
  const nearest = flag === undefined ? command : `--${flag}`
  // what follows a mistyped command is not known only because the command is not
  const named = command === undefined ? unknown : [first]
  return new Failure(
    {
      what: 'the command line cannot be understood',
      why:
        named.length > 0
          ? `nothing here is called ${named.map((word) => `"${word}"`).join(' or ')}`
          : message.replace(/\s+/g, ' '),
      next:
        nearest === undefined
          ? 'add --help for what is possible'
          : `did you mean "${nearest}"? --help shows what is possible`,
    },
    { exitCode: ExitCode.usage },
  )
}

interface ParserOptions {
  key: Record<string, unknown>
  array: string[]
}

/** What the parser knows at the moment; in no type of yargs, but what its own completion is built on. */
function parserOptions(parser: unknown): ParserOptions {
  return (parser as { getOptions(): ParserOptions }).getOptions()
}

/** A flag given twice means its last value, as with kubectl; yargs would make a list of it. */
function keepLastValues(flags: Record<string, unknown>, options: ParserOptions): void {
  for (const [name, value] of Object.entries(flags)) {
    const flag = kebabCase(name)
    if (Array.isArray(value) && flag in options.key && !options.array.includes(flag)) flags[name] = value.at(-1)
  }
}

/**
 * The parser of `kubectl scalardl`, with every command registered.
 * @throws Failure (usage) out of parseAsync() for whatever it does not know.
 */
export function commandLine(commands: readonly Command[], runner: Runner): GlobalArgv {
  const known = () => ({
    flags: Object.keys(parserOptions(parser).key),
    commands: commands.map((command) => command.name),
  })
  const parser: GlobalArgv = globalFlags(yargs())
    .scriptName('kubectl scalardl')
    .usage('$0 COMMAND\n\nConsistent backup and restore for ScalarDL and ScalarDB on Kubernetes.')
    // the parser must not guess: a release may be called 1e3
    .parserConfiguration({
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'dot-notation': false,
      'greedy-arrays': false,
    })
    .middleware((flags) => keepLastValues(flags, parserOptions(parser)), true)
    // a command of its own rather than demandCommand, which would speak before the check for unknown words
    .command('$0', false, {}, () => {
      throw usageFailure('a command is missing', known())
    })
    .strict()
    .help('help')
    .alias('help', 'h')
    .version(false)
    .exitProcess(false)
    .wrap(Math.min(120, process.stdout.columns ?? 120))
    .fail((message: string | null, error: Error | undefined) => {
      if (error instanceof Error && error.name !== 'YError') throw error
      throw usageFailure(message ?? error?.message ?? 'something is missing', known())
    })
  for (const command of commands) command.register(parser, runner)
  return parser
}
