import { ExitCode } from './exit-code.ts'

/** What a person needs to read of an error: what failed, why, and what to do next. */
export interface FailureText {
  what: string
  why: string
  next: string
}

/**
 * An error that an administrator may meet. Anything else that reaches the top is a bug in this program.
 * `cause` keeps the underlying error for `-v`; its text must never be needed to understand the failure.
 */
export class Failure extends Error {
  override readonly name: string = 'Failure'
  readonly what: string
  readonly why: string
  readonly next: string
  readonly exitCode: ExitCode

  constructor(text: FailureText, options: { exitCode?: ExitCode; cause?: unknown } = {}) {
    super(`${text.what}: ${text.why}`, options.cause === undefined ? undefined : { cause: options.cause })
    this.what = text.what
    this.why = text.why
    this.next = text.next
    this.exitCode = options.exitCode ?? ExitCode.failed
  }

  /** The three parts alone, as a record or an event keeps them. */
  get text(): FailureText {
    return { what: this.what, why: this.why, next: this.next }
  }
}

/** The message of anything that was thrown, for use as the `why` of a Failure. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** The `why` of a Failure, without what failed; the message of anything else. */
export function whyOf(error: unknown): string {
  return error instanceof Failure ? error.why : messageOf(error)
}
