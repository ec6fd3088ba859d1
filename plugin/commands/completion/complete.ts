import { printable } from '../../../operation/text/printable.ts'
import type { Command } from '../../command-line/command.ts'
import type { FlagWord, Vocabulary } from './vocabulary.ts'
import { globalWords, vocabularyOf } from './vocabulary.ts'

/** A word that may come next, and what it means. */
export interface Candidate {
  word: string
  description?: string
}

/** Names that only the cluster or the kubeconfig knows. */
export type LiveNames = (what: string, flags: ReadonlyMap<string, string>) => Promise<Candidate[]>

export interface Completion {
  candidates: Candidate[]
  /** whether the shell should offer files where there are none */
  files: boolean
}

const nothing: Completion = { candidates: [], files: false }
const fileFlags = new Set(['--filename', '--kubeconfig', '--tls-ca-file', '--dir', '--patch'])
/** Flags whose values are names in the cluster or the kubeconfig. */
const namedFlags: Record<string, string> = { '--namespace': 'namespace', '--context': 'context' }

interface Read {
  command: Vocabulary | undefined
  positionals: string[]
  values: Map<string, string>
  /** the flag whose value comes next */
  pending: FlagWord | undefined
}

function flagCalled(flags: readonly FlagWord[], word: string): FlagWord | undefined {
  return flags.find((flag) => flag.names.includes(word))
}

/** Reads the words before the one to complete. */
function read(words: readonly string[], commands: readonly Command[]): Read {
  const result: Read = { command: undefined, positionals: [], values: new Map(), pending: undefined }
  for (const word of words) {
    const flags = result.command?.flags ?? globalWords()
    const [name = '', value] = word.startsWith('-') ? word.split(/=(.*)/s, 2) : []
    if (result.pending !== undefined) {
      result.values.set(result.pending.names[0] ?? '', word)
      result.pending = undefined
    } else if (word.startsWith('-')) {
      const flag = flagCalled(flags, name)
      if (flag !== undefined && value !== undefined) result.values.set(flag.names[0] ?? '', value)
      else if (flag?.takesValue === true) result.pending = flag
    } else if (result.command === undefined) {
      const command = commands.find((command) => command.name === word)
      if (command === undefined) return { ...result, positionals: [word] }
      result.command = vocabularyOf(command)
    } else result.positionals.push(word)
  }
  return result
}

async function valuesOf(flag: FlagWord, live: LiveNames, values: ReadonlyMap<string, string>): Promise<Completion> {
  const [name = ''] = flag.names
  if (flag.choices.length > 0) return { candidates: flag.choices.map((word) => ({ word })), files: false }
  const named = namedFlags[name]
  if (named !== undefined) return { candidates: await live(named, values), files: false }
  return { candidates: [], files: fileFlags.has(name) }
}

/**
 * What a positional argument names: itself, or for a bare name, the word before it (`describe backup NAME`).
 */
async function positionalsOf({ command, positionals, values }: Read, live: LiveNames): Promise<Completion> {
  const declared = command?.positionals ?? []
  const at = declared[positionals.length] ?? (declared.at(-1)?.repeated === true ? declared.at(-1) : undefined)
  if (at === undefined) return nothing
  if (at.choices.length > 0) return { candidates: at.choices.map((word) => ({ word })), files: false }
  const what = (at.name === 'name' || at.name === 'names' ? (positionals[0] ?? '') : at.name).replace(/s$/, '')
  const taken = new Set(positionals)
  return { candidates: (await live(what, values)).filter(({ word }) => !taken.has(word)), files: false }
}

async function candidatesFor(
  before: Read,
  word: string,
  commands: readonly Command[],
  live: LiveNames,
): Promise<Completion> {
  const { command, pending, values } = before
  if (pending !== undefined) return valuesOf(pending, live, values)
  const flags = command?.flags ?? globalWords()
  const assigned = /^(--[\w-]+)=/.exec(word)
  if (assigned !== null) {
    const flag = flagCalled(flags, assigned[1] ?? '')
    const found = flag === undefined ? nothing : await valuesOf(flag, live, values)
    return {
      ...found,
      candidates: found.candidates.map((candidate) => ({ ...candidate, word: `${assigned[1]}=${candidate.word}` })),
    }
  }
  if (word.startsWith('-'))
    return {
      candidates: flags.map((flag) => ({ word: flag.names[0] ?? '', description: flag.description })),
      files: false,
    }
  if (command !== undefined) return positionalsOf(before, live)
  if (before.positionals.length > 0) return nothing
  return {
    candidates: commands.map((command) => ({ word: command.name, description: vocabularyOf(command).description })),
    files: false,
  }
}

/**
 * Completes the last of `words`, those after `kubectl scalardl`.
 * @param live may fail; there are no live names then
 */
export async function complete(
  words: readonly string[],
  commands: readonly Command[],
  live: LiveNames,
): Promise<Completion> {
  const word = words.at(-1) ?? ''
  const quiet: LiveNames = (what, flags) => live(what, flags).catch(() => [])
  const { candidates, files } = await candidatesFor(read(words.slice(0, -1), commands), word, commands, quiet)
  return { candidates: candidates.filter((candidate) => candidate.word.startsWith(word)), files }
}

/** The lines that kubectl (and our own shell scripts) read: candidates, then cobra's directive: 4 no files, 0 files. */
export function completionLines({ candidates, files }: Completion): string {
  const lines = candidates.map(({ word, description }) =>
    printable(description === undefined || description === '' ? word : `${word}\t${description}`),
  )
  return `${[...lines, files ? ':0' : ':4'].join('\n')}\n`
}
