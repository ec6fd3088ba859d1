import yargs from 'yargs'
import type { Argv } from 'yargs'
import type { Command, Runner } from '../../command-line/command.ts'
import { globalFlags } from '../../flags/flags.ts'

/** A flag as completion needs it. */
export interface FlagWord {
  /** `--output`, and `-o` where it has a letter */
  names: string[]
  description: string
  takesValue: boolean
  choices: string[]
}

export interface PositionalWord {
  name: string
  /** the last one of a command, which may come any number of times */
  repeated: boolean
  choices: string[]
}

/** What can follow a command's name. */
export interface Vocabulary {
  name: string
  description: string
  flags: FlagWord[]
  positionals: PositionalWord[]
}

/** What a declared parser knows: no type of yargs has it, but its completion and help are built on it. */
interface Known {
  getOptions(): {
    key: Record<string, unknown>
    boolean: string[]
    alias: Record<string, string[]>
    choices: Record<string, unknown[]>
  }
  getInternalMethods(): { getUsageInstance(): { getDescriptions(): Record<string, string | undefined> } }
}

interface Declared {
  command: string
  describe: string
  builder: (yargs: Argv) => unknown
}

const nobody: Runner = { withCluster: () => Promise.resolve(), local: () => Promise.resolve() }

/** How a command registers itself, read by a parser that only records it. */
function declarationOf(command: Command): Declared {
  let declared: Declared | undefined
  const listener = {
    command(declaration: Declared) {
      declared = declaration
    },
  }
  command.register(listener as unknown as Parameters<Command['register']>[0], nobody)
  if (declared === undefined) throw new Error(`the command ${command.name} registers nothing`)
  return declared
}

function flagsOf(
  parser: unknown,
  positionals: readonly string[],
): { flags: FlagWord[]; choices: Record<string, string[]> } {
  const known = parser as Known
  const { key, boolean, alias, choices } = known.getOptions()
  const descriptions = known.getInternalMethods().getUsageInstance().getDescriptions()
  const letters = new Set(Object.values(alias).flat())
  const names = Object.keys(key).filter(
    (name) =>
      !positionals.includes(name) && !letters.has(name) && name.length > 1 && !/[A-Z]/.test(name) && name !== 'version',
  )
  const texts = Object.fromEntries(Object.entries(choices).map(([name, values]) => [name, values.map(String)]))
  return {
    flags: names.map((name) => ({
      names: [`--${name}`, ...(alias[name] ?? []).filter((other) => other.length === 1).map((letter) => `-${letter}`)],
      description: (descriptions[name] ?? '').replace(/^__yargsString__:/, ''),
      takesValue: !boolean.includes(name),
      choices: texts[name] ?? [],
    })),
    choices: texts,
  }
}

/** What can be typed after a command's name, from its own declaration. */
export function vocabularyOf(command: Command): Vocabulary {
  const declared = declarationOf(command)
  const positionals = [...declared.command.matchAll(/[<[]([\w-]+)(\.\.)?[>\]]/g)].map((match) => ({
    name: match[1] ?? '',
    repeated: match[2] !== undefined,
  }))
  const parser = globalFlags(yargs())
  declared.builder(parser)
  const { flags, choices } = flagsOf(
    parser,
    positionals.map((positional) => positional.name),
  )
  return {
    name: command.name,
    description: declared.describe,
    flags,
    positionals: positionals.map((positional) => ({ ...positional, choices: choices[positional.name] ?? [] })),
  }
}

/** The flags that may stand before the command's name. */
export function globalWords(): FlagWord[] {
  return flagsOf(globalFlags(yargs()), []).flags
}
