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
      next:
        'run the command again with -v and report what it prints; ' +
        '`kubectl scalardl get operations` shows what is under way',
    },
    { exitCode: ExitCode.failed, cause: error },
  )
}

/** Lines of a server's answer that a person is shown. */
const mostLines = 20

/** The three parts of an error, as every error is shown; a server's answer of several lines stands below its first. */
export function failureLines({ what, why, next }: FailureText, style: Terminal['style']): string[] {
  const [first = '', ...further] = why.split('\n')
  return [
    `${style('red', 'Error:')} ${what}`,
    `  ${style('bold', 'why: ')} ${first}`,
    ...further.slice(0, mostLines).map((line) => `        ${line}`),
    `  ${style('bold', 'next:')} ${next}`,
  ]
}

/** Shows an error on stderr, with its stack and causes where `verbose`. */
export function showFailure(terminal: Pick<Terminal, 'note' | 'style' | 'verbose'>, failure: Failure): void {
  terminal.note(...failureLines(failure.text, terminal.style))
  if (!terminal.verbose) return
  for (let error: unknown = failure; error instanceof Error; error = error.cause)
    for (const line of (error.stack ?? error.message).split('\n')) terminal.note(terminal.style('dim', `  ${line}`))
}
