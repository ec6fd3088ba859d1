import type { Argv } from 'yargs'
import type { ConnectionFlags } from '../kubernetes/api/kube-config.ts'
import type { OutputFormat } from '../terminal/terminal.ts'
import type { GlobalArgv } from './flags.ts'

/** The flags that every command has. */
export interface GlobalFlags extends ConnectionFlags {
  output: OutputFormat
  verbose: boolean
}

type CamelCase<Name extends string> = Name extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Name
/** What a declaration of flags gives an action to read. */
export type Read<Declared> = {
  [Name in keyof Declared as Name extends string ? CamelCase<Name> : Name]: Declared[Name]
} & GlobalFlags

/** The flags as an action reads them (`--max-pause` is `maxPause`), from the function that declares them. */
export type FlagsOf<Declare> = Declare extends (yargs: GlobalArgv) => Argv<infer Declared> ? Read<Declared> : never
