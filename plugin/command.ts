import type { ExitCode } from '../operation/exit-code.ts'
import type { OutputFormat, Terminal } from './terminal/terminal.ts'
import type { Session } from './kubernetes/session.ts'

/** The flags that every command has. */
export interface GlobalFlags {
  namespace: string | undefined
  context: string | undefined
  kubeconfig: string | undefined
  as: string | undefined
  asGroup: string[] | undefined
  requestTimeout: string | undefined
  output: OutputFormat
  verbose: boolean
}

/** What a command does once its flags are read: complete, validate, run, as kubectl's own do. */
export type Action<Flags extends GlobalFlags> = (flags: Flags, session: Session, terminal: Terminal) => Promise<ExitCode>
