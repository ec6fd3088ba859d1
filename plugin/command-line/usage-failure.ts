import { ExitCode } from '../../operation/exit-code.ts'
import { Failure } from '../../operation/failure.ts'
import type { Command } from './command.ts'
import { suggestion } from './suggestion.ts'

/** What the command line knows at the moment of a complaint. */
export interface Known {
  flags: readonly string[]
  commands: readonly Command[]
  /** the command that was named, where one was */
  named: Command | undefined
  /** what stands there without being a flag or the value of one */
  words: readonly string[]
}

/** `--max-pause` for `maxPause` and `max-pause`, `-A` for `A`. */
function dashed(flag: string): string {
  return flag.length === 1 ? `-${flag}` : `--${flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}

/** `RELEASE`, `BACKUP`: the words that a usage asks for, those in `<…>` always, those in `[…]` where they are given. */
function wordsOf(usage: string): { name: string; required: boolean }[] {
  return [...usage.matchAll(/([<[])([\w-]+)/g)].map(([, bracket, name = '']) => ({
    name: name.toUpperCase(),
    required: bracket === '<',
  }))
}

function isWordOf(named: Command | undefined, name: string): boolean {
  return wordsOf(named?.usage ?? '').some((word) => word.name === name.toUpperCase())
}

function listed(words: readonly string[], and: string): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} ${and} ${words.at(-1)}`
}

function missingWords(named: Command | undefined, given: number): { what: string; why: string } {
  const missing = wordsOf(named?.usage ?? '')
    .filter(({ required }) => required)
    .slice(given)
    .map(({ name }) => name)
  const noun = missing.length === 0 ? 'an argument' : listed(missing, 'and')
  const why = `the command line does not name ${missing.length > 1 ? 'them' : 'it'}`
  return { what: `${named?.name ?? 'the command'} needs ${noun}`, why }
}

function unknownWords(unknown: readonly string[], { flags, commands, named, words }: Known) {
  const [first = ''] = unknown
  const flag = suggestion(first, flags)
  const command = flag === undefined && named === undefined ? suggestion(first, commands.map(nameOf)) : undefined
  const nearest = flag === undefined ? command : dashed(flag)
  const titles = unknown.map((word) => (words.includes(word) ? `"${word}"` : dashed(word)))
  if (named !== undefined)
    return {
      what: `${named.name} does not know ${listed([...new Set(titles)], 'or')}`,
      why: 'it has no such flag or argument',
      nearest,
    }
  // What follows a mistyped command is not known only because the command is not.
  const [title = ''] = titles
  const why = title.startsWith('-') ? 'it is no flag of every command' : 'there is no command of that name'
  return { what: `kubectl scalardl does not know ${title}`, why, nearest }
}

function nameOf({ name }: Command): string {
  return name
}

/** What is wrong with a command line in our words; the parser's own (yargs 18, locales/en.json) never reach a user. */
function explain(complaint: string, known: Known): { what: string; why: string; nearest?: string | undefined } {
  const { named } = known
  const tooFew = /^Not enough non-option arguments: got (\d+)/.exec(complaint)
  if (tooFew !== null) return missingWords(named, Number(tooFew[1]))
  const noValue = /^Not enough arguments following: (\S+)/.exec(complaint)?.[1]
  if (noValue !== undefined) return { what: `${dashed(noValue)} needs a value`, why: 'nothing follows it' }
  const wrong = /Argument: (\S+), Given: (.*), Choices: (.*)$/.exec(complaint)
  if (wrong !== null) {
    const [, name = '', given = '', choices = ''] = wrong
    const title = isWordOf(named, name) ? name.toUpperCase() : dashed(name)
    const possible = listed(
      choices.split(', ').map((choice) => choice.replaceAll('"', '')),
      'or',
    )
    return { what: `${title} cannot be ${given}`, why: `it is one of ${possible}` }
  }
  const unknown = /^Unknown (?:argument|command)s?: (.+)$/.exec(complaint)?.[1]
  if (unknown !== undefined) return unknownWords([...new Set(unknown.split(', '))], known)
  return { what: 'the command line cannot be understood', why: 'a command is missing' }
}

/** Where a user reads what a command takes. */
export function helpHint(named: Command | undefined): string {
  return `\`kubectl scalardl ${named === undefined ? '' : `${named.name} `}--help\` shows what is possible`
}

/** A complaint of the parser as a Failure (usage) that names the nearest word that would have been understood. */
export function usageFailure(complaint: string, known: Known): Failure {
  const { what, why, nearest } = explain(complaint.replace(/\s+/g, ' ').trim(), known)
  const help = helpHint(known.named)
  return new Failure(
    { what, why, next: nearest === undefined ? help : `did you mean "${nearest}"? ${help}` },
    { exitCode: ExitCode.usage },
  )
}
