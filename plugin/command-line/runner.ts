import { ExitCode } from '../../operation/exit-code.ts'
import { Failure } from '../../operation/failure.ts'
import type { Runner } from './command.ts'
import { asFailure, showFailure } from '../terminal/show-failure.ts'
import { openTerminal } from '../terminal/open-terminal.ts'
import type { Terminal } from '../terminal/terminal.ts'

/** How long a command may take to end after Ctrl-C, ms; longer than one request to an API server that answers. */
const endingMs = 10_000

/** Answers when Ctrl-C was pressed and the command has had its time to end, or at once when it is pressed again. */
function interruptedForGood(terminal: Terminal): Promise<ExitCode> {
  return new Promise((resolve) => {
    terminal.interrupted.addEventListener('abort', () => {
      process.once('SIGINT', () => resolve(ExitCode.timedOutOrDetached))
      setTimeout(() => resolve(ExitCode.timedOutOrDetached), endingMs).unref()
    })
  })
}

function isInterruption(error: unknown, terminal: Terminal): boolean {
  return terminal.interrupted.aborted && error instanceof Error && error.name === 'AbortError'
}

async function conclude(terminal: Terminal, work: () => Promise<ExitCode>): Promise<void> {
  try {
    process.exitCode = await Promise.race([work(), interruptedForGood(terminal)])
  } catch (error) {
    const failure = isInterruption(error, terminal)
      ? new Failure(
          { what: 'stopped', why: 'Ctrl-C was pressed', next: 'run the command again' },
          { exitCode: ExitCode.timedOutOrDetached },
        )
      : asFailure(error)
    showFailure(terminal, failure)
    process.exitCode = failure.exitCode
  }
  // idle connections to the API server must not keep a finished command alive; what was written goes out first
  process.stdout.write('', () => process.stderr.write('', () => process.exit()))
}

/** Runs commands in this process: opens terminal and session, shows errors, ends with the exit code. */
export const runner: Runner = {
  async withCluster(flags, action) {
    const terminal = await openTerminal(flags)
    await conclude(terminal, async () => {
      const [{ connect }, { explainApiError }, run] = await Promise.all([
        import('../kubernetes/api/connect.ts'),
        import('../kubernetes/api/api-failure.ts'),
        action(),
      ])
      const session = connect(flags)
      try {
        return await run(flags, session, terminal)
      } catch (error) {
        throw explainApiError(error, session)
      }
    })
  },
  async local(flags, action) {
    const terminal = await openTerminal(flags)
    await conclude(terminal, async () => (await action())(flags, terminal))
  },
}
