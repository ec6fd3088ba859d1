// Room: the command line: declared, understood, run.
// Read command, command-line, runner.

import yargs from 'yargs'
import { ExitCode } from '../../operation/exit-code.ts'
import { Failure } from '../../operation/failure.ts'
import { groups } from '../flags/groups.ts'
import { ownArguments, ownFlags, type Command, type Runner } from './command.ts'
import { globalFlags, type GlobalArgv } from '../flags/flags.ts'
import { checkFlagValues, type DeclaredFlags } from './flag-values.ts'
import { helpHint, usageFailure, type Known } from './usage-failure.ts'

function kebabCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

interface ParserOptions extends DeclaredFlags {
  array: string[]
}

/** What the parser knows at the moment; in no type of yargs, but what its own completion is built on. */
function parserOptions(parser: unknown): ParserOptions {
  return (parser as { getOptions(): ParserOptions }).getOptions()
}

/** The words of the command line that are no flags, its command among them; they are known once it has been parsed. */
function parsedWords(parser: unknown): string[] {
  const { parsed } = parser as { parsed: false | { argv: { _: (string | number)[] } } }
  return parsed === false ? [] : parsed.argv._.map(String)
}

/** Words after `--` are the command of the administrator's own tool; no other command has a use for them. */
function refuseOthersWords(words: readonly string[], { key }: DeclaredFlags, hint: string): void {
  if (words.length === 0 || 'exec-image' in key) return
  throw new Failure(
    {
      what: `"${words.join(' ')}" after -- has no use here`,
      why: 'only backup and restore take a command of your own there',
      next: `leave -- out; ${hint}`,
    },
    { exitCode: ExitCode.usage },
  )
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
export function commandLine(args: readonly string[], commands: readonly Command[], runner: Runner): GlobalArgv {
  let named: Command | undefined
  const known = (): Known => ({
    flags: Object.keys(parserOptions(parser).key),
    commands,
    named,
    words: parsedWords(parser),
  })
  const end = args.indexOf('--')
  const own = end < 0 ? args : args.slice(0, end)
  const checkValues = (): void => checkFlagValues(own, parserOptions(parser), helpHint(named))
  const parser: GlobalArgv = globalFlags(yargs([...args]))
    .scriptName('kubectl scalardl')
    .usage('$0 COMMAND\n\nConsistent backup and restore for ScalarDL and ScalarDB on Kubernetes.')
    // the parser must not guess: a release may be called 1e3
    .parserConfiguration({
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'dot-notation': false,
      'greedy-arrays': false,
      'populate--': true,
    })
    .middleware(checkValues, true)
    .middleware(() => refuseOthersWords(args.slice(own.length + 1), parserOptions(parser), helpHint(named)), true)
    .middleware((flags) => keepLastValues(flags, parserOptions(parser)), true)
    // a command of its own rather than demandCommand, which would speak before the check for unknown words
    .command('$0', false, {}, () => {
      throw usageFailure('', known())
    })
    .strict()
    .help('help')
    .alias('help', 'h')
    .group('help', groups.output)
    .updateStrings({ 'Options:': ownFlags, 'Positionals:': ownArguments })
    .version(false)
    .exitProcess(false)
    .wrap(Math.min(120, process.stdout.columns ?? 120))
    .fail((message: string | null, error: Error | undefined) => {
      if (error instanceof Error && error.name !== 'YError') throw error
      // what the parser complains of may come of a value that it read wrongly
      checkValues()
      throw usageFailure(message ?? error?.message ?? '', known())
    })
  for (const command of commands) command.register(parser, runner, () => (named = command))
  return parser
}
