import type { Argv } from 'yargs'
import type { ExitCode } from '../../operation/exit-code.ts'
import type { Terminal } from '../terminal/terminal.ts'
import type { Session } from '../kubernetes/api/session.ts'
import type { GlobalArgv } from '../flags/flags.ts'
import type { GlobalFlags, Read } from '../flags/flags-of.ts'

/** What a command does once its flags are read: complete, validate, run, as kubectl's own do. */
export type Action<Flags extends GlobalFlags> = (
  flags: Flags,
  session: Session,
  terminal: Terminal,
) => Promise<ExitCode>

/** What a command does that needs no cluster. */
export type LocalAction<Flags extends GlobalFlags> = (flags: Flags, terminal: Terminal) => Promise<ExitCode>

interface Declaration<Declared> {
  /** as yargs writes it: `backup <release..>` */
  usage: string
  description: string
  /** what to type after `kubectl scalardl`, and what it does */
  examples: readonly (readonly [command: string, description: string])[]
  flags: (yargs: GlobalArgv) => Argv<Declared>
}

/** Runs what a command line asked for and ends the process with its exit code. */
export interface Runner {
  withCluster<Flags extends GlobalFlags>(flags: Flags, action: () => Promise<Action<Flags>>): Promise<void>
  local<Flags extends GlobalFlags>(flags: Flags, action: () => Promise<LocalAction<Flags>>): Promise<void>
}

/** A command as the command line registers it. */
export interface Command {
  name: string
  /** as yargs writes it: `backup <release..>` */
  usage: string
  /** @param entered is called once the command line names this command, before its flags are read */
  register(yargs: GlobalArgv, runner: Runner, entered?: () => void): void
}

export const ownArguments = 'Arguments:'
/** Title of the flags that are in no group. */
export const ownFlags = 'Flags:'

function nameOf(usage: string): string {
  return usage.split(' ')[0] ?? usage
}

function register<Declared>(
  yargs: GlobalArgv,
  declaration: Declaration<Declared>,
  entered: (() => void) | undefined,
  run: (flags: Read<Declared>) => Promise<void>,
): void {
  yargs.command({
    command: declaration.usage,
    describe: declaration.description,
    builder: (own: GlobalArgv) => {
      entered?.()
      // groups are shown in the order in which they are named: what is in none, the command's own, comes first
      own.group([], ownArguments).group([], ownFlags)
      for (const [command, description] of declaration.examples) own.example(`kubectl scalardl ${command}`, description)
      return declaration.flags(own)
    },
    // yargs has expanded the names to camelCase by now, which is what Read describes
    handler: (flags) => run(flags as unknown as Read<Declared>),
  })
}

/**
 * Declares a command that talks to a cluster; `action` is loaded only when the command runs, which keeps the others
 * quick.
 */
export function declareCommand<Declared>(
  declaration: Declaration<Declared> & { action: () => Promise<Action<Read<Declared>>> },
): Command {
  return {
    name: nameOf(declaration.usage),
    usage: declaration.usage,
    register: (yargs, runner, entered) =>
      register(yargs, declaration, entered, (flags) => runner.withCluster(flags, declaration.action)),
  }
}

/** Declares a command that needs no cluster. */
export function declareLocalCommand<Declared>(
  declaration: Declaration<Declared> & { action: () => Promise<LocalAction<Read<Declared>>> },
): Command {
  return {
    name: nameOf(declaration.usage),
    usage: declaration.usage,
    register: (yargs, runner, entered) =>
      register(yargs, declaration, entered, (flags) => runner.local(flags, declaration.action)),
  }
}
