#!/usr/bin/env node
import { commandLine } from './command-line/command-line.ts'
import { commands } from './commands/commands.ts'
import { runner } from './command-line/runner.ts'
import { openTerminal } from './terminal/open-terminal.ts'
import { asFailure, showFailure } from './terminal/show-failure.ts'

/**
 * `--dry-run` alone means client, as kubectl once took it; with a word after it that is none of its values it stands
 * alone.
 */
function completeDryRun(args: readonly string[]): string[] {
  return args.map((arg, at) =>
    arg === '--dry-run' && !['none', 'client', 'server'].includes(args[at + 1] ?? '') ? '--dry-run=client' : arg,
  )
}

/** What kubectl asks, by way of kubectl_complete-scalardl, when a person presses Tab. */
async function answerCompletion(words: readonly string[]): Promise<void> {
  const { complete, completionLines } = await import('./commands/completion/complete.ts')
  const answer = await complete(words, commands, async (what, flags) =>
    (await import('./commands/completion/live-names.ts')).liveNames(what, flags),
  )
  process.stdout.write(completionLines(answer), () => process.exit())
}

async function main(args: readonly string[]): Promise<void> {
  if (args[0] === '__complete') return answerCompletion(args.slice(1))
  try {
    const words = args.length === 0 ? ['--help'] : completeDryRun(args)
    await commandLine(words, commands, runner).parseAsync()
  } catch (error) {
    const failure = asFailure(error)
    showFailure(await openTerminal({ verbose: args.includes('-v') || args.includes('--verbose') }), failure)
    process.exitCode = failure.exitCode
  }
}

// no await at the top: the executable is one CommonJS file, which cannot have it
void main(process.argv.slice(2))
