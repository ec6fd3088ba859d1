#!/usr/bin/env node
import { commandLine } from './command-line.ts'
import { commands } from './commands.ts'
import { runner } from './runner.ts'
import { openTerminal } from './terminal/open-terminal.ts'
import { asFailure, showFailure } from './terminal/show-failure.ts'

/** `--dry-run` alone means client, as kubectl once took it; with a word after it that is none of its values it stands alone. */
function completeDryRun(args: readonly string[]): string[] {
  return args.map((arg, at) => (arg === '--dry-run' && !['none', 'client', 'server'].includes(args[at + 1] ?? '') ? '--dry-run=client' : arg))
}

async function main(args: readonly string[]): Promise<void> {
  try {
    await commandLine(commands, runner).parseAsync(args.length === 0 ? ['--help'] : completeDryRun(args))
  } catch (error) {
    const failure = asFailure(error)
    showFailure(await openTerminal({ verbose: args.includes('-v') || args.includes('--verbose') }), failure)
    process.exitCode = failure.exitCode
  }
}

// no await at the top: the executable is one CommonJS file, which cannot have it
void main(process.argv.slice(2))
