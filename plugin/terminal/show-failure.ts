import { Failure, messageOf, type FailureText } from '../../operation/failure.ts'
import { ExitCode } from '../../operation/exit-code.ts'
import type { Terminal } from './terminal.ts'

/** Anything that was thrown, as a Failure; what is none yet is a bug in this program and says so. */
export function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error
  return new Failure(
    {
      what: 'kubectl scalardl met an error that it does not know',
      why: messageOf(error),
      next: 'run the command again with -v and report what it prints; `kubectl scalardl get operations` shows what is under way',
    },
    { exitCode: ExitCode.failed, cause: error },
  )
}

/** The three parts of an error, as every error is shown. */
export function failureLines(text: FailureText, style: Terminal['style']): string {
  return `${style('red', 'Error:')} ${text.what}\n  ${style('bold', 'why: ')} ${text.why}\n  ${style('bold', 'next:')} ${text.next}`
}

/** Shows an error on stderr, with its stack and causes where `verbose`. */
export function showFailure(terminal: Pick<Terminal, 'note' | 'style' | 'verbose'>, failure: Failure): void {
  terminal.note(failureLines(failure.text, terminal.style))
  if (!terminal.verbose) return
  for (let error: unknown = failure; error instanceof Error; error = error.cause)
    terminal.note(terminal.style('dim', error.stack ?? error.message))
}
