import { ExitCode } from '../../operation/exit-code.ts'
import { Failure } from '../../operation/failure.ts'

/** The flags of a command, as the parser keeps them (yargs 18, getOptions()). */
export interface DeclaredFlags {
  boolean: readonly string[]
  number: readonly string[]
  /** every name, those of arguments and letters among them */
  key: Readonly<Record<string, unknown>>
  alias: Readonly<Record<string, readonly string[]>>
}

interface Complaint {
  what: string
  why: string
  next: string
}

function kebabCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

function isAmong(names: readonly string[], name: string, { alias }: DeclaredFlags): boolean {
  return names.some((canonical) => canonical === name || (alias[canonical] ?? []).includes(name))
}

function complaintOfValue(title: string, name: string, value: string, flags: DeclaredFlags): Complaint | undefined {
  if (isAmong(flags.boolean, name, flags) && !/^(true|false)$/.test(value))
    return {
      what: `${title} cannot be "${value}"`,
      why: 'it is true or false',
      next: `write ${title} or ${title}=false`,
    }
  if (isAmong(flags.number, name, flags) && !/^\d+$/.test(value))
    return { what: `${title} cannot be "${value}"`, why: 'it is a whole number', next: `write it like ${title}=2` }
  return undefined
}

/** `--guard=yes`, `--retries x`, `--no-to` */
function complaintOfWord(word: string, following: string | undefined, flags: DeclaredFlags): Complaint | undefined {
  const [, title = '', value] = /^(--[^=]+)(?:=(.*))?$/s.exec(word) ?? []
  const name = kebabCase(title.slice(2))
  const positive = name.replace(/^no-/, '')
  if (positive !== name && positive in flags.key && !isAmong(flags.boolean, positive, flags))
    return {
      what: `the command line does not know ${title}`,
      why: 'only a flag that is true or false has such a form',
      next: `leave it away, or give --${positive} a value`,
    }
  if (value !== undefined) return complaintOfValue(title, name, value, flags)
  return isAmong(flags.number, name, flags) && following !== undefined
    ? complaintOfValue(title, name, following, flags)
    : undefined
}

/**
 * `-y=no`, `-vy0`, `-nprod`; the parser reads the last as `-n -p -r -o -d`, which may agree to what nobody agreed to
 */
function complaintOfLetters(word: string, flags: DeclaredFlags): Complaint | undefined {
  for (let at = 1; at < word.length; at += 1) {
    const letter = word.charAt(at)
    const rest = word.slice(at + 1)
    const isBoolean = isAmong(flags.boolean, letter, flags)
    if (rest.startsWith('=')) return complaintOfValue(`-${letter}`, letter, rest.slice(1), flags)
    if (isBoolean && /^[^A-Za-z]/.test(rest)) return complaintOfValue(`-${letter}`, letter, rest, flags)
    if (!isBoolean && isAmong(Object.keys(flags.key), letter, flags) && rest !== '')
      return {
        what: `-${letter} needs a space before its value`,
        why: `${word} reads as several flags of one letter`,
        next: `write -${letter} ${rest}`,
      }
  }
  return undefined
}

/**
 * Refuses values that the parser would take for others without a word: it reads whatever is not `true` as false, and
 * `1e1`, `0x10` and nothing as numbers. kubectl refuses them too (strconv.ParseBool, strconv.Atoi).
 * @param args the command line as it was typed
 * @throws Failure (usage) that names the flag and its value
 */
export function checkFlagValues(args: readonly string[], flags: DeclaredFlags, help: string): void {
  for (const [at, word] of args.entries()) {
    const complaint = word.startsWith('--')
      ? complaintOfWord(word, args[at + 1], flags)
      : word.startsWith('-')
        ? complaintOfLetters(word, flags)
        : undefined
    if (complaint === undefined) continue
    throw new Failure({ ...complaint, next: `${complaint.next}; ${help}` }, { exitCode: ExitCode.usage })
  }
}
